"""Pearson's chi-square of two samples of categories."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, gammaincc

from driftwatch.profiles.counts import Counts
from driftwatch.statistics.catalogue import CATEGORIES, Statistic, statistic

__all__ = ["chi_square"]

# Cochran's rule of thumb for when the chi-square distribution may be used.
_LEAST_EXPECTED = 5


@statistic(kinds=CATEGORIES, greatest=None)
def chi_square(reference: Counts, current: Counts) -> Statistic:
    """Pearson's chi-square of the table of both sides by category, from 0 to the number of rows.

    It grows with the number of rows and is meant for its p-value; total variation says how much moved.
    Missing and unreadable rows are left out. `value` is None when a side is empty.

    Notes
    -----
    Σ (observed − expected)²/expected without correction. 0 for two equal inputs, with `p_value` 1 when
    there is one category only; symmetric. Categories empty on both sides are left out. Where an expected
    count is below 5 the p-value is that of a gamma distribution with the mean and the variance which the
    statistic has given both margins; one unseen row among many is then no proof of anything. All unseen
    names are one category here, which the reference cannot have: where its names have a long tail the
    p-value is too small, and `driftwatch.statistics.rates.unseen_p_value` is the one to ask.

    References
    ----------
    T. Lewis, I. W. Saunders and M. Westcott, "The moments of the Pearson chi-squared statistic and the
    minimum expected value in two-way tables", Biometrika 71, 1984.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_names
    >>> from driftwatch.profiles.grid import CategoryGrid
    >>> grid = CategoryGrid(names=("a", "b", "c"))
    >>> one = count_names(grid, ["a", "b", "c"], np.array([10, 10, 20]))
    >>> other = count_names(grid, ["a", "b", "c"], np.array([20, 20, 20]))
    >>> found = chi_square(one, other)
    >>> round(found.value, 6), round(found.p_value, 6)
    (2.777778, 0.249352)
    """
    totals = reference.cells + current.cells
    used = totals > 0
    totals = totals[used]
    n, m = reference.values, current.values
    if n == 0 or m == 0:
        return Statistic(value=None)
    # Differences of shares, not of counts: equal shares at different volumes then give 0 exactly.
    apart = reference.cells[used] / n - current.cells[used] / m
    value = float(n) * float(m) * float(np.sum(apart * apart / totals))
    return Statistic(value=value, p_value=_tail(value, n, m, totals))


def _tail(value: float, n: int, m: int, totals: NDArray[np.int64]) -> float:
    rows, categories = n + m, len(totals)
    if categories == 1 or rows <= 3:
        return 1.0
    if min(n, m) * int(totals.min()) >= _LEAST_EXPECTED * rows:
        return float(chdtrc(categories - 1, value))
    mean, variance = _moments(n, m, totals)
    if variance <= 0:
        return 1.0
    return float(gammaincc(mean * mean / variance, value * mean / variance))


def _moments(n: int, m: int, totals: NDArray[np.int64]) -> tuple[float, float]:
    """Return the exact mean and variance of the statistic given both margins."""
    rows, categories = n + m, len(totals)
    sides_free = (rows - 2) / (rows - 1)
    names_free = (categories - 1) * (rows - categories) / (rows - 1)
    sides_uneven = (rows * (1 / n + 1 / m) - 4) / (rows - 2)
    names_uneven = (rows * float(np.sum(1 / totals)) - categories**2) / (rows - 2)
    mean = rows * (categories - 1) / (rows - 1)
    variance = (
        2 * rows / (rows - 3) * (sides_free - sides_uneven) * (names_free - names_uneven)
        + rows * rows / (rows - 1) * sides_uneven * names_uneven
    )
    return mean, variance
