"""Rows to windows: which window each row falls into, and the rows of each window in their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from driftwatch.profiles.window import Window, to_micros

__all__ = ["OUTSIDE", "WindowEdges", "group_tables", "sort_rows"]

OUTSIDE = -1
"""Stands in place of a window's number for rows in none of them."""

Places = NDArray[np.int64]


class WindowEdges:
    """The edges of disjoint windows in ascending order, in microseconds since 1970 UTC."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.starts = np.array([to_micros(window.start) for window in windows], dtype=np.int64)
        self.ends = np.array([to_micros(window.end) for window in windows], dtype=np.int64)
        if np.any(self.starts[1:] < self.ends[:-1]):
            raise ValueError("windows must be disjoint and in ascending order")

    @property
    def low(self) -> int:
        """Where the first window starts."""
        return int(self.starts[0])

    @property
    def high(self) -> int:
        """Where the last window ends, which belongs to it no more."""
        return int(self.ends[-1])

    def place(self, times: Places) -> Places:
        """Return the number of the window of each time, `OUTSIDE` where there is none."""
        found = np.searchsorted(self.starts, times, side="right") - 1
        inside = (found >= 0) & (times < self.ends[found])
        return np.where(inside, found, OUTSIDE).astype(np.int64, copy=False)


def sort_rows(table: pa.Table, places: Places, first: int, stop: int) -> tuple[pa.Table, Places, int]:
    """Return the rows of windows `first` up to, not including, `stop`, sorted by window, and their windows.

    The rows of a window keep their order. Rows that lie together in order are not copied; the last thing
    returned is how many bytes the rows hold in memory, those of all of `table` in that case.
    """
    rows = np.flatnonzero((places >= first) & (places < stop))
    found = places[rows]
    if np.any(found[1:] < found[:-1]):
        order = np.argsort(found, kind="stable")
        rows, found = rows[order], found[order]
    elif len(rows) == 0 or rows[-1] - rows[0] + 1 == len(rows):
        return table.slice(int(rows[0]) if len(rows) else 0, len(rows)), found, table.nbytes
    chosen = table.take(rows)
    return chosen, found, chosen.nbytes


def group_tables(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """Return the rows of `tables` in as few tables as their schemas allow, nothing converted."""
    grouped: list[list[pa.Table]] = []
    for table in tables:
        if grouped and grouped[-1][0].schema.equals(table.schema, check_metadata=True):
            grouped[-1].append(table)
        else:
            grouped.append([table])
    # Copied together, they no longer keep the tables in memory that they were cut from.
    return [pa.concat_tables(group).combine_chunks() if len(group) > 1 else group[0] for group in grouped]
