"""The distribution of a number column as far as counts tell it: exact at its points, a model between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import NumberGrid
from driftwatch.statistics.cumulative import accumulate_cells

__all__ = ["Shape", "build_shape"]

Floats = NDArray[np.float64]

_SHARES_OF_PROBES: Final = np.linspace(0, 1, 129)
# Two values are the same where they differ by less: a factor and back again may change the last digits.
_CLOSE = 1e-9
# The squares of larger values are no floats any more.
_LARGEST = 1e150


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """Shares of the finite values below and through (at or below) each of `values`, strictly increasing.

    Between two neighbours they are taken to lie evenly. Within `low` to `high`, the ends of the grid, the
    shares at the points are exact; `outside` is the share beyond it, spread evenly around its mean.
    `deviation` is the standard deviation. `probes` are at most 129 of the values, evenly over the shares.
    """

    values: Floats
    below: Floats
    through: Floats
    probes: Floats
    rows: int
    low: float
    high: float
    outside: float
    minimum: float
    maximum: float
    mean: float
    deviation: float

    def share_below(self, at: Floats) -> Floats:
        """Return the share of values below each of `at`, in its shape."""
        return self._interpolate(at - _CLOSE * np.abs(at), "left")

    def share_through(self, at: Floats) -> Floats:
        """Return the share of values at or below each of `at`, in its shape."""
        return self._interpolate(at + _CLOSE * np.abs(at), "right")

    def find_quantile(self, share: float) -> float:
        """Return the value below which lies a share, 0 to 1, of the values."""
        place = int(np.searchsorted(self.through, share, side="left"))
        if place == 0 or self.below[place] <= share:
            return float(self.values[place])
        under, over = float(self.through[place - 1]), float(self.below[place])
        left, right = float(self.values[place - 1]), float(self.values[place])
        return left + (right - left) * (share - under) / (over - under)

    def _interpolate(self, at: Floats, side: str) -> Floats:
        last = len(self.values) - 1
        after = self.values.searchsorted(at, side="right" if side == "right" else "left")
        right = np.minimum(np.maximum(after, 1), last)
        left = right - 1
        # Of two values as far apart as floats go, halves are subtracted: their difference may be infinite.
        nearest = self.values[left] / 2
        part = (at / 2 - nearest) / (self.values[right] / 2 - nearest)
        under = self.through[left]
        shares: Floats = under + np.minimum(np.maximum(part, 0), 1) * (self.below[right] - under)
        shares[after == 0] = 0.0
        shares[after > last] = 1.0
        return shares


@lru_cache(maxsize=64)
def build_shape(counts: Counts) -> Shape | None:
    """Return the shape of a number column; None without finite values, and with some beyond ±1e150.

    >>> from driftwatch.profiles.counts import count_numbers
    >>> grid = NumberGrid(points=np.array([1.0, 2.0]))
    >>> shape = build_shape(count_numbers(grid, np.array([1.0, 1.5, 2.0, 8.0])))
    >>> shape.share_through(np.array([1.0, 2.0, 7.0, 8.0])).round(6).tolist(), shape.maximum, shape.outside
    ([0.25, 0.75, 0.75, 1.0], 8.0, 0.25)
    """
    grid, rows = counts.grid, counts.values
    if not isinstance(grid, NumberGrid) or rows == 0 or len(grid.points) == 0 or _is_huge(counts, grid):
        return None
    shares = _share_cells(counts, rows)
    low, high = float(grid.points[0]), float(grid.points[-1])
    under, over = int(counts.cells[0]), int(counts.cells[-1])
    first, last = _lay_below(counts, low, under / rows), _lay_above(counts, high, over / rows)
    size = first.shape[1] + len(grid.points) + last.shape[1]
    # One more value with nothing at it, so that there are always two to lie between.
    padded = np.ones((3, size + 1))
    padded[:, : first.shape[1]], padded[:, size - last.shape[1] : size] = first, last
    padded[:, first.shape[1] : size - last.shape[1]] = grid.points, shares[0:-1:2], shares[1::2]
    values, through = padded[0, :size], padded[2, :size]
    padded[0, size] = values[-1] + max(1.0, abs(values[-1]))
    return Shape(
        values=padded[0],
        below=padded[1],
        through=padded[2],
        probes=_choose_probes(values, through),
        rows=rows,
        low=low,
        high=high,
        outside=(under + over) / rows,
        minimum=_find_end(counts.sums.minimum, values, through > 0),
        maximum=_find_end(counts.sums.maximum, values, through >= 1),
        mean=counts.sums.total / rows,
        deviation=_measure_deviation(counts, rows),
    )


def _is_huge(counts: Counts, grid: NumberGrid) -> bool:
    ends = (grid.points[0], grid.points[-1], counts.sums.minimum or 0.0, counts.sums.maximum or 0.0)
    return max(abs(float(end)) for end in ends) > _LARGEST


def _find_end(known: float | None, values: Floats, reached: NDArray[np.bool_]) -> float:
    return float(values[np.argmax(reached)]) if known is None else known


def _share_cells(counts: Counts, rows: int) -> Floats:
    """Return the share of values through each cell."""
    known = accumulate_cells(counts)
    if known is not None and known.rows == rows:
        return known.shares[1:]
    shares: Floats = np.cumsum(counts.cells) / rows
    return shares


def _lay_below(counts: Counts, low: float, share: float) -> Floats:
    """Return (values, below, through) of what lies below the grid."""
    if share == 0:
        return np.empty((3, 0))
    least = counts.sums.minimum
    near, far = _spread(counts.sums.below / int(counts.cells[0]), None if least is None else low - least)
    # Where floats lie further apart than the rows do, they are put on the next one.
    farthest, nearest = min(low - far, float(np.nextafter(low, -np.inf))), low - near
    if not farthest < nearest or far - near <= _CLOSE * far:
        return np.array([[farthest], [0.0], [share]])
    ends = np.array([[farthest, nearest], [0.0, share], [0.0, share]])
    return ends if nearest < low else ends[:, :1]


def _lay_above(counts: Counts, high: float, share: float) -> Floats:
    """Return (values, below, through) of what lies above the grid."""
    if share == 0:
        return np.empty((3, 0))
    most = counts.sums.maximum
    near, far = _spread(counts.sums.above / int(counts.cells[-1]), None if most is None else most - high)
    farthest, nearest = max(high + far, float(np.nextafter(high, np.inf))), high + near
    if not nearest < farthest or far - near <= _CLOSE * far:
        return np.array([[farthest], [1.0 - share], [1.0]])
    ends = np.array([[nearest, farthest], [1.0 - share, 1.0], [1.0 - share, 1.0]])
    return ends if nearest > high else ends[:, 1:]


def _spread(mean: float, farthest: float | None) -> tuple[float, float]:
    """Return the nearest and farthest distance of rows that lie evenly around their mean distance."""
    if farthest is None or not math.isfinite(farthest) or farthest < mean:
        farthest = mean
    return max(0.0, 2 * mean - farthest), min(farthest, 2 * mean)


def _choose_probes(values: Floats, through: Floats) -> Floats:
    places = np.minimum(through.searchsorted(_SHARES_OF_PROBES), len(values) - 1)
    chosen: Floats = values[places[np.flatnonzero(np.diff(places, prepend=-1))]]
    return chosen


def _measure_deviation(counts: Counts, rows: int) -> float:
    mean = counts.sums.total / rows
    variance = counts.sums.squares / rows - mean * mean
    # Below this a variance is nothing but rounding.
    return math.sqrt(variance) if math.isfinite(variance) and variance > 1e-12 * mean * mean else 0.0
