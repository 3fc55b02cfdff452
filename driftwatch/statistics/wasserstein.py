"""Wasserstein distance: how far rows moved, in the units of the column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import NumberGrid
from driftwatch.statistics.catalogue import NUMBERS, Statistic, statistic
from driftwatch.statistics.cumulative import accumulate_cells

__all__ = ["wasserstein"]

Values = NDArray[np.float64]

_NEARLY_NOTHING = float(np.finfo(np.float64).tiny)

# Room for the rounding of sums of many floats, in units of the last digit of the root mean square.
_ROUNDING = 64 * float(np.finfo(np.float64).eps)


@statistic(kinds=NUMBERS, greatest=None)
def wasserstein(reference: Counts, current: Counts) -> Statistic:
    """Mean distance that rows moved, in the column's own units, from 0 without bound.

    Parameters
    ----------
    reference, current
        Counts of numbers or times on the same grid, with their sums. Infinite, missing, NaN and
        unreadable rows are left out.

    Returns
    -------
    Statistic
        `low` and `high` enclose the exact distance; `value` is the estimate between them that takes
        rows to lie evenly inside each gap. All None when a side has no finite value, and when points lie
        so far apart or values are so large that a float cannot hold the result.

    Notes
    -----
    ∫|F − G|. 0 for two equal inputs; symmetric. Outside the points the sums of exceedances make it exact.
    Inside a gap only the rows are known, not where they lie, so the interval is as wide as the gaps times
    the shares inside them. The two means narrow it, for their difference is ∫(F − G): where all rows
    moved one way, `low` is exact whatever the gaps.

    References
    ----------
    S. S. Vallender, "Calculation of the Wasserstein distance between probability distributions on the
    line", Theory of Probability and its Applications 18, 1974.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> values = np.array([0.0, 1.0, 3.0])
    >>> grid = build_number_grid(values)
    >>> wasserstein(count_numbers(grid, values), count_numbers(grid, values + 5)).value
    5.0
    """
    return _measure(reference, current)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounded:
    """An integral: the least and the most it can be, and an estimate."""

    low: float
    estimate: float
    high: float

    def __add__(self, other: _Bounded) -> _Bounded:
        return _Bounded(
            low=self.low + other.low, estimate=self.estimate + other.estimate, high=self.high + other.high
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Area:
    """What is known of ∫(F − G)₊, of ∫(G − F)₊ and of their sum."""

    ahead: _Bounded
    behind: _Bounded
    both: _Bounded

    def __add__(self, other: _Area) -> _Area:
        return _Area(
            ahead=self.ahead + other.ahead, behind=self.behind + other.behind, both=self.both + other.both
        )


@lru_cache(maxsize=8)
def _measure(reference: Counts, current: Counts) -> Statistic:
    n, m = reference.values, current.values
    # Without a smallest value there are rows but no sums: their tails and means are not known.
    if n == 0 or m == 0 or reference.sums.minimum is None or current.sums.minimum is None:
        return Statistic(value=None)
    ours, theirs = reference.sums, current.sums
    if not np.all(np.isfinite(_measure_widths(reference.grid))):
        return Statistic(value=None)
    area = (
        _measure_gaps(reference, current)
        + _measure_tail(ours.below / n, theirs.below / m)
        + _measure_tail(theirs.above / m, ours.above / n)
    )
    if not math.isfinite(area.both.high):
        return Statistic(value=None)
    found = _narrow(area, theirs.total / m - ours.total / n, _bound_rounding(reference, current))
    return Statistic(value=min(max(found.estimate, found.low), found.high), low=found.low, high=found.high)


def _measure_gaps(reference: Counts, current: Counts) -> _Area:
    """Return the area between the first and the last point.

    Every part is half the sum or the difference of two integrals, ∫|x| ± ∫x: fewer looks at a fine grid than
    taking positive and negative values one by one.
    """
    f, g = _share_finite(reference), _share_finite(current)
    widths = _measure_widths(reference.grid)
    start, end = f[2:-2:2] - g[2:-2:2], f[3:-2:2] - g[3:-2:2]
    # F − G stays between these two inside a gap, wherever in it the rows lie.
    most, least = f[3:-2:2] - g[2:-2:2], f[2:-2:2] - g[3:-2:2]
    highest_ahead, lowest_behind = _split_signs(widths, most)
    lowest_ahead, highest_behind = _split_signs(widths, least)
    # With rows spread evenly F − G is straight; where it is 0 at both ends nothing is to be divided.
    net, gross = start + end, np.abs(start) + np.abs(end)
    gross += _NEARLY_NOTHING
    total, difference = np.dot(widths, gross + net * net / gross) / 4, np.dot(widths, net) / 2
    ahead = _Bounded(low=lowest_ahead, estimate=float(total + difference) / 2, high=highest_ahead)
    behind = _Bounded(low=lowest_behind, estimate=float(total - difference) / 2, high=highest_behind)
    # The greater of `most` and −`least`.
    highest = float(np.dot(widths, most - least + np.abs(net))) / 2
    both = _Bounded(low=ahead.low + behind.low, estimate=float(total), high=highest)
    return _Area(ahead=ahead, behind=behind, both=both)


def _split_signs(widths: Values, heights: Values) -> tuple[float, float]:
    """Return the areas above and below 0, either of them 0 or more whatever was rounded."""
    whole, net = float(np.dot(widths, np.abs(heights))), float(np.dot(widths, heights))
    return max(0.0, whole + net) / 2, max(0.0, whole - net) / 2


def _measure_tail(ahead: float, behind: float) -> _Area:
    """Return the area of a tail, from the integrals of the side that is ahead in it and of the other."""
    apart = ahead - behind
    return _Area(
        ahead=_Bounded(low=max(0.0, apart), estimate=max(0.0, apart), high=ahead),
        behind=_Bounded(low=max(0.0, -apart), estimate=max(0.0, -apart), high=behind),
        both=_Bounded(low=abs(apart), estimate=abs(apart), high=ahead + behind),
    )


def _narrow(area: _Area, moved: float, rounding: float) -> _Bounded:
    """Return what is known of the distance, given that ∫(F − G) is `moved` up to `rounding`.

    The distance is `moved` and twice the area behind, and it is −`moved` and twice the area ahead.
    """
    low, high = area.both.low, area.both.high
    if not math.isfinite(moved) or not math.isfinite(rounding):
        return area.both
    less, more = (area.behind, area.ahead) if moved >= 0 else (area.ahead, area.behind)
    size = abs(moved)
    closer_low = max(low, size + 2 * less.low - rounding, 2 * more.low - size - rounding)
    closer_high = min(high, size + 2 * less.high + rounding, 2 * more.high - size + rounding)
    # Sums of a coarser float type can stray beyond the cells; what the cells show is never given up.
    closer_low = min(closer_low, high)
    return _Bounded(low=closer_low, estimate=size + 2 * less.estimate, high=max(closer_low, closer_high))


def _bound_rounding(reference: Counts, current: Counts) -> float:
    sizes = (math.sqrt(counts.sums.squares / counts.values) for counts in (reference, current))
    return _ROUNDING * sum(sizes)


def _share_finite(counts: Counts) -> NDArray[np.float64]:
    cumulative = accumulate_cells(counts)
    if cumulative is None:
        raise ValueError("there is no finite value to take shares of")
    if not counts.negative_infinite and not counts.positive_infinite:
        return cumulative.shares
    return (cumulative.below - counts.negative_infinite) / counts.values


@lru_cache(maxsize=128)
def _measure_widths(grid: NumberGrid) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.diff(grid.points)
