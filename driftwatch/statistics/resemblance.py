"""How likely two batches are to be equal by nature, and not because one was delivered twice."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ive

from driftwatch.profiles.counts import Counts

__all__ = ["chance_of_repeat"]

# Cells are joined until they hold this many reference rows: below, their shares are hardly known.
_ROWS_IN_GROUP = 25
# Standard errors by which each share is taken lower, since lower shares make equal batches likelier.
_STANDARD_ERRORS = 2.0


def chance_of_repeat(reference: Counts, rows: int) -> float:
    """Return an upper bound on the chance that two independent batches have identical cell counts.

    Parameters
    ----------
    reference
        The column's usual counts.
    rows
        The values each of the two batches has in this column.

    Returns
    -------
    float
        0 to 1; 1 for batches or a reference without values, and for a column that never varies. It
        bounds the chance in this column alone; columns that depend on each other do not multiply.

    Notes
    -----
    Equal cells imply equal sums over cells, so neighbouring cells are first joined into groups of about
    25 reference rows. With Poisson totals the groups are independent, and each is equal in both batches
    with the chance exp(−2λ) I₀(2λ), λ = rows · share; that event includes the one of interest, whose
    chance is at most the product over the chance that both totals are just `rows`. Shares are taken two
    standard errors low, which errs to the side of the larger chance.

    References
    ----------
    J. G. Skellam, "The frequency distribution of the difference between two Poisson variates belonging
    to different populations", Journal of the Royal Statistical Society 109, 1946.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_names
    >>> from driftwatch.profiles.grid import CategoryGrid
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> chance_of_repeat(count_names(grid, ["a"], np.array([10_000])), 500)
    1.0
    """
    if rows <= 0 or reference.values == 0:
        return 1.0
    groups = _join_cells(reference.cells)
    least = np.maximum(0.0, groups - _STANDARD_ERRORS * np.sqrt(groups * (1 - groups / reference.values)))
    expected = rows * least / reference.values
    log_equal = float(np.log(ive(0, 2 * expected)).sum())
    log_total = rows * math.log(rows) - rows - float(gammaln(rows + 1))
    return math.exp(min(0.0, log_equal - 2 * log_total))


def _join_cells(cells: NDArray[np.int64]) -> NDArray[np.float64]:
    used = cells[cells > 0]
    group = (np.cumsum(used) - used) // _ROWS_IN_GROUP
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return np.add.reduceat(used, starts).astype(np.float64)
