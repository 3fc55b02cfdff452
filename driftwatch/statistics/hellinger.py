"""Hellinger distance."""

from __future__ import annotations

import math

import numpy as np

from driftwatch.profiles.counts import Counts
from driftwatch.statistics.bins import compare_shares
from driftwatch.statistics.catalogue import Statistic, statistic

__all__ = ["hellinger"]


@statistic()
def hellinger(reference: Counts, current: Counts) -> Statistic:
    """Hellinger distance, 0 (equal) to 1 (apart).

    Numbers are compared on the bins of PSI, categories on every category; missing, NaN and unreadable
    rows are left out. `value` is None when a side is empty.

    Notes
    -----
    √(½ Σ (√p − √q)²). 0 for two equal inputs; symmetric on the same bins. Empty bins need no care.

    References
    ----------
    A. W. van der Vaart, "Asymptotic Statistics", 1998, section 14.5.

    Examples
    --------
    √(1 − √½) when everything was `a` and half of it still is:

    >>> from driftwatch.profiles.counts import count_names
    >>> from driftwatch.profiles.grid import CategoryGrid
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> all_a = count_names(grid, ["a"], np.array([4]))
    >>> half = count_names(grid, ["a", "b"], np.array([2, 2]))
    >>> round(hellinger(all_a, half).value, 6)
    0.541196
    """
    shares = compare_shares(reference, current)
    if shares is None:
        return Statistic(value=None)
    apart = np.sqrt(shares[0]) - np.sqrt(shares[1])
    return Statistic(value=min(1.0, math.sqrt(0.5 * float(np.dot(apart, apart)))))
