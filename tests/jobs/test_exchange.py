from __future__ import annotations

import os
import pickle
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import ConfigError, DataError, DriftwatchError, SourceError, UsageError
from driftwatch.incidents.compared import compare_columns
from driftwatch.jobs.batches import Batch
from driftwatch.jobs.exchange import (
    Done,
    Failed,
    describe_error,
    pack,
    rebuild_error,
    unpack_answer,
    unpack_task,
)
from driftwatch.net.secrets import Secret
from driftwatch.profiles.counts import count_numbers
from driftwatch.profiles.grid import NumberGrid
from driftwatch.profiles.profile import Profile
from driftwatch.statistics.catalogue import Statistic
from tests.support.incidents import day
from tests.support.monitors import make_monitor, make_source


class Ordering:
    """Runs a command where it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._made_by = (function, arguments)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self._made_by


@pytest.mark.parametrize(
    "answer",
    [
        Ordering(os.system, "exit 3"),
        Ordering(eval, "1 + 1"),
        Ordering(getattr, "text", "upper"),
        Ordering(Path, "/etc/passwd"),
        Ordering(np.load, "/etc/passwd"),
        Done(value=Ordering(os.getpid)),
        make_source,
        SourceError("an object of a class that is not for answers"),
    ],
)
def test_an_answer_that_would_run_code_is_refused(answer: object) -> None:
    with pytest.raises(pickle.UnpicklingError):
        unpack_answer(pickle.dumps(answer))


def test_a_dotted_name_reaches_nothing_through_an_allowed_module() -> None:
    stacked = b"\x80\x04\x8c\x1ddriftwatch.profiles.reference\x8c\x08replace.\x93."

    with pytest.raises(pickle.UnpicklingError):
        unpack_answer(stacked)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_answer_are_refused_or_are_plain_values(content: bytes) -> None:
    with suppress(pickle.UnpicklingError):
        unpack_answer(content)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_flipped_byte_runs_nothing(place: int, value: int) -> None:
    content = bytearray(pack(Done(value=(day(1), timedelta(hours=1), np.arange(50)))).content)
    content[place % len(content)] = value
    with suppress(pickle.UnpicklingError):
        unpack_answer(content)


@given(
    rows=st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 7.0, np.inf, -np.inf, np.nan]), max_size=300),
    missing=st.integers(0, 5),
    knows=st.booleans(),
)
def test_counts_arrive_as_they_were_on_the_grid_that_the_other_side_has(
    rows: list[float], missing: int, knows: bool
) -> None:
    grid = NumberGrid(points=np.array([0.0, 1.0, 2.0]))
    counts = count_numbers(grid, np.array(rows, dtype=float), missing=missing, unreadable=2)
    known = {"amount": grid} if knows else {}

    content = pack(Done(value=Profile(rows=counts.rows, columns={"amount": counts})), known).content
    found = unpack_answer(content, known).value.columns["amount"]

    assert found.cells.tolist() == counts.cells.tolist()
    assert found.cells.dtype == counts.cells.dtype
    assert (found.rows, found.sums, found.missing) == (counts.rows, counts.sums, counts.missing)
    lost = [
        sum(np.array_equal(row, odd, equal_nan=True) for row in rows) for odd in (np.nan, np.inf, -np.inf)
    ]
    assert found.apart == counts.apart == (missing, *lost, 2)
    assert found.grid.fingerprint == grid.fingerprint
    assert (found.grid is grid) == knows


def test_what_a_child_measured_arrives_as_it_was() -> None:
    grid = NumberGrid(points=np.array([0.0, 1.0, 2.0]))
    usual, late = (
        Profile(rows=3, columns={"a": count_numbers(grid, np.array(values))})
        for values in ([0.0, 1.0, 2.0], [0.5, 2.0, 9.0])
    )
    compared = compare_columns(usual, late, alpha=0.05)

    answer = unpack_answer(
        pack(Done(value=Batch(profile=late, compared=compared)), {"a": grid}).content, {"a": grid}
    )

    assert answer.value.compared == compared
    assert {type(one) for one in answer.value.compared.statistics["a"].values()} == {Statistic}


def test_of_a_small_window_on_a_fine_grid_only_what_it_fills_is_sent() -> None:
    grid = NumberGrid(points=np.arange(4000.0))
    counts = count_numbers(grid, np.arange(200.0))

    assert len(pack(Done(value=counts), {"amount": grid}).content) < 2000 < counts.cells.nbytes


def test_a_grid_that_this_side_does_not_have_is_no_answer() -> None:
    grid = NumberGrid(points=np.arange(3.0))
    content = pack(Done(value=count_numbers(grid, np.arange(3.0))), {"amount": grid}).content

    with pytest.raises(pickle.UnpicklingError):
        unpack_answer(content, {"other": grid})


def test_counts_beyond_their_grid_are_no_answer() -> None:
    few, many = NumberGrid(points=np.arange(3.0)), NumberGrid(points=np.arange(30.0))
    content = pack(Done(value=count_numbers(many, np.arange(30.0))), {"amount": many}).content

    with pytest.raises(pickle.UnpicklingError):
        unpack_answer(content, {"amount": few})


def test_a_secret_arrives_whole_and_is_named_for_hiding(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from-a-file\n")
    secret = Secret.of_parts(["postgresql://me:", file, "@host/db"])

    parcel = pack(("before", {"url": secret}))
    found = unpack_task(parcel.content)[1]["url"]
    file.write_text("rotated and longer\n")

    assert parcel.hidden == {"postgresql://me:from-a-file@host/db", "from-a-file"}
    assert found == secret
    assert found.reveal() == "postgresql://me:rotated and longer@host/db"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret)


def test_the_same_monitor_is_packed_into_the_same_bytes() -> None:
    monitor = make_monitor(make_source())

    assert pack(monitor).content == pack(monitor).content


def test_what_cannot_be_pickled_is_an_error_of_the_source() -> None:
    with pytest.raises(SourceError, match="must be values that pickle can copy"):
        pack(lambda: None)


class OthersError(DataError):
    """An error of somebody else's source."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SourceError("it is away", again=True), SourceError),
        (SourceError("it is gone"), SourceError),
        (DataError("a column is missing"), DataError),
        (UsageError("no window"), UsageError),
        (ConfigError("a secret cannot be read"), ConfigError),
        (OthersError("theirs"), DataError),
    ],
)
def test_an_error_arrives_as_it_was(error: DriftwatchError, kind: type[DriftwatchError]) -> None:
    failed = unpack_answer(pack(describe_error(error)).content)

    found = rebuild_error(failed)

    assert type(found) is kind
    assert str(found) == str(error)
    assert getattr(found, "again", False) == getattr(error, "again", False)


def test_an_error_of_an_unknown_name_is_one_all_the_same() -> None:
    assert type(rebuild_error(Failed(error="os", message="?"))) is DriftwatchError
