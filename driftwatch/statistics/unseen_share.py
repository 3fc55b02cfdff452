"""The share of rows with a category that the reference never had."""

from __future__ import annotations

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.statistics.catalogue import CATEGORIES, Statistic, statistic

__all__ = ["unseen_share"]


@statistic(kinds=CATEGORIES)
def unseen_share(reference: Counts, current: Counts) -> Statistic:
    """Share of the batch's names that the reference never had, 0 to 1.

    Missing and unreadable rows are left out. `value` is None without names, and when the reference had
    more names than are remembered, so that an unknown name may well be an old one.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.profiles.counts import count_names
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> usual = count_names(grid, ["a", "b"], np.array([5, 5]))
    >>> unseen_share(usual, count_names(grid, ["a", "z"], np.array([3, 1]))).value
    0.25
    """
    grid = reference.grid
    names = current.values
    if not isinstance(grid, CategoryGrid) or not grid.knows_all or names == 0:
        return Statistic(value=None)
    return Statistic(value=int(current.cells[grid.unseen_cell]) / names)
