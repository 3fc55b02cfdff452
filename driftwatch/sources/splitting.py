"""A range of windows over files, read once and split, in memory that does not grow with the files.

1. Survey: read the event times only, and note in which pieces of the files the rows of each window lie,
   and where its last row is. Text has to be parsed whole for that, so its rows are kept while they fit the
   budget; when all do, they are given out at once.
2. Sweep: go through the files in order, reading the pieces that hold wanted rows, and give a window out as
   soon as its last row has been read. Files in order of time are thus swept once.
3. When waiting rows exceed the budget, those of the latest windows are dropped and left to another sweep. A
   single window larger than the budget is given out in parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.profiles.times import NO_TIME, TimeColumn, read_times
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request
from driftwatch.sources.datafile import DataFile, TimeRange
from driftwatch.sources.placing import OUTSIDE, WindowEdges, group_tables, sort_rows
from driftwatch.sources.shelf import Shelf
from driftwatch.sources.widening import conform_table, widen_schemas

__all__ = ["BUDGET_BYTES", "Splitter", "read_event_times"]

BUDGET_BYTES = 128 << 20

# A row's place in all files is its piece's number times this, plus its place in the piece.
_PIECE = 1 << 40


@dataclass(slots=True)
class _Survey:
    """Where rows are: for each piece of each file its windows, and for each window its last row."""

    windows_of: dict[int, dict[int, NDArray[np.int64]]] = field(default_factory=dict)
    ordinals: dict[tuple[int, int], int] = field(default_factory=dict)
    last: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    schema: pa.Schema | None = None


def read_event_times(file: DataFile, table: pa.Table, request: Request) -> NDArray[np.int64]:
    """Return the event times of rows of `file`; its name is added to errors."""
    time = request.options.time
    if time is None:
        raise DataError("needs source.time_column")
    try:
        return read_times(table, time, timezone=request.options.timezone)
    except DataError as error:
        raise DataError(f"the file {file.path}: {error}") from None


class Splitter:
    """Splits the rows of `files` into the windows of `request`, which name a time column.

    `found_ranges` holds, after all rows were given out, the least and greatest time of each file whose times
    were all read; None for a file without any.
    """

    def __init__(
        self, files: Sequence[DataFile], request: Request, time: TimeColumn, budget: int = BUDGET_BYTES
    ) -> None:
        self.found_ranges: dict[str, TimeRange | None] = {}
        self._files = files
        self._request = request
        self._time = time
        self._budget = budget
        self._edges = WindowEdges(request.windows)
        self._shelf = Shelf()
        self._survey = _Survey(last=np.full(len(request.windows), -1, dtype=np.int64))
        self._next = 0
        self._stop = 0
        self._begun = False

    def split(self, check: Callable[[], None] = lambda: None) -> Iterator[tuple[Window, pa.Table]]:
        """Yield (window, rows), windows in ascending order, each at least once.

        `check` is called when all files were surveyed; what it raises ends the reading before it begins.
        """
        kept = self._look_at_files()
        check()
        if kept:
            self._stop = len(self._request.windows)
            yield from self._give_until(self._stop)
        while self._next < len(self._request.windows):
            self._stop = len(self._request.windows)
            yield from self._sweep()

    def _look_at_files(self) -> bool:
        """Survey all files; return whether all rows are on the shelf."""
        keeps = not any(file.by_column for file in self._files)
        for place, file in enumerate(self._files):
            keeps = self._look_at(place, file, keeps=keeps)
        return keeps

    def _look_at(self, place: int, file: DataFile, *, keeps: bool) -> bool:
        bounds = file.bound_pieces(self._time, self._request.options.timezone)
        skipped = set() if bounds is None else {n for n, bound in enumerate(bounds) if self._is_apart(bound)}
        ranges = [bound for bound in bounds or () if bound is not None]
        offset, before = 0, -1
        columns = self._choose_columns() if keeps else self._time.columns
        for piece, table in file.read_pieces(columns, lambda number: number not in skipped):
            offset, before = (offset, before) if piece == before else (0, piece)
            times = read_event_times(file, table, self._request)
            ranges += _measure(times)
            places = self._edges.place(times)
            self._note(place, piece, places, offset)
            offset += table.num_rows
            if keeps:
                self._survey.schema = self._survey.schema or table.schema
                keeps = self._keep(place, table, places)
        self._note_range(file, ranges)
        return keeps

    def _is_apart(self, bound: TimeRange | None) -> bool:
        return bound is not None and (bound[1] < self._edges.low or bound[0] >= self._edges.high)

    def _note_range(self, file: DataFile, ranges: list[TimeRange]) -> None:
        whole = (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None
        self.found_ranges[file.path] = whole

    def _note(self, file: int, piece: int, places: NDArray[np.int64], offset: int) -> None:
        ordinal = self._survey.ordinals.setdefault((file, piece), len(self._survey.ordinals))
        inside = np.flatnonzero(places != OUTSIDE)
        if len(inside) == 0:
            return
        # With repeated places the last assignment is the one that stays, which is the last row.
        self._survey.last[places[inside]] = ordinal * _PIECE + offset + inside
        found = np.unique(places[inside])
        pieces = self._survey.windows_of.setdefault(file, {})
        pieces[piece] = np.union1d(pieces[piece], found) if piece in pieces else found

    def _keep(self, file: int, table: pa.Table, places: NDArray[np.int64]) -> bool:
        rows, windows, size = sort_rows(table, places, 0, len(self._request.windows))
        self._shelf.put(file, rows, windows, size)
        self._shelf.settle(len(self._request.windows))
        if self._shelf.size <= self._budget:
            return True
        self._shelf = Shelf()
        return False

    def _sweep(self) -> Iterator[tuple[Window, pa.Table]]:
        for place, file in enumerate(self._files):
            is_wanted = partial(self._is_wanted, place)
            if not any(map(is_wanted, self._survey.windows_of.get(place, ()))):
                continue
            offset, before = 0, -1
            for piece, table in file.read_pieces(self._choose_columns(), is_wanted):
                offset, before = (offset, before) if piece == before else (0, piece)
                yield from self._put(place, piece, table, offset)
                offset += table.num_rows
        yield from self._give_until(self._stop)

    def _is_wanted(self, file: int, piece: int) -> bool:
        windows = self._survey.windows_of.get(file, {}).get(piece)
        if windows is None:
            return False
        at = int(np.searchsorted(windows, self._next))
        return at < len(windows) and bool(windows[at] < self._stop)

    def _put(self, file: int, piece: int, table: pa.Table, offset: int) -> Iterator[tuple[Window, pa.Table]]:
        places = self._edges.place(read_event_times(self._files[file], table, self._request))
        read = self._survey.ordinals[file, piece] * _PIECE + offset + table.num_rows
        rows, windows, size = sort_rows(table, places, self._next, self._stop)
        self._shelf.put(file, rows, windows, size)
        yield from self._give_until(self._stop, read)
        self._shelf.settle(self._stop)
        while self._shelf.size > self._budget:
            dropped = self._shelf.make_room(self._budget, self._next, self._stop)
            if dropped is None:
                yield from self._give_part()
            else:
                self._stop = dropped

    def _give_until(self, stop: int, read: int | None = None) -> Iterator[tuple[Window, pa.Table]]:
        """Give out the windows before `stop` whose last row is before place `read`."""
        while self._next < stop and (read is None or self._survey.last[self._next] < read):
            yield from self._give(self._next)

    def _give(self, window: int) -> Iterator[tuple[Window, pa.Table]]:
        tables = self._join(self._shelf.take(window))
        if not tables and not self._begun:
            tables = [self._build_empty()]
        self._next, self._begun = window + 1, False
        for table in tables:
            yield self._request.windows[window], table

    def _give_part(self) -> Iterator[tuple[Window, pa.Table]]:
        for table in self._join(self._shelf.take(self._next)):
            yield self._request.windows[self._next], table
        self._shelf.settle(self._stop)
        self._begun = True

    def _join(self, rows: list[tuple[int, pa.Table]]) -> list[pa.Table]:
        """Return the rows in one table for each file, and in one for all where their columns are alike."""
        by_file: dict[int, list[pa.Table]] = {}
        for file, table in rows:
            by_file.setdefault(file, []).append(table)
        return group_tables([_join_alike(tables) for tables in by_file.values()])

    def _choose_columns(self) -> tuple[str, ...] | None:
        wanted = self._request.columns
        return None if wanted is None else tuple(dict.fromkeys((*wanted, *self._time.columns)))

    def _build_empty(self) -> pa.Table:
        wanted = self._choose_columns()
        schema = self._survey.schema or (self._files[0].schema if self._files else pa.schema([]))
        names = [name for name in schema.names if wanted is None or name in wanted]
        return pa.schema([schema.field(name) for name in names]).empty_table()


def _measure(times: NDArray[np.int64]) -> list[TimeRange]:
    there = times[times != NO_TIME]
    return [(int(there.min()), int(there.max()))] if len(there) else []


def _join_alike(tables: list[pa.Table]) -> pa.Table:
    joined = group_tables(tables)
    if len(joined) == 1:
        return joined[0]
    schema = widen_schemas([table.schema for table in joined])
    return pa.concat_tables([conform_table(table, schema) for table in joined])
