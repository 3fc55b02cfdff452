"""Changes in which every value became a factor times itself plus an offset: shift, scale, other units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from driftwatch.statistics.change_kind import Change, ChangeKind, allow_rest
from driftwatch.statistics.detectable import convert_sigmas
from driftwatch.statistics.shape import Shape

__all__ = ["UNITS", "Affine", "find_affine", "find_shift_and_scale", "measure_rest"]

# The least distance that is taken for another unit, and what may be left of it for large samples.
_LEAST_DISTANCE_OF_UNIT = 0.2
_MOST_REST_OF_UNIT = 0.05
# A shift by a well-known offset has to be this many standard deviations, or it might be any other shift.
_LEAST_SIGMAS_OF_OFFSET = 3.0
# What one logarithm of a factor on the standard deviation moves of a normal column.
_MOVED_BY_LOG_SCALE = 0.24
_NEAR_ONE = 0.02
_STILL = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """New values are `factor` times the old ones plus `offset`."""

    factor: float
    offset: float


_FACTORS: Final = (*(10.0**power for power in range(1, 10)), 24.0, 60.0, 1024.0, 3600.0, 86_400.0, 1048576.0)
_CELSIUS: Final = 273.15
# Minus one is a changed sign; then °C to °F and back, K to °C and back, K to °F and back.
UNITS: Final = (
    *(Affine(factor=factor, offset=0.0) for factor in _FACTORS),
    *(Affine(factor=1 / factor, offset=0.0) for factor in _FACTORS),
    Affine(factor=-1.0, offset=0.0),
    Affine(factor=1.8, offset=32.0),
    Affine(factor=1 / 1.8, offset=-32 / 1.8),
    Affine(factor=1.0, offset=-_CELSIUS),
    Affine(factor=1.0, offset=_CELSIUS),
    Affine(factor=1.8, offset=32 - 1.8 * _CELSIUS),
    Affine(factor=1 / 1.8, offset=_CELSIUS - 32 / 1.8),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    kind: ChangeKind
    affine: Affine
    rest: float


def find_affine(reference: Shape, current: Shape, distance: float, noise: float) -> Change | None:
    """Return the change of unit, the shift or the scale that explains most of a distance; None without one.

    Parameters
    ----------
    reference, current
        The two distributions.
    distance
        How far they are apart: the distance of Kolmogorov and Smirnov, 0 to 1.
    noise
        The distance that chance alone gives at these sizes.

    Notes
    -----
    The reference is mapped by each candidate, and what is left of the distance decides. Candidates come
    from medians, quartiles, deciles, means and standard deviations. A shift is preferred to a scale unless
    the scale leaves less. Another unit has to leave next to nothing, and no more
    than the best fit does.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> from driftwatch.statistics.shape import build_shape
    >>> values = np.arange(1000.0, 2000.0)
    >>> grid = build_number_grid(values)
    >>> usual, metres = (build_shape(count_numbers(grid, values * factor)) for factor in (1, 1000))
    >>> found = find_affine(usual, metres, 1.0, 0.05)
    >>> found.kind.value, found.factor
    ('unit', 1000.0)
    """
    allowed = allow_rest(distance, noise)
    simple = _choose_simple(reference, current, noise)
    unit = _choose_unit(reference, current, noise)
    if unit is not None and distance >= _LEAST_DISTANCE_OF_UNIT:
        # What lies beyond the grid is known by moments, to which the best fit has been fitted.
        best = simple.rest + noise + _MOST_REST_OF_UNIT * current.outside
        most = min(distance / 4, max(noise, _MOST_REST_OF_UNIT), best)
        if unit.rest <= most:
            return _tell(unit, reference, current, distance)
    return _tell(simple, reference, current, distance) if simple.rest <= allowed else None


def find_shift_and_scale(reference: Shape, current: Shape, distance: float, noise: float) -> Change | None:
    """Return the shift with a scale that explains most of a distance; None without one.

    The parameters are those of `find_affine`; two are fitted, so that less is left of any distance. It is
    called a scale where the median moved by less than a tenth of the distance between the quartiles.
    """
    both = _pick(ChangeKind.SHIFT, _list_both(reference, current), reference, current)
    if both is None or both.rest > allow_rest(distance, noise):
        return None
    told = _tell(both, reference, current, distance)
    middle = abs(current.find_quantile(0.5) - reference.find_quantile(0.5))
    quarters = reference.find_quantile(0.75) - reference.find_quantile(0.25)
    return replace(told, kind=ChangeKind.SCALE) if middle <= _STILL * quarters else told


def measure_rest(reference: Shape, current: Shape, affine: Affine) -> float:
    """Return how far apart the two are, 0 to 1, after the reference's values are mapped.

    Within the grid the distance is that of the distribution functions, at up to 260 values. What lies
    beyond the grid is known by its mean and deviation only; it is compared by these, at most for its share.
    """
    # Nobody knows where in a gap the batch's rows lie, so the points next to a mapped value are taken.
    mapped = np.searchsorted(current.values[:-1], affine.factor * reference.probes + affine.offset)
    nearest = current.values[np.minimum(mapped, len(current.values) - 2)]
    at = np.concatenate([current.probes, nearest, [current.low, current.high]])
    at = at[(at >= current.low) & (at <= current.high)]
    before = (at - affine.offset) / affine.factor
    if affine.factor > 0:
        below, through = reference.share_below(before), reference.share_through(before)
    else:
        below, through = 1 - reference.share_through(before), 1 - reference.share_below(before)
    apart = max(
        float(np.abs(current.share_below(at) - below).max()),
        float(np.abs(current.share_through(at) - through).max()),
    )
    if current.outside == 0:
        return apart
    return max(apart, min(current.outside, _compare_moments(reference, current, affine)))


def _compare_moments(reference: Shape, current: Shape, affine: Affine) -> float:
    mean = affine.factor * reference.mean + affine.offset
    deviation = abs(affine.factor) * reference.deviation
    if deviation == 0 or current.deviation == 0:
        close = math.isclose(mean, current.mean, rel_tol=1e-6)
        return 0.0 if close and deviation == current.deviation else 1.0
    if not (math.isfinite(mean) and math.isfinite(current.mean)):
        return 1.0
    moved = convert_sigmas((current.mean - mean) / deviation)
    return min(1.0, max(moved, _MOVED_BY_LOG_SCALE * abs(math.log(current.deviation / deviation))))


def _choose_unit(reference: Shape, current: Shape, noise: float) -> _Fit | None:
    fits = _list_fits(ChangeKind.UNIT, _list_units(reference, current), reference, current)
    least = min((fit.rest for fit in fits), default=0.0)
    # A thousand stands before 1,024, which counts alone can seldom tell from it.
    return next((fit for fit in fits if fit.rest <= least + noise / 2), None)


def _list_units(reference: Shape, current: Shape) -> Iterator[Affine]:
    """Yield the units in which the means and the deviations agree roughly: the rest costs time."""
    for unit in UNITS:
        is_offset = unit.factor == 1
        if is_offset and abs(unit.offset) < _LEAST_SIGMAS_OF_OFFSET * reference.deviation:
            continue
        if _compare_moments(reference, current, unit) < 0.5:
            yield unit


def _choose_simple(reference: Shape, current: Shape, noise: float) -> _Fit:
    still = _Fit(kind=ChangeKind.OTHER, affine=Affine(factor=1.0, offset=0.0), rest=1.0)
    shift = _pick(ChangeKind.SHIFT, _list_shifts(reference, current), reference, current)
    scale = _pick(ChangeKind.SCALE, _list_scales(reference, current), reference, current)
    if shift is None or scale is None:
        return shift or scale or still
    return shift if shift.rest <= scale.rest + noise / 2 else scale


def _pick(kind: ChangeKind, candidates: Iterator[Affine], reference: Shape, current: Shape) -> _Fit | None:
    return min(_list_fits(kind, candidates, reference, current), key=lambda fit: fit.rest, default=None)


def _list_fits(
    kind: ChangeKind, candidates: Iterator[Affine], reference: Shape, current: Shape
) -> list[_Fit]:
    return [
        _Fit(kind=kind, affine=one, rest=measure_rest(reference, current, one))
        for one in candidates
        if math.isfinite(one.offset) and math.isfinite(one.factor) and one.factor != 0
    ]


def _list_shifts(reference: Shape, current: Shape) -> Iterator[Affine]:
    shares = [share / 10 for share in range(1, 10)]
    moved = [current.find_quantile(share) - reference.find_quantile(share) for share in shares]
    for offset in (moved[4], float(np.mean(moved)), current.mean - reference.mean):
        if offset != 0:
            yield Affine(factor=1.0, offset=offset)


def _list_scales(reference: Shape, current: Shape) -> Iterator[Affine]:
    middle = reference.find_quantile(0.5)
    for factor in _list_widths(reference, current):
        yield Affine(factor=factor, offset=middle * (1 - factor))
    if reference.minimum < 0 < reference.maximum:
        return
    pairs = [(current.mean, reference.mean)]
    pairs += [(current.find_quantile(share), reference.find_quantile(share)) for share in (0.25, 0.5, 0.75)]
    for after, before in pairs:
        if before != 0 and after / before > 0 and abs(after / before - 1) > _NEAR_ONE:
            yield Affine(factor=after / before, offset=0.0)


def _list_both(reference: Shape, current: Shape) -> Iterator[Affine]:
    for factor in _list_widths(reference, current):
        for after, before in (
            (current.find_quantile(0.5), reference.find_quantile(0.5)),
            (current.mean, reference.mean),
        ):
            yield Affine(factor=factor, offset=after - factor * before)


def _list_widths(reference: Shape, current: Shape) -> Iterator[float]:
    """Yield how many times as far as before the values lie apart."""
    widths = [(reference.deviation, current.deviation)]
    for low in (0.1, 0.25):
        before, after = (
            shape.find_quantile(1 - low) - shape.find_quantile(low) for shape in (reference, current)
        )
        widths.append((before, after))
    for before, after in widths:
        if before > 0 and after > 0 and abs(after / before - 1) > _NEAR_ONE:
            yield after / before


def _tell(fit: _Fit, reference: Shape, current: Shape, distance: float) -> Change:
    return Change(
        kind=fit.kind,
        explained=max(0.0, 1 - fit.rest / distance),
        before=reference.find_quantile(0.5),
        after=current.find_quantile(0.5),
        factor=fit.affine.factor,
        offset=fit.affine.offset + 0.0,
    )
