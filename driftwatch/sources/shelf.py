"""Rows that wait until their window is complete, within a budget of bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["Shelf"]


@dataclass(slots=True)
class _Lot:
    """Rows of one table, sorted by window; those before `start` were given out."""

    file: int
    rows: pa.Table
    windows: NDArray[np.int64]
    size: int
    start: int = 0


class Shelf:
    """Rows by window number, each with the file they came from, in the order in which they were put here.

    `size` is what is really held in memory: what a lot has given out counts until `settle` has copied the
    rest away from it.
    """

    def __init__(self) -> None:
        self._lots: list[_Lot] = []

    @property
    def size(self) -> int:
        """How many bytes are held."""
        return sum(lot.size for lot in self._lots)

    def put(self, file: int, rows: pa.Table, windows: NDArray[np.int64], size: int) -> None:
        """Keep `rows`, which are sorted by window and hold `size` bytes in memory."""
        if len(windows):
            self._lots.append(_Lot(file=file, rows=rows, windows=windows, size=size))

    def take(self, window: int) -> list[tuple[int, pa.Table]]:
        """Return the rows of a window, the earliest that is still here, and give them out no more."""
        taken = []
        for lot in self._lots:
            start, end = np.searchsorted(lot.windows, [window, window + 1]).tolist()
            start = max(start, lot.start)
            if end > start:
                taken.append((lot.file, lot.rows.slice(start, end - start)))
                lot.start = end
        return taken

    def settle(self, stop: int) -> None:
        """Let go of what was given out, and of windows from `stop` on, wherever that is most of a lot.

        A slice of one row would otherwise keep all rows of its table in memory.
        """
        lots, self._lots = self._lots[::-1], []
        while lots:
            lot = lots.pop()
            end = int(np.searchsorted(lot.windows, stop))
            if end <= lot.start:
                continue
            rows = lot.rows.slice(lot.start, end - lot.start)
            size = rows.nbytes
            if size < lot.size // 2:
                lot = _Lot(
                    file=lot.file,
                    rows=rows.take(np.arange(rows.num_rows)),
                    windows=lot.windows[lot.start : end].copy(),
                    size=size,
                )
            self._lots.append(lot)

    def make_room(self, budget: int, first: int, stop: int) -> int | None:
        """Drop the rows of later windows so that what is left is about half of `budget`.

        Return the first window whose rows were dropped; from there on all must be read again. None when only
        window `first` is here: nothing can be dropped without losing the way forward.
        """
        sizes = np.zeros(stop - first, dtype=np.float64)
        for lot in self._lots:
            there = lot.windows[lot.start :]
            there = there[there < stop]
            sizes += np.bincount(there - first, minlength=stop - first) * (lot.size / len(lot.windows))
        held = np.flatnonzero(sizes)
        if held.tolist() == [0]:
            return None
        fits = int(np.searchsorted(np.cumsum(sizes), budget / 2, side="right"))
        dropped = first + min(max(fits, 1), int(held[-1]))
        self.settle(dropped)
        return dropped
