"""Changes in which every value became a factor times itself plus an offset: shift, scale, other units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.statistics.change_kind import Change, ChangeKind, allow_rest
from driftwatch.statistics.detectable import convert_sigmas
from driftwatch.statistics.shape import Shape

__all__ = ["UNITS", "Affine", "find_affine", "find_shift_and_scale", "measure_rests"]

Floats = NDArray[np.float64]

# The least distance that is taken for another unit, and what may be left of it for large samples.
_LEAST_DISTANCE_OF_UNIT = 0.2
_MOST_REST_OF_UNIT = 0.05
# A shift by a well-known offset has to be this many standard deviations, or it might be any other shift.
_LEAST_SIGMAS_OF_OFFSET = 3.0
# What one logarithm of a factor on the standard deviation moves of a normal column.
_MOVED_BY_LOG_SCALE = 0.24
_NEAR_ONE = 0.02
_STILL = 0.1
# What is left of the distance by the moments alone, with another unit that is worth a closer look.
_MOST_BY_MOMENTS = 0.5
# A little more than that, so that the last digit of a logarithm decides nothing.
_MOST_LOG_SCALE = 1.01 * _MOST_BY_MOMENTS / _MOVED_BY_LOG_SCALE


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
    unit = _choose_unit(reference, current, noise) if distance >= _LEAST_DISTANCE_OF_UNIT else None
    if unit is not None:
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
    candidates = [(ChangeKind.SHIFT, one) for one in _list_both(reference, current)]
    both = _pick(ChangeKind.SHIFT, _list_fits(candidates, reference, current))
    if both is None or both.rest > allow_rest(distance, noise):
        return None
    told = _tell(both, reference, current, distance)
    middle = abs(current.find_quantile(0.5) - reference.find_quantile(0.5))
    quarters = reference.find_quantile(0.75) - reference.find_quantile(0.25)
    return replace(told, kind=ChangeKind.SCALE) if middle <= _STILL * quarters else told


def measure_rests(reference: Shape, current: Shape, candidates: Sequence[Affine]) -> list[float]:
    """Return how far apart the two are, 0 to 1, after the reference's values are mapped, for each candidate.

    Within the grid the distance is that of the distribution functions, at up to 260 values. What lies
    beyond the grid is known by its mean and deviation only; it is compared by these, at most for its share.
    """
    # One pass over all candidates: what a pass costs is mostly its start.
    factors = np.array([[one.factor] for one in candidates])
    offsets = np.array([[one.offset] for one in candidates])
    # Nobody knows where in a gap the batch's rows lie, so the points next to a mapped value are taken.
    mapped = current.values[:-1].searchsorted(factors * reference.probes + offsets)
    nearest = current.values[np.minimum(mapped, len(current.values) - 2)]
    own = np.append(current.probes, [current.low, current.high])
    own, nearest = (np.minimum(np.maximum(at, current.low), current.high) for at in (own, nearest))
    before = (_join(own, nearest) - offsets) / factors
    below, through = reference.share_below(before), reference.share_through(before)
    if factors.min() < 0:
        turned = factors < 0
        below, through = np.where(turned, 1 - through, below), np.where(turned, 1 - below, through)
    now_below = _join(current.share_below(own), current.share_below(nearest))
    now_through = _join(current.share_through(own), current.share_through(nearest))
    apart = np.maximum(np.abs(now_below - below), np.abs(now_through - through))
    rests: list[float] = apart.max(axis=1).tolist()
    if current.outside == 0:
        return rests
    moved = [min(current.outside, _compare_moments(reference, current, one)) for one in candidates]
    return [max(pair) for pair in zip(rests, moved, strict=True)]


def _join(common: Floats, each: Floats) -> Floats:
    """Return the numbers common to all candidates before those of each, shape (candidates, numbers)."""
    return np.hstack([np.tile(common, (len(each), 1)), each])


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
    candidates = [(ChangeKind.UNIT, one) for one in _list_units(reference, current)]
    fits = _list_fits(candidates, reference, current)
    least = min((fit.rest for fit in fits), default=0.0)
    # A thousand stands before 1,024, which counts alone can seldom tell from it.
    return next((fit for fit in fits if fit.rest <= least + noise / 2), None)


def _list_units(reference: Shape, current: Shape) -> Iterator[Affine]:
    """Yield the units in which the means and the deviations agree roughly: the rest costs time."""
    widened = None
    if reference.deviation > 0 and current.deviation > 0:
        widened = math.log(current.deviation / reference.deviation)
    for unit in UNITS:
        if widened is not None and abs(widened - math.log(abs(unit.factor))) > _MOST_LOG_SCALE:
            continue
        is_offset = unit.factor == 1
        if is_offset and abs(unit.offset) < _LEAST_SIGMAS_OF_OFFSET * reference.deviation:
            continue
        if _compare_moments(reference, current, unit) < _MOST_BY_MOMENTS:
            yield unit


def _choose_simple(reference: Shape, current: Shape, noise: float) -> _Fit:
    still = _Fit(kind=ChangeKind.OTHER, affine=Affine(factor=1.0, offset=0.0), rest=1.0)
    candidates = [(ChangeKind.SHIFT, one) for one in _list_shifts(reference, current)]
    candidates += [(ChangeKind.SCALE, one) for one in _list_scales(reference, current)]
    fits = _list_fits(candidates, reference, current)
    shift, scale = (_pick(kind, fits) for kind in (ChangeKind.SHIFT, ChangeKind.SCALE))
    if shift is None or scale is None:
        return shift or scale or still
    return shift if shift.rest <= scale.rest + noise / 2 else scale


def _pick(kind: ChangeKind, fits: Iterable[_Fit]) -> _Fit | None:
    return min((fit for fit in fits if fit.kind is kind), key=lambda fit: fit.rest, default=None)


def _list_fits(
    candidates: Iterable[tuple[ChangeKind, Affine]], reference: Shape, current: Shape
) -> list[_Fit]:
    usable = [
        (kind, one)
        for kind, one in candidates
        if math.isfinite(one.offset) and math.isfinite(one.factor) and one.factor != 0
    ]
    if not usable:
        return []
    rests = measure_rests(reference, current, [one for _, one in usable])
    return [_Fit(kind=kind, affine=one, rest=rest) for (kind, one), rest in zip(usable, rests, strict=True)]


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
