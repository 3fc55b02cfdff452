"""Total variation: the share of rows that would have to move to make the two sides equal."""

from __future__ import annotations

import numpy as np

from driftwatch.profiles.counts import Counts
from driftwatch.statistics.bins import compare_shares
from driftwatch.statistics.catalogue import Statistic, statistic

__all__ = ["total_variation"]


@statistic()
def total_variation(reference: Counts, current: Counts) -> Statistic:
    """Share of rows that would have to move to make both sides equal, 0 to 1.

    Numbers are compared on the bins of PSI, categories on every category; missing, NaN and unreadable
    rows are left out. `value` is None when a side is empty.

    Notes
    -----
    ½ Σ |p − q|. 0 for two equal inputs, 1 when no bin holds rows of both; symmetric on the same bins.
    Empty bins need no care.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_names
    >>> from driftwatch.profiles.grid import CategoryGrid
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> half = count_names(grid, ["a", "b"], np.array([2, 2]))
    >>> more = count_names(grid, ["a", "b"], np.array([3, 1]))
    >>> total_variation(half, more).value
    0.25
    """
    shares = compare_shares(reference, current)
    if shares is None:
        return Statistic(value=None)
    p, q = shares
    return Statistic(value=min(1.0, 0.5 * float(np.abs(p - q).sum())))
