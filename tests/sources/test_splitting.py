from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.errors import DataError
from driftwatch.profiles.times import TimeColumn
from driftwatch.profiles.window import Window
from driftwatch.sources.datafile import DataFile, Wanted, want_all
from driftwatch.sources.formats import open_file
from driftwatch.sources.splitting import Splitter
from tests.support.windows import START, ask, collect, make_windows

Rows = list[dict[str, Any]]

MOMENTS = st.none() | st.integers(-30, 200).map(lambda hours: START + timedelta(hours=hours))
FILES = st.lists(st.lists(MOMENTS, max_size=25), min_size=1, max_size=3)
WINDOWS = make_windows(7, timedelta(hours=20))
GAPS = WINDOWS[0:2] + WINDOWS[4:5] + WINDOWS[6:]


def number_rows(files: list[list[datetime | None]]) -> list[Rows]:
    numbered, count = [], 0
    for moments in files:
        numbered.append([{"t": moment, "n": count + at} for at, moment in enumerate(moments)])
        count += len(moments)
    return numbered


def write_files(directory: Path, kind: str, files: list[Rows], group: int, block: int) -> list[DataFile]:
    opened = []
    for number, rows in enumerate(files):
        path = directory / f"{number}.{kind}"
        if kind == "parquet":
            schema = pa.schema([("t", pa.timestamp("us", "UTC")), ("n", pa.int64())])
            pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=group)
        elif kind == "csv":
            text = io.StringIO(newline="")
            written = csv.writer(text)
            written.writerow(["t", "n"])
            written.writerows([row["t"] and row["t"].isoformat(), row["n"]] for row in rows)
            path.write_text(text.getvalue())
        else:
            lines = [json.dumps({**row, "t": row["t"] and row["t"].isoformat()}) for row in rows]
            path.write_text("\n".join(lines))
        opened.append(open_file(str(path), block_bytes=block))
    return opened


def filter_rows(files: list[Rows], windows: Sequence[Window]) -> list[list[int]]:
    rows = [row for file in files for row in file]
    return [[r["n"] for r in rows if r["t"] and w.start <= r["t"] < w.end] for w in windows]


def split(files: list[DataFile], windows: Sequence[Window], budget: int) -> list[list[int]]:
    splitter = Splitter(files, ask(windows, "t"), TimeColumn(columns=("t",)), budget)
    found = collect(splitter.split())
    assert list(found) == list(windows)
    return [[int(row["n"]) for row in rows] for rows in found.values()]


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
@settings(max_examples=120, deadline=None)
@given(
    moments=FILES,
    windows=st.sampled_from([WINDOWS, GAPS, WINDOWS[2:3]]),
    budget=st.sampled_from([1, 100, 1000, 10**8]),
    group=st.integers(1, 12),
    block=st.sampled_from([10, 100, 1000]),
)
def test_splitting_gives_each_window_the_rows_that_a_filter_gives_in_their_order(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    kind: str,
    moments: list[list[datetime | None]],
    windows: tuple[Window, ...],
    budget: int,
    group: int,
    block: int,
) -> None:
    rows = number_rows(moments)
    files = write_files(tmp_path_factory.mktemp("split"), kind, rows, group, block)

    assert split(files, windows, budget) == filter_rows(rows, windows)


class CountingFile:
    """A file that counts how often each of its pieces was read."""

    def __init__(self, file: DataFile) -> None:
        self.path, self.by_column, self.rows = file.path, file.by_column, file.rows
        self.columns, self.schema = file.columns, file.schema
        self.read_column, self.read_tables = file.read_column, file.read_tables
        self.bound_pieces = file.bound_pieces
        self.file = file
        self.read: list[tuple[int, bool]] = []

    def read_pieces(
        self, columns: Sequence[str] | None, wanted: Wanted = want_all
    ) -> Iterator[tuple[int, pa.Table]]:
        def count(piece: int) -> bool:
            if wanted(piece):
                self.read.append((piece, columns is None))
                return True
            return False

        return self.file.read_pieces(columns, count)


def test_a_file_in_order_of_time_is_read_once_however_small_the_budget(tmp_path: Path) -> None:
    rows = [[{"t": START + timedelta(hours=n), "n": n} for n in range(168)]]
    (file,) = write_files(tmp_path, "parquet", rows, group=8, block=100)
    counting = CountingFile(file)

    assert split([counting], WINDOWS, 400) == filter_rows(rows, WINDOWS)

    whole = [piece for piece, all_columns in counting.read if all_columns]
    # The last window ends at hour 140, in row group 17; the statistics say so before anything is read.
    assert sorted(whole) == list(range(18))
    assert {piece for piece, _ in counting.read} == set(range(18))


def test_text_within_the_budget_is_read_once(tmp_path: Path) -> None:
    rows = [[{"t": START + timedelta(hours=n % 140), "n": n} for n in range(500)]]
    (file,) = write_files(tmp_path, "csv", rows, group=8, block=1000)
    counting = CountingFile(file)

    split([counting], WINDOWS, 10**8)

    assert len({piece for piece, _ in counting.read}) == len(counting.read) > 1


def test_what_waits_stays_within_the_budget_when_nothing_is_in_order(tmp_path: Path) -> None:
    rows = [[{"t": START + timedelta(hours=n * 37 % 140), "n": n} for n in range(20_000)]]
    (file,) = write_files(tmp_path, "parquet", rows, group=500, block=1000)
    request, time, budget = ask(WINDOWS, "t"), TimeColumn(columns=("t",)), 40_000
    splitter = Splitter([file], request, time, budget)
    sizes = []

    found: dict[Window, int] = {}
    for window, table in splitter.split():
        sizes.append(splitter._shelf.size)
        found[window] = found.get(window, 0) + table.num_rows

    # One row group more than the budget may be there for the moment.
    assert max(sizes) <= budget + 500 * 17
    assert list(found.values()) == [len(rows) for rows in filter_rows(rows, WINDOWS)]


def test_times_found_are_noted_for_the_next_reading(tmp_path: Path) -> None:
    rows = [[{"t": START + timedelta(hours=n), "n": n} for n in range(5)], []]
    files = write_files(tmp_path, "csv", rows, group=8, block=1000)
    splitter = Splitter(files, ask(WINDOWS, "t"), TimeColumn(columns=("t",)))

    list(splitter.split())

    start = int(START.timestamp()) * 10**6
    assert splitter.found_ranges == {files[0].path: (start, start + 4 * 3_600_000_000), files[1].path: None}


def test_a_file_without_the_time_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    splitter = Splitter([open_file(str(tmp_path / "a.csv"))], ask(WINDOWS, "t"), TimeColumn(columns=("t",)))

    with pytest.raises(DataError, match=r"a\.csv: the time column 't' is not there; there are: x"):
        list(splitter.split())


def test_rows_of_files_with_other_columns_come_in_tables_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,x\n2013-01-01,1\n")
    (tmp_path / "b.csv").write_text("t\n2013-01-01\n")
    files = [open_file(str(tmp_path / name)) for name in ("a.csv", "b.csv")]

    found = list(Splitter(files, ask(WINDOWS[:1], "t"), TimeColumn(columns=("t",))).split())

    assert [table.column_names for _, table in found] == [["t", "x"], ["t"]]
