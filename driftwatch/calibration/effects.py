"""The second key: how many rows can be shown to have moved, on the coarse grids of the scores."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

__all__ = ["ALPHA", "bound_growth", "bound_names_moved", "bound_numbers_moved"]


ALPHA = 0.01
"""The chance that what is said to have moved at least is too much, over all columns above the limit."""


def bound_numbers_moved(distance: float, chance: float, *, alpha: float) -> float:
    """Return a lower bound on the share of rows that moved in a column of numbers.

    Parameters
    ----------
    distance, chance
        The Kolmogorov–Smirnov distance, and 1/n + 1/m.
    alpha
        The chance that the bound is too high.

    Notes
    -----
    D − √(−½ ln(α/2))·√(1/n + 1/m), as in `statistics.moved_share`; a coarse D is a lower bound itself.

    >>> round(bound_numbers_moved(0.5, 0.002, alpha=0.05), 3)
    0.439
    """
    return max(0.0, distance - math.sqrt(-0.5 * math.log(alpha / 2) * chance))


def bound_names_moved(usual: NDArray[np.int64], cells: NDArray[np.int64], *, alpha: float) -> float:
    """Return a lower bound on the largest change of one category's share.

    Parameters
    ----------
    usual, cells
        The counts of the reference and of the batch in the same cells.
    alpha
        The chance that the bound is too high, shared over all cells, sides and directions.

    Notes
    -----
    Between the nearer Clopper–Pearson bounds of both sides, as in `statistics.moved_share`.

    >>> bound_names_moved(np.array([500, 500]), np.array([500, 500]), alpha=0.01)
    0.0
    >>> round(bound_names_moved(np.array([500, 500]), np.array([900, 100]), alpha=0.01), 2)
    0.32
    """
    each = alpha / (4 * len(cells))
    usual_low, usual_high = _bound_shares(usual, each)
    low, high = _bound_shares(cells, each)
    return float(max(0.0, np.max(low - usual_high), np.max(usual_low - high)))


def bound_growth(usual_hits: int, usual_rows: int, hits: int, rows: int, *, alpha: float) -> float:
    """Return a lower bound on how much the share of hits grew, 0 where it cannot be shown to have grown.

    >>> round(bound_growth(0, 10_000, 500, 1000, alpha=0.01), 2)
    0.46
    """
    if rows <= 0 or usual_rows <= 0:
        return 0.0
    low, _ = _bound_shares(np.array([hits, rows - hits]), alpha / 2)
    _, usual_high = _bound_shares(np.array([usual_hits, usual_rows - usual_hits]), alpha / 2)
    return float(max(0.0, low[0] - usual_high[0]))


def _bound_shares(cells: NDArray[np.int64], alpha: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Clopper–Pearson bounds of each cell's share, each wrong with a chance of `alpha`."""
    n = int(cells.sum())
    low, high = np.zeros(len(cells)), np.ones(len(cells))
    filled, not_all = cells > 0, cells < n
    low[filled] = betaincinv(cells[filled], n - cells[filled] + 1, alpha)
    high[not_all] = betaincinv(cells[not_all] + 1, n - cells[not_all], 1 - alpha)
    return low, high
