"""A stream of rows in order of time, split into windows as the rows come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.profiles.times import NO_TIME
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request
from driftwatch.sources.placing import OUTSIDE, WindowEdges, group_tables, sort_rows
from driftwatch.sources.shelf import Shelf

__all__ = ["split_stream"]

_BUDGET_BYTES = 32 << 20

ReadTimes = Callable[[pa.Table], NDArray[np.int64]]


def split_stream(
    tables: Iterable[pa.Table],
    request: Request,
    read: ReadTimes,
    *,
    slack: timedelta = timedelta(0),
    budget: int = _BUDGET_BYTES,
) -> Iterator[tuple[Window, pa.Table]]:
    """Yield (window, rows) of rows that come in order of time, give or take `slack`.

    A window is given out as soon as no later row can belong to it; a large one comes in parts. Raises
    DataError when a row comes too late for its window.
    """
    windows, edges, shelf = request.windows, WindowEdges(request.windows), Shelf()
    count, late = len(windows), slack // timedelta(microseconds=1)
    current, begun, empty = 0, False, pa.table({})

    def give(*, whole: bool) -> Iterator[tuple[Window, pa.Table]]:
        nonlocal current, begun
        rows = group_tables([table for _, table in shelf.take(current)])
        if not rows and whole and not begun:
            rows = [empty]
        at, current, begun = current, current + whole, not whole and (begun or bool(rows))
        for table in rows:
            yield windows[at], table

    for table in tables:
        empty = table.slice(0, 0)
        times = read(table)
        places = edges.place(times)
        _check_order(windows, places, current)
        shelf.put(0, *sort_rows(table, places, current, count))
        there = times[times != NO_TIME]
        reached = int(there.max()) - late if len(there) else NO_TIME
        while current < count and edges.ends[current] <= reached:
            yield from give(whole=True)
        shelf.settle(count)
        if shelf.size > budget and current < count:
            yield from give(whole=False)
            shelf.settle(count)
    while current < count:
        yield from give(whole=True)


def _check_order(windows: tuple[Window, ...], places: NDArray[np.int64], current: int) -> None:
    early = places[(places != OUTSIDE) & (places < current)]
    if len(early):
        raise DataError(
            f"a row of window {windows[int(early[0])]} came after rows of window {windows[current - 1]} were "
            "complete: the time column's order in the database is not the order of time; convert it in a "
            "query with :window_start and :window_end"
        )
