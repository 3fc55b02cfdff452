"""Population stability index: the Jeffreys divergence between binned shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts
from driftwatch.statistics.bins import bin_counts
from driftwatch.statistics.catalogue import Statistic, statistic

__all__ = ["divide_psi", "psi"]

# Half a row is added to every bin (Krichevsky and Trofimov's rule): the share of an empty bin then
# follows from how many rows were counted, where a fixed epsilon would decide the value by itself.
_ADDED = 0.5


@statistic(greatest=None)
def psi(reference: Counts, current: Counts) -> Statistic:
    """PSI, the population stability index, from 0 (equal shares) without bound.

    Parameters
    ----------
    reference, current
        Counts on the same grid. Missing, NaN and unreadable rows are left out.

    Returns
    -------
    Statistic
        `value` is the index; `debiased` is what is left of it after taking off what chance alone is
        expected to give, (B − 1)(1/n + 1/m), and may be negative. `value` is None when a side is empty.

    Notes
    -----
    Σ (p − q) ln(p/q) over the B bins of `driftwatch.statistics.bins.bin_counts` with p = (c + ½)/(n + B/2).
    Bins empty on both sides say nothing and are left out of B. The sum is symmetric in the two sides,
    but the bins are always the reference's. Equal counts give 0; equal shares at different volumes give
    less than (B − 1)(1/n + 1/m).

    References
    ----------
    B. Yurdakul and J. Naranjo, "Statistical properties of the population stability index", Journal of
    Risk Model Validation, 2020.

    Examples
    --------
    Shares of (.5, .5) against (.6, .4) give .1 ln(1.2) + (−.1) ln(.8) = .0405 when rows are many.

    >>> from driftwatch.profiles.counts import count_names
    >>> from driftwatch.profiles.grid import CategoryGrid
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> half = count_names(grid, ["a", "b"], np.array([50_000, 50_000]))
    >>> more = count_names(grid, ["a", "b"], np.array([60_000, 40_000]))
    >>> round(psi(half, more).value, 4)
    0.0405
    """
    ours, theirs = bin_counts(reference, current)
    n, m = int(ours.sum()), int(theirs.sum())
    if n == 0 or m == 0:
        return Statistic(value=None)
    bins = int(np.count_nonzero(ours + theirs))
    value = float(_divide(ours, theirs).sum())
    return Statistic(value=value, debiased=value - (bins - 1) * (1 / n + 1 / m))


def divide_psi(reference: Counts, current: Counts) -> NDArray[np.float64]:
    """Return what each bin of `bin_counts` adds to the index, in the same order; 0 where a side is empty.

    >>> from driftwatch.profiles.counts import count_names
    >>> from driftwatch.profiles.grid import CategoryGrid
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> half = count_names(grid, ["a", "b"], np.array([50_000, 50_000]))
    >>> more = count_names(grid, ["a", "b"], np.array([60_000, 40_000]))
    >>> divide_psi(half, more).round(4).tolist()
    [0.0182, 0.0223, 0.0, 0.0]
    """
    ours, theirs = bin_counts(reference, current)
    return _divide(ours, theirs) if ours.sum() and theirs.sum() else np.zeros(len(ours))


def _divide(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> NDArray[np.float64]:
    used = (ours + theirs) > 0
    bins = int(np.count_nonzero(used))
    p = (ours + _ADDED) / (ours.sum() + bins * _ADDED)
    q = (theirs + _ADDED) / (theirs.sum() + bins * _ADDED)
    parts: NDArray[np.float64] = np.where(used, (p - q) * np.log(p / q), 0.0)
    return parts
