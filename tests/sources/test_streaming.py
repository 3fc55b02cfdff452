from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.profiles.window import to_micros
from driftwatch.sources.streaming import split_stream
from tests.support.windows import START, ask, collect, make_windows

WINDOWS = make_windows(6, timedelta(hours=10))
MINUTE = 60_000_000


def read(rows: pa.Table) -> NDArray[np.int64]:
    values: NDArray[np.int64] = rows["t"].to_numpy()
    return values


def cut(minutes: list[int], size: int) -> list[pa.Table]:
    times = [to_micros(START) + minute * MINUTE for minute in minutes]
    table = pa.table({"t": pa.array(times, pa.int64())})
    return [table.slice(at, size) for at in range(0, len(times), size)]


@given(
    minutes=st.lists(st.integers(-100, 4000), max_size=60),
    slack=st.integers(0, 700),
    size=st.integers(1, 20),
    budget=st.sampled_from([1, 10**6]),
)
def test_rows_in_order_within_the_slack_are_split_as_a_filter_splits_them(
    minutes: list[int], slack: int, size: int, budget: int
) -> None:
    # Each row is moved by at most half of the slack, so no two are further out of order than that.
    moved = sorted(minutes, key=lambda minute: minute + (minute * 7919 % (slack + 1)))
    tables = cut(moved, size)

    found = collect(
        split_stream(tables, ask(WINDOWS, "t"), read, slack=timedelta(minutes=slack), budget=budget)
    )

    assert {window: [row["t"] for row in rows] for window, rows in found.items()} == {
        window: expected
        for window in WINDOWS
        if (
            expected := [
                to_micros(START) + minute * MINUTE
                for minute in moved
                if to_micros(window.start) <= to_micros(START) + minute * MINUTE < to_micros(window.end)
            ]
        )
        or window in found
    }


def test_windows_are_given_out_before_the_stream_ends() -> None:
    pulled = []

    def pull() -> object:
        for at, table in enumerate(cut(list(range(0, 3600, 10)), 30)):
            pulled.append(at)
            yield table

    first = next(split_stream(pull(), ask(WINDOWS, "t"), read))  # type: ignore[arg-type]  # A generator of tables.

    assert first[1].num_rows == 60
    assert pulled == [0, 1, 2]


def test_a_row_that_comes_too_late_is_an_error() -> None:
    tables = cut([0, 700, 1300, 10], 1)

    with pytest.raises(DataError, match=r"came after rows of window .*order of time"):
        list(split_stream(tables, ask(WINDOWS, "t"), read))


def test_every_window_comes_even_without_rows() -> None:
    assert [rows.num_rows for _, rows in split_stream([], ask(WINDOWS, "t"), read)] == [0] * 6
