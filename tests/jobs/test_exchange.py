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
