"""Wasserstein distance in units of the reference's own spread."""

from __future__ import annotations

import math

import numpy as np

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import NumberGrid
from driftwatch.statistics.catalogue import NUMBERS, Statistic, statistic
from driftwatch.statistics.cumulative import accumulate_cells, remember
from driftwatch.statistics.wasserstein import wasserstein

__all__ = ["MOST_SPREADS", "wasserstein_scaled"]

MOST_SPREADS = 1e9
"""The greatest value: a reference without any spread has no unit, and infinity cannot be stored."""

# The quartiles of a normal distribution lie this many standard deviations apart.
_QUARTILES_APART = 1.349


@statistic(kinds=NUMBERS, greatest=MOST_SPREADS)
def wasserstein_scaled(reference: Counts, current: Counts) -> Statistic:
    """Mean distance that rows moved in spreads of the reference, 0 to 1e9.

    The Wasserstein distance, with its `low` and `high`, divided by the reference's interquartile range
    over 1.349, which is the standard deviation of normal data; by the standard deviation where half the
    reference is one value. `value` is None where the distance is.

    Notes
    -----
    0 for two equal inputs; not symmetric, for the unit is the reference's. Quartiles that fall into a gap
    are taken at its upper end. When the reference is constant, any move at all gives the greatest value.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> values = np.arange(1.0, 5.0)  # Quartiles 1 and 3.
    >>> grid = build_number_grid(values)
    >>> found = wasserstein_scaled(count_numbers(grid, values), count_numbers(grid, values + 1))
    >>> round(found.value, 4)
    0.6745
    """
    moved = wasserstein(reference, current)
    if moved.value is None or moved.low is None or moved.high is None:
        return Statistic(value=None)
    spread = _measure_spread(reference)
    return Statistic(
        value=_divide(moved.value, spread),
        low=_divide(moved.low, spread),
        high=_divide(moved.high, spread),
    )


def _divide(distance: float, spread: float) -> float:
    if distance == 0:
        return 0.0
    return min(MOST_SPREADS, distance / spread) if spread > distance / MOST_SPREADS else MOST_SPREADS


@remember
def _measure_spread(reference: Counts) -> float:
    cumulative = accumulate_cells(reference)
    if cumulative is None or not isinstance(reference.grid, NumberGrid) or len(reference.grid.points) == 0:
        return 0.0
    points = reference.grid.points
    at = points[np.minimum(np.arange(len(reference.cells)) // 2, len(points) - 1)]
    below = cumulative.below[1:] - reference.negative_infinite
    quartiles = at[np.searchsorted(below * 4, reference.values * np.array([1, 3]), side="left")]
    if quartiles[1] > quartiles[0]:
        return float(quartiles[1] - quartiles[0]) / _QUARTILES_APART
    apart = at - quartiles[0]
    mean = float(np.dot(reference.cells, apart)) / reference.values
    return math.sqrt(max(0.0, float(np.dot(reference.cells, (apart - mean) ** 2)) / reference.values))
