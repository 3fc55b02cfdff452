"""Counts as they would stand on another grid, for comparing what was counted on two.

What lies on a point is known exactly. What lies in a gap is taken to lie in its middle: between two
neighbouring points of a grid of K quantiles lies less than 1/K of the rows, so that no share is further off
than that.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts, Sums
from driftwatch.profiles.grid import CategoryGrid, Grid, NumberGrid

__all__ = ["move_counts"]


def move_counts(counts: Counts, grid: Grid) -> Counts | None:
    """Return `counts` on `grid`; None where the two are of different kinds and have nothing in common.

    Rows without a usable value stay as they are. Names that only one of the grids knows are unseen.

    >>> from driftwatch.profiles.counts import count_numbers
    >>> known = count_numbers(NumberGrid(points=np.array([1.0, 3.0])), np.array([1.0, 2.0, 3.0, 9.0]))
    >>> move_counts(known, NumberGrid(points=np.array([2.0]))).cells.tolist()
    [1, 1, 2]
    """
    own = counts.grid
    if own.fingerprint == grid.fingerprint:
        return replace(counts, grid=grid)
    if isinstance(own, NumberGrid) and isinstance(grid, NumberGrid) and own.kind == grid.kind:
        return _move_numbers(counts, own, grid)
    if isinstance(own, CategoryGrid) and isinstance(grid, CategoryGrid):
        return _move_names(counts, own, grid)
    return None


def _move_numbers(counts: Counts, own: NumberGrid, grid: NumberGrid) -> Counts:
    coarse = np.dtype(min(own.precision, grid.precision, key=lambda name: np.dtype(name).itemsize))
    filled = np.flatnonzero(counts.cells)
    weights = counts.cells[filled]
    values = _place_cells(counts, own)[filled].astype(coarse)
    points = grid.points.astype(coarse)
    cells = np.searchsorted(points, values, "left") + np.searchsorted(points, values, "right")
    moved = np.zeros(grid.cells, dtype=np.int64)
    np.add.at(moved, cells, weights)
    return replace(counts, grid=grid, cells=moved, sums=_measure_tails(counts.sums, grid, values, weights))


def _place_cells(counts: Counts, own: NumberGrid) -> NDArray[np.float64]:
    """Return where the values of each cell are taken to lie; beyond the ends at their mean."""
    points, places = own.points, np.zeros(own.cells)
    if len(points) == 0:
        return places
    places[1::2] = points
    places[2:-1:2] = points[:-1] + (points[1:] - points[:-1]) / 2
    below, above = max(1, int(counts.cells[0])), max(1, int(counts.cells[-1]))
    places[0] = points[0] - counts.sums.below / below
    places[-1] = points[-1] + counts.sums.above / above
    return places


def _measure_tails(
    sums: Sums, grid: NumberGrid, values: NDArray[np.floating], weights: NDArray[np.int64]
) -> Sums:
    if len(grid.points) == 0:
        return replace(sums, below=0.0, above=0.0)
    exact = values.astype(np.float64)
    below = np.maximum(0.0, grid.points[0] - exact) @ weights
    above = np.maximum(0.0, exact - grid.points[-1]) @ weights
    return replace(sums, below=float(below), above=float(above))


def _move_names(counts: Counts, own: CategoryGrid, grid: CategoryGrid) -> Counts:
    moved = np.zeros(grid.cells, dtype=np.int64)
    for name, number in zip(own.names, counts.cells[: len(own.names)].tolist(), strict=True):
        moved[grid.cell_of.get(name, grid.unseen_cell)] += number
    moved[grid.other_cell] += counts.cells[own.other_cell]
    moved[grid.unseen_cell] += counts.cells[own.unseen_cell]
    return replace(counts, grid=grid, cells=moved)
