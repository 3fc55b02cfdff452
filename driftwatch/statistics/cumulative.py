"""The cumulative shares of a number column, worked out once for all statistics that need them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts

__all__ = ["Cumulative", "accumulate_cells", "measure_distance", "remember"]

T = TypeVar("T")

# Both sides of 64 columns; an entry holds about 130 kB on the largest grid.
_REMEMBERED = 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cumulative:
    """How many rows lie below each boundary between cells.

    Boundary i lies before cell i, and one more after the last cell. Rows that are −inf lie below every
    boundary, rows that are +inf above every one; `rows` counts both, and neither missing rows nor NaN.
    """

    rows: int
    below: NDArray[np.int64]
    shares: NDArray[np.float64]


def remember(function: Callable[[Counts], T]) -> Callable[[Counts], T]:
    """Return `function` with its results kept for as long as the counts they are about.

    For what is small: a daemon compares with the same references again and again.

    >>> from driftwatch.profiles.counts import empty_counts
    >>> from driftwatch.profiles.grid import NumberGrid
    >>> nothing = empty_counts(NumberGrid(points=np.array([1.0])))
    >>> seen = []
    >>> note = remember(seen.append)
    >>> note(nothing), note(nothing), len(seen)
    (None, None, 1)
    """
    known: WeakKeyDictionary[Counts, T] = WeakKeyDictionary()

    @wraps(function)
    def look_up(counts: Counts) -> T:
        if counts not in known:
            known[counts] = function(counts)
        return known[counts]

    return look_up


@lru_cache(maxsize=_REMEMBERED)
def accumulate_cells(counts: Counts) -> Cumulative | None:
    """Return the cumulative counts and shares of a number column, None when it has no numbers at all.

    They are remembered for the object, so the arrays of counts must never be changed in place.

    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import NumberGrid
    >>> found = accumulate_cells(count_numbers(NumberGrid(points=np.array([1.0])), np.array([0.5, 1, 1, 2])))
    >>> found.shares.tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    below = np.empty(len(counts.cells) + 1, dtype=np.int64)
    below[0] = 0
    np.cumsum(counts.cells, out=below[1:])
    if counts.negative_infinite:
        below += counts.negative_infinite
    rows = int(below[-1]) + counts.positive_infinite
    if rows == 0:
        return None
    # Correctly rounded division: equal shares at different volumes are equal floats, so they differ by 0.
    return Cumulative(rows=rows, below=below, shares=below / rows)


@lru_cache(maxsize=8)
def measure_distance(reference: Counts, current: Counts) -> tuple[float, float] | None:
    """Return bounds (low, high) on the greatest distance between the two distribution functions.

    Both are 0 to 1, and the exact distance lies between them. They are equal when no gap holds rows of
    the reference, and differ by no more than the greatest share of rows inside one gap otherwise. None
    when either side has no numbers.

    Both sides have a row in the gap between 1 and 2, and which of them is the smaller is not known:

    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import NumberGrid
    >>> grid = NumberGrid(points=np.array([1.0, 2.0]))
    >>> measure_distance(count_numbers(grid, np.array([1, 1.5])), count_numbers(grid, np.array([1.5, 2])))
    (0.5, 1.0)
    """
    ours, theirs = accumulate_cells(reference), accumulate_cells(current)
    if ours is None or theirs is None:
        return None
    apart = ours.shares - theirs.shares
    low = max(float(apart.max()), -float(apart.min()))
    # Inside a gap the distance is greatest when all rows of one side lie before all rows of the other.
    reference_first = float((ours.shares[1::2] - theirs.shares[0::2]).max())
    current_first = float((theirs.shares[1::2] - ours.shares[0::2]).max())
    return low, max(low, reference_first, current_first)
