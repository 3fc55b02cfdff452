"""How many rows can be shown to have moved: the effect that chance does not explain."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betainccinv, betaincinv

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.statistics.catalogue import Statistic, statistic
from driftwatch.statistics.cumulative import accumulate_cells, measure_distance
from driftwatch.statistics.rates import liken_unseen

__all__ = ["bound_moved_share", "moved_share"]

_ALPHA = 0.01


@statistic()
def moved_share(reference: Counts, current: Counts) -> Statistic:
    """Share of rows that can be shown to have moved, 0 to 1, at 99 % confidence for this column alone.

    `bound_moved_share` at α = 0.01. `value` is None when a side has no values.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_names
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> usual = count_names(grid, ["a", "b"], np.array([500, 500]))
    >>> moved = count_names(grid, ["a", "b"], np.array([900, 100]))
    >>> round(moved_share(usual, usual).value, 3), round(moved_share(usual, moved).value, 3)
    (0.0, 0.32)
    """
    if _count_usable(reference) == 0 or _count_usable(current) == 0:
        return Statistic(value=None)
    return Statistic(value=bound_moved_share(reference, current, alpha=_ALPHA))


def bound_moved_share(reference: Counts, current: Counts, *, alpha: float) -> float:
    """Return a lower bound on the share of rows that moved; it is too high with a chance below `alpha`.

    Parameters
    ----------
    reference, current
        Counts on the same grid. Missing, NaN and unreadable rows are left out.
    alpha
        0 to 1, exclusive. Divide it by the number of columns to be right for all of them at once.

    Returns
    -------
    float
        0 to 1; 0 where nothing can be shown, and when a side has no values.

    Notes
    -----
    Numbers: D − √(−½ ln(α/2))·√((n + m)/(nm)), with the lower end of D on a coarse grid. Categories: the
    largest growth of one category's share, or of the unseen ones', from the Clopper–Pearson bound above
    the reference's share to the one below the batch's, α shared over all categories and both sides. That
    no unseen name is in the reference goes without saying; their share is bounded as names seen once tell
    it (`liken_unseen`), and not at all where the reference had more names than are remembered.

    References
    ----------
    F. Wei and R. M. Dudley, "Two-sample Dvoretzky–Kiefer–Wolfowitz inequalities", Statistics and
    Probability Letters 82, 2012. C. J. Clopper and E. S. Pearson, Biometrika 26, 1934.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> values = np.arange(1000.0)
    >>> grid = build_number_grid(values)
    >>> usual, moved = count_numbers(grid, values), count_numbers(grid, values + 500)
    >>> round(bound_moved_share(usual, moved, alpha=0.05), 3)  # .5 − 1.358·√.002
    0.439
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not be {alpha}")
    if isinstance(reference.grid, CategoryGrid):
        return _bound_growth(reference.grid, reference, current, alpha)
    bounds = measure_distance(reference, current)
    if bounds is None:
        return 0.0
    n, m = _count_usable(reference), _count_usable(current)
    chance = math.sqrt(-0.5 * math.log(alpha / 2)) * math.sqrt((n + m) / n / m)
    return max(0.0, bounds[0] - chance)


def _count_usable(counts: Counts) -> int:
    if isinstance(counts.grid, CategoryGrid):
        return counts.values
    cumulative = accumulate_cells(counts)
    return 0 if cumulative is None else cumulative.rows


def _bound_growth(grid: CategoryGrid, reference: Counts, current: Counts, alpha: float) -> float:
    m = current.values
    if reference.values == 0 or m == 0:
        return 0.0
    each = alpha / (2 * len(reference.cells))
    usual = _bound_shares_above(grid, reference, each)
    grown = np.flatnonzero(current.cells > usual * m)
    if len(grown) == 0:
        return 0.0
    # The inverse costs ten times the tail, and the tail tells where its result would not be positive.
    hits, usual = current.cells[grown], usual[grown]
    shown = betainc(hits, m - hits + 1, usual) < each
    if not np.any(shown):
        return 0.0
    now = betaincinv(hits[shown], m - hits[shown] + 1, each)
    return max(0.0, float(np.max(now - usual[shown])))


@lru_cache(maxsize=256)
def _bound_shares_above(grid: CategoryGrid, reference: Counts, alpha: float) -> NDArray[np.float64]:
    """Return the Clopper–Pearson upper bound on the share of every cell, each at `alpha`."""
    n = reference.values
    above: NDArray[np.float64] = np.ones(len(reference.cells))
    open_above = reference.cells < n
    cells = reference.cells[open_above]
    above[open_above] = betainccinv(cells + 1, n - cells, alpha)
    hits, rows = liken_unseen(grid, n)
    above[grid.unseen_cell] = float(betainccinv(hits + 1, rows - hits, alpha)) if hits < rows else 1.0
    if not grid.knows_all:
        # Names that the reference never had are counted among the others then.
        above[grid.other_cell] = 1.0
    return above
