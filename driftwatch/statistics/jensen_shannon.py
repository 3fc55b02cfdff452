"""Jensen–Shannon distance, with the natural logarithm."""

from __future__ import annotations

import math

from scipy.special import rel_entr

from driftwatch.profiles.counts import Counts
from driftwatch.statistics.bins import compare_shares
from driftwatch.statistics.catalogue import Statistic, statistic

__all__ = ["jensen_shannon"]

_GREATEST = math.sqrt(math.log(2))


@statistic(greatest=_GREATEST)
def jensen_shannon(reference: Counts, current: Counts) -> Statistic:
    """Jensen–Shannon distance in nats, 0 (equal) to √ln 2 = 0.8326 (apart).

    Numbers are compared on the bins of PSI, categories on every category; missing, NaN and unreadable
    rows are left out. `value` is None when a side is empty. Divide by √ln 2 for the distance to base 2.

    Notes
    -----
    √(½ KL(p‖r) + ½ KL(q‖r)) with r = (p + q)/2. 0 for two equal inputs; symmetric on the same bins. A bin
    that is empty on one side counts with its limit, one empty on both with 0.

    References
    ----------
    D. M. Endres and J. E. Schindelin, "A new metric for probability distributions", IEEE Transactions on
    Information Theory 49, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.profiles.counts import count_names
    >>> from driftwatch.profiles.grid import CategoryGrid
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> all_a = count_names(grid, ["a"], np.array([4]))
    >>> half = count_names(grid, ["a", "b"], np.array([2, 2]))
    >>> round(jensen_shannon(all_a, half).value, 6)
    0.464501
    """
    shares = compare_shares(reference, current)
    if shares is None:
        return Statistic(value=None)
    p, q = shares
    middle = (p + q) / 2
    divergence = 0.5 * float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum())
    return Statistic(value=min(_GREATEST, math.sqrt(max(0.0, divergence))))
