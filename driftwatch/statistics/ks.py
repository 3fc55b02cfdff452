"""Kolmogorov–Smirnov: the greatest distance between the two distribution functions."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import kolmogorov

from driftwatch.profiles.counts import Counts
from driftwatch.statistics.catalogue import NUMBERS, Statistic, statistic
from driftwatch.statistics.cumulative import accumulate_cells, measure_distance
from driftwatch.statistics.lattice import count_exact_p_value

__all__ = ["has_ties", "ks"]

# Exact p-values cost about a millisecond at this product of sizes; beyond it the limit is close.
_EXACT_UP_TO = 40_000


@statistic(kinds=NUMBERS)
def ks(reference: Counts, current: Counts) -> Statistic:
    """Greatest distance between the two cumulative distributions, 0 (equal) to 1 (apart).

    Parameters
    ----------
    reference, current
        Counts of numbers or times on the same grid. Infinite rows count as values beyond every point;
        missing, NaN and unreadable rows are left out.

    Returns
    -------
    Statistic
        `low` and `high` enclose the exact distance and `value` is `low`, so that nothing is claimed that
        the grid cannot show. `p_value` is that of `low`. `value` is None when a side has no numbers.

    Notes
    -----
    0 for two equal inputs; symmetric. Exact, ties included, when every distinct reference value is a
    point; otherwise `high − low` is at most the greatest share of rows inside one gap, below 1/K for the
    reference a grid of K quantiles was built from.

    The p-value is exact for small samples in which no point holds two rows (two rows in one gap are
    taken for different values). Otherwise it is the Kolmogorov limit at √(nm/(n+m))·D, which is too
    large with ties and for very unequal sizes, and never by much too small.

    References
    ----------
    W. J. Conover, "Practical Nonparametric Statistics", 1971, section 6.2.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> values = np.array([1.01, 2.01])
    >>> grid = build_number_grid(values)
    >>> found = ks(count_numbers(grid, values), count_numbers(grid, np.array([1.0, 2.0, 3.0])))
    >>> round(found.value, 6), round(found.p_value, 6)
    (0.333333, 1.0)
    """
    bounds = measure_distance(reference, current)
    ours, theirs = accumulate_cells(reference), accumulate_cells(current)
    if bounds is None or ours is None or theirs is None:
        return Statistic(value=None)
    low, high = bounds
    n, m = ours.rows, theirs.rows
    if n * m <= _EXACT_UP_TO and not has_ties(reference, current):
        p_value = count_exact_p_value(low, n, m)
    else:
        p_value = float(kolmogorov(math.sqrt(n * m / (n + m)) * low))
    return Statistic(value=low, low=low, high=high, p_value=p_value)


def has_ties(reference: Counts, current: Counts) -> bool:
    """Return whether a point, or an infinity, holds two rows or more of both sides together."""
    at_points = reference.cells[1::2] + current.cells[1::2]
    return bool(
        np.any(at_points > 1)
        or reference.positive_infinite + current.positive_infinite > 1
        or reference.negative_infinite + current.negative_infinite > 1
    )
