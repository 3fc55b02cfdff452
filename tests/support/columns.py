"""Counts of both sides of a column, made from raw rows the way the program makes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwatch.profiles.counts import Counts, count_names, count_numbers
from driftwatch.profiles.grid import MAX_POINTS, CategoryGrid, build_category_grid, build_number_grid

__all__ = ["Pair", "count_category_rows", "count_rows", "pair_categories", "pair_numbers"]

Pair = tuple[Counts, Counts]
Cells = Sequence[int] | NDArray[np.int64]


def pair_numbers(
    reference: ArrayLike,
    current: ArrayLike,
    *,
    max_points: int = MAX_POINTS,
    kind: Literal["number", "time"] = "number",
) -> Pair:
    """Return both samples on the grid of the finite values of `reference`."""
    ours, theirs = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    grid = build_number_grid(ours[np.isfinite(ours)], kind=kind, max_points=max_points)
    return count_numbers(grid, ours), count_numbers(grid, theirs)


def pair_categories(
    reference: Iterable[str],
    current: Iterable[str],
    *,
    kind: Literal["category", "boolean"] = "category",
    max_names: int = 1000,
) -> Pair:
    """Return both samples on the grid of the names of `reference`."""
    ours = Counter(reference)
    grid = build_category_grid(list(ours), np.array(list(ours.values()), dtype=np.int64), max_names=max_names)
    if kind == "boolean":
        grid = CategoryGrid(names=grid.names, kind="boolean")
    return count_rows(grid, ours), count_rows(grid, Counter(current))


def count_rows(grid: CategoryGrid, rows: Counter[str]) -> Counts:
    """Return how often each name occurs, as counts on `grid`."""
    return count_names(grid, list(rows), np.array(list(rows.values()), dtype=np.int64))


def count_category_rows(reference: Cells, current: Cells) -> Pair:
    """Return both sides of a table with one category per column, given its two rows of counts."""
    grid = CategoryGrid(names=tuple(f"c{place}" for place in range(len(reference))))
    ours, theirs = (np.array(side, dtype=np.int64) for side in (reference, current))
    return count_names(grid, list(grid.names), ours), count_names(grid, list(grid.names), theirs)
