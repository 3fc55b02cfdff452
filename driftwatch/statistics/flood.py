"""Changes of numbers in which one value came on top, or nothing is left beyond a bound."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import NumberGrid
from driftwatch.statistics.change_kind import Change, ChangeKind, allow_rest
from driftwatch.statistics.shape import Shape

__all__ = ["find_flood", "find_truncation", "measure_flood"]

Floats = NDArray[np.float64]

_CANDIDATES = 3
# More than adding up thousands of shares loses.
_ROUNDING = 1e-9
# A gap is taken for one value where it is narrower than this part of the usual values.
_NARROW = 0.05
# The values beyond the grid are one value where their mean is so near the farthest, part of its distance.
_ONE_VALUE = 1e-6
# About one value where no more than this part of them is another.
_FEW = 0.05
_MOST_ABOUT = 0.9
# How unlikely it must be that nothing lies beyond a bound.
_LEAST_LOG_ODDS = 14.0
_MOST_GONE = 0.75


def find_flood(
    reference: Counts, current: Counts, usual: Shape, distance: float, noise: float
) -> Change | None:
    """Return that one value came on top of the usual ones, where that explains most of a distance.

    `usual` is the shape of the reference. Without the rows that came on top the rest has to be as before.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> from driftwatch.statistics.shape import build_shape
    >>> values = np.arange(100.0)
    >>> grid = build_number_grid(values)
    >>> usual = count_numbers(grid, values)
    >>> flooded = count_numbers(grid, np.append(values, [-999.0] * 25))
    >>> found = find_flood(usual, flooded, build_shape(usual), 0.2, 0.1)
    >>> found.value, found.is_exact, found.share, found.usual_share
    (-999.0, True, 0.2, 0.0)
    """
    before, now = _share_cells(reference), _share_cells(current)
    grown, allowed = now - before, allow_rest(distance, noise)
    for _ in range(_CANDIDATES):
        cell = int(np.argmax(grown))
        # What came on top in one cell is the most that the distance can lose without it.
        if now[cell] <= before[cell] or distance - grown[cell] > allowed + _ROUNDING:
            break
        grown[cell] = -np.inf
        rest = measure_flood(before, now, cell)
        found = _find_value(current, usual, cell - 1)
        # A batch all of which lies in one place may have moved there as a whole.
        if found is not None and not found[1] and now[cell] > _MOST_ABOUT:
            continue
        if rest <= allowed and found is not None:
            value, is_exact = found
            return Change(
                kind=ChangeKind.FLOOD,
                explained=max(0.0, 1 - rest / distance),
                value=value,
                is_exact=is_exact,
                share=float(now[cell]),
                usual_share=float(before[cell]),
            )
    return None


def measure_flood(before: Floats, now: Floats, cell: int) -> float:
    """Return how far apart the ordered shares of both sides are without what came on top in one cell."""
    if before[cell] >= 1:
        return 1.0
    part = (1 - now[cell]) / (1 - before[cell])
    apart = now - part * before
    apart[cell] = 0.0
    return float(np.abs(np.cumsum(apart)).max())


def _share_cells(counts: Counts) -> Floats:
    ends = [counts.negative_infinite], [counts.positive_infinite]
    rows = np.concatenate([ends[0], counts.cells, ends[1]])
    shares: Floats = rows / rows.sum()
    return shares


def _find_value(counts: Counts, usual: Shape, cell: int) -> tuple[float, bool] | None:
    """Return the value of the rows in a cell, and whether it is exactly that; None where they differ."""
    grid, last = counts.grid, len(counts.cells) - 1
    if not isinstance(grid, NumberGrid):
        return None
    if cell < 0 or cell > last:
        return math.copysign(math.inf, cell), True
    if cell % 2:
        return float(grid.points[cell // 2]), True
    usually = usual.find_quantile(0.95) - usual.find_quantile(0.05)
    rows, sums = int(counts.cells[cell]), counts.sums
    if cell == 0:
        return _find_one(sums.minimum, usual.low, _Beyond(rows=rows, distance=sums.below, usually=usually))
    if cell == last:
        return _find_one(sums.maximum, usual.high, _Beyond(rows=rows, distance=sums.above, usually=usually))
    left, right = float(grid.points[cell // 2 - 1]), float(grid.points[cell // 2])
    return (_find_roundest(left, right), False) if right - left <= _NARROW * usually else None


def _find_roundest(left: float, right: float) -> float:
    """Return the value between two others that has the fewest digits."""
    if left < 0 < right:
        return 0.0
    power = math.floor(math.log10(max(abs(left), abs(right))))
    for digits in range(16):
        found = round(math.floor(left * 10.0 ** (digits - power) + 1) * 10.0 ** (power - digits), 15 - power)
        if left < found < right:
            return found
    return (left + right) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beyond:
    """How many rows lie beyond the grid, the sum of their distances, and how far values lie apart usually."""

    rows: int
    distance: float
    usually: float


def _find_one(farthest: float | None, edge: float, beyond: _Beyond) -> tuple[float, bool] | None:
    """Return the one value that the rows beyond an edge of the grid have, and whether all of them have it.

    A batch has a row or two beyond the reference's range by nature; these lie about as near as rows do.
    """
    if farthest is None or beyond.rows == 0:
        return None
    reach = abs(farthest - edge)
    if reach - beyond.distance / beyond.rows <= _ONE_VALUE * reach:
        return farthest, True
    at_value = int(beyond.distance / reach)
    others = beyond.rows - at_value
    is_near = beyond.distance - at_value * reach <= others * beyond.usually
    return (farthest, False) if others <= max(1.0, _FEW * beyond.rows) and is_near else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Side:
    """Where the batch ends on one side.

    `gone` is the share of the reference beyond the bound, and `at_bound` that of the batch next to it.
    """

    is_above: bool
    bound: float
    gone: float
    at_bound: float


def find_truncation(
    reference: Shape, current: Shape, distance: float, noise: float, *, clipped: bool
) -> Change | None:
    """Return that nothing is left beyond a bound, where that explains most of a distance.

    With `clipped` the values beyond it lie at the bound now, otherwise their rows are gone. Chance has to be
    unlikely to leave the stretch beyond the bound empty, and at least a quarter of the rows has to be kept.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> from driftwatch.statistics.shape import build_shape
    >>> values = np.arange(100.0)
    >>> grid = build_number_grid(values)
    >>> usual, cut = (build_shape(count_numbers(grid, some)) for some in (values, np.minimum(values, 79)))
    >>> found = find_truncation(usual, cut, 0.2, 0.1, clipped=True)
    >>> found.value, found.is_above, round(found.share, 6)
    (79.0, True, 0.2)
    """
    for see in (_see_above, _see_below):
        side = see(reference, current)
        if not distance / 2 <= side.gone <= _MOST_GONE or (clipped and side.at_bound < side.gone / 2):
            continue
        if -current.rows * math.log1p(-side.gone) < _LEAST_LOG_ODDS:
            continue
        rest = _measure_kept(reference, current, side, 1.0 if clipped else 1 - side.gone)
        if rest <= allow_rest(distance, noise):
            return Change(
                kind=ChangeKind.TRUNCATION,
                explained=max(0.0, 1 - rest / distance),
                before=reference.find_quantile(0.5),
                after=current.find_quantile(0.5),
                value=side.bound,
                is_above=side.is_above,
                share=side.gone,
            )
    return None


def _see_above(reference: Shape, current: Shape) -> _Side:
    bound = current.maximum
    nearest = current.values[current.values < bound][-1:]
    return _Side(
        is_above=True,
        bound=bound,
        gone=1 - float(reference.share_through(np.array([bound]))[0]),
        at_bound=1 - float(current.share_through(nearest).max(initial=0.0)),
    )


def _see_below(reference: Shape, current: Shape) -> _Side:
    bound = current.minimum
    nearest = current.values[current.values > bound][:1]
    return _Side(
        is_above=False,
        bound=bound,
        gone=float(reference.share_below(np.array([bound]))[0]),
        at_bound=float(current.share_below(nearest).min(initial=1.0)),
    )


def _measure_kept(reference: Shape, current: Shape, side: _Side, kept: float) -> float:
    """Return how far apart both are on the kept side of a bound, which this share of the reference is."""
    at = np.concatenate([reference.probes, current.probes])
    if side.is_above:
        at = at[at < side.bound]
        usual, now = reference.share_through(at), current.share_through(at)
    else:
        at = at[at > side.bound]
        usual, now = 1 - reference.share_below(at), 1 - current.share_below(at)
    return float(np.abs(usual / kept - now).max(initial=0.0))
