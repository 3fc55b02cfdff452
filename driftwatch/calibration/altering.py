"""Changes put into copies of counts, to see when they would be told."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts, count_numbers
from driftwatch.profiles.grid import CategoryGrid, NumberGrid

__all__ = ["drop_counts", "flood_counts", "measure_spread", "move_counts", "spread_values", "widen_values"]

_IQR_OF_NORMAL = 1.349
_GOLDEN = (math.sqrt(5) - 1) / 2
"""Its multiples, modulo 1, lie evenly between 0 and 1 wherever a run of them begins."""


def spread_values(counts: Counts) -> NDArray[np.float64]:
    """Return values, in order, that would be counted as `counts`; those of a gap lie evenly in it.

    Infinite, missing and unreadable rows are left out. Raises TypeError for categories.

    >>> grid = NumberGrid(points=np.array([0.0, 3.0]))
    >>> spread_values(count_numbers(grid, np.array([0.0, 1.0, 1.5]))).tolist()
    [0.0, 1.0, 2.0]
    """
    grid = counts.grid
    if isinstance(grid, CategoryGrid):
        raise TypeError("categories have no values to spread")
    points, sums = grid.points, counts.sums
    low = np.concatenate([[sums.minimum if sums.minimum is not None else points[0]], points])
    high = np.concatenate([points, [sums.maximum if sums.maximum is not None else points[-1]]])
    parts = []
    for cell in np.flatnonzero(counts.cells).tolist():
        rows = int(counts.cells[cell])
        if cell % 2:
            parts.append(np.full(rows, points[cell // 2]))
        else:
            steps = np.arange(1, rows + 1) / (rows + 1)
            parts.append(low[cell // 2] + (high[cell // 2] - low[cell // 2]) * steps)
    return np.concatenate(parts) if parts else np.empty(0)


def measure_spread(reference: Counts) -> float:
    """Return the unit of a shift: the reference's interquartile range over 1.349, or its standard deviation.

    0 for a constant column.
    """
    values = spread_values(reference)
    if len(values) == 0:
        return 0.0
    low, high = np.percentile(values, [25, 75])
    return float(high - low) / _IQR_OF_NORMAL if high > low else float(values.std())


def move_counts(counts: Counts, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Counts:
    """Return the counts after every value was changed; missing, infinite and unreadable rows stay.

    Whole numbers stay whole where the reference has no others: moved by .2, one in five becomes the next.
    Otherwise the least change would take every one of them off its point. Raises TypeError for categories.

    >>> counts = count_numbers(NumberGrid(points=np.array([0.0, 1.0])), np.zeros(5))
    >>> move_counts(counts, lambda values: values + 0.2).cells.tolist()
    [0, 4, 0, 1, 0]
    """
    grid = counts.grid
    if not isinstance(grid, NumberGrid):
        raise TypeError("a category can be flooded and lost, and neither shifted nor scaled")
    before = spread_values(counts)
    after = change(before)
    if grid.kind == "number" and np.all(grid.points == np.floor(grid.points)):
        dither = np.arange(len(before)) * _GOLDEN % 1.0
        after = np.where(before == np.floor(before), np.floor(after + dither), after)
    moved = count_numbers(grid, after)
    return replace(counts, cells=moved.cells, sums=moved.sums)


def widen_values(values: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Return values drawn apart from their median by a factor.

    >>> widen_values(np.array([1.0, 2.0, 4.0]), 2.0).tolist()
    [0.0, 2.0, 6.0]
    """
    middle = float(np.median(values)) if len(values) else 0.0
    return middle + (values - middle) * factor


def flood_counts(counts: Counts, share: float, value: float | str) -> Counts:
    """Return the counts after a share of the rows with a value, 0 to 1, got one and the same `value`.

    Of a category `value` is a name; one that the reference never had counts as unseen.
    """
    grid = counts.grid
    if isinstance(grid, CategoryGrid):
        kept, lost = _take(counts, share)
        unseen = grid.unseen_cell if grid.knows_all else grid.other_cell
        kept[grid.cell_of.get(str(value), unseen)] += lost
        return replace(counts, cells=kept)
    values = spread_values(counts)
    values[_choose(len(values), share)] = float(value)
    flooded = count_numbers(grid, values)
    return replace(counts, cells=flooded.cells, sums=flooded.sums)


def drop_counts(counts: Counts, share: float) -> Counts:
    """Return the counts after a share of the rows with a value, 0 to 1, lost it."""
    if isinstance(counts.grid, CategoryGrid):
        kept, lost = _take(counts, share)
        return replace(counts, cells=kept, missing=counts.missing + lost)
    values = spread_values(counts)
    chosen = _choose(len(values), share)
    left = count_numbers(counts.grid, np.delete(values, chosen))
    return replace(counts, cells=left.cells, sums=left.sums, missing=counts.missing + len(chosen))


def _choose(rows: int, share: float) -> NDArray[np.int64]:
    """Return the places of a share of the rows, evenly spread over them."""
    count = round(rows * share)
    return np.unique((np.arange(count) * rows) // max(1, count)).astype(np.int64)


def _take(counts: Counts, share: float) -> tuple[NDArray[np.int64], int]:
    """Return the cells without a share of each, and how many rows that share is."""
    taken = np.round(counts.cells * share).astype(np.int64)
    return counts.cells - taken, int(taken.sum())
