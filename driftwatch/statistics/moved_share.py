"""How many rows can be shown to have moved: the effect that chance does not explain."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, betainccinv, betaincinv

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
    (0.0, 0.315)
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
    largest change of one category's share, or growth of the unseen ones', between the nearer Clopper–Pearson
    bounds of both sides, α shared over all categories, both sides and both directions: rows that leave a
    category for several others show where they came from long before where they went. That no unseen name
    is in the reference goes without saying; their share is bounded as names seen once tell it
    (`liken_unseen`), and not at all where the reference had more names than are remembered. The remaining
    names never count as falling: which names they are was chosen by the reference's own luck.

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
        return _bound_change(reference.grid, reference, current, alpha)
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


def _bound_change(grid: CategoryGrid, reference: Counts, current: Counts, alpha: float) -> float:
    if reference.values == 0 or current.values == 0:
        return 0.0
    # Two bounds for each cell on each side: on its growth and on its decline.
    each = alpha / (4 * len(reference.cells))
    below, above = _bound_shares(grid, reference, each)
    return max(_bound_growth(above, current, each), _bound_decline(below, current, each))


def _bound_growth(usual: NDArray[np.float64], current: Counts, each: float) -> float:
    m = current.values
    grown = np.flatnonzero(current.cells > usual * m)
    # The inverse costs ten times the tail, and the tail tells where its result would not be positive.
    hits, usual = current.cells[grown], usual[grown]
    shown = betainc(hits, m - hits + 1, usual) < each
    if not np.any(shown):
        return 0.0
    now = betaincinv(hits[shown], m - hits[shown] + 1, each)
    return max(0.0, float(np.max(now - usual[shown])))


def _bound_decline(usual: NDArray[np.float64], current: Counts, each: float) -> float:
    m = current.values
    fallen = np.flatnonzero(current.cells < usual * m)
    hits, usual = current.cells[fallen], usual[fallen]
    shown = betaincc(hits + 1, m - hits, usual) < each
    if not np.any(shown):
        return 0.0
    now = betainccinv(hits[shown] + 1, m - hits[shown], each)
    return max(0.0, float(np.max(usual[shown] - now)))


@lru_cache(maxsize=256)
def _bound_shares(
    grid: CategoryGrid, reference: Counts, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Clopper–Pearson bounds below and above the share of every cell, each at `alpha`."""
    n, cells = reference.values, reference.cells
    below: NDArray[np.float64] = np.zeros(len(cells))
    above: NDArray[np.float64] = np.ones(len(cells))
    filled, open_above = cells > 0, cells < n
    below[filled] = betaincinv(cells[filled], n - cells[filled] + 1, alpha)
    above[open_above] = betainccinv(cells[open_above] + 1, n - cells[open_above], alpha)
    below[grid.other_cell] = 0.0
    hits, rows = liken_unseen(grid, n)
    above[grid.unseen_cell] = float(betainccinv(hits + 1, rows - hits, alpha)) if hits < rows else 1.0
    if not grid.knows_all:
        # Names that the reference never had are counted among the others then.
        above[grid.other_cell] = 1.0
    return below, above
