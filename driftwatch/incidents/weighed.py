"""From scores above their limits to findings: what is told, and what is only recorded.

A part above its limit is strange. It is told only when a second key turns: when more rows than the minimum
effect can be shown to have changed. Below that it is a minor finding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from driftwatch.calibration.baseline import Baseline
from driftwatch.calibration.calibration import Calibration
from driftwatch.calibration.effects import ALPHA, bound_growth, bound_names_moved, bound_numbers_moved
from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.layout import Aspect, Part
from driftwatch.calibration.null import Null
from driftwatch.calibration.scores import score, unscore
from driftwatch.calibration.tally import Tally
from driftwatch.calibration.track import Measured
from driftwatch.calibration.weighing import Scale, Weighed
from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.phrases import (
    say_extreme,
    say_missing,
    say_moved,
    say_range,
    say_repeated_keys,
    say_rows,
    say_unseen,
)
from driftwatch.incidents.plain_words import describe_drift
from driftwatch.incidents.words import say_percent
from driftwatch.profiles.grid import CategoryGrid

__all__ = ["Weighing", "find_above", "find_extreme"]

_FAR = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighing:
    """A window on the scales: the reference, its evidence, what that came to, and why.

    `bases` has, for columns that are part of an incident, the counts of their first windows in it.
    """

    baseline: Baseline
    calibration: Calibration
    measured: Measured
    weighed: Weighed
    bases: Mapping[str, Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sight:
    """One part above its limit on one scale."""

    part: Part
    place: int
    scale: Scale
    limit: float
    null: Null
    evidence: Evidence
    reference: Tally
    current: Tally
    alpha: float


def find_above(weighing: Weighing, pairs: Mapping[str, Pair], minimum_effect: float) -> Iterator[Finding]:
    """Yield a finding for every part that is above the limit of a scale; minor without the second key.

    `pairs` has the columns that both sides have. Where a part is above on both scales, the one on which more
    rows can be shown to have changed counts.
    """
    layout, weighed = weighing.baseline.layout, weighing.weighed
    places = np.flatnonzero(weighed.above)
    alpha = ALPHA / max(1, len(places))
    for place in places.tolist():
        part = layout.parts[place]
        if part.column and part.column not in pairs:
            continue
        sights = [sight for scale in Scale if (sight := _look(weighing, place, scale, alpha)) is not None]
        pair = pairs.get(part.column)
        found = [(sight, _describe(sight, weighing, pair, minimum_effect)) for sight in sights]
        sight, told = max(found, key=lambda one: (not one[1].minor, one[1].moved_share or 0.0))
        text, plain = _say(told, sight, weighing, pair, minimum_effect)
        told = replace(told, text=text, plain=plain)
        if part.aspect is Aspect.DRIFT and part.column in weighing.bases and not told.minor:
            told = replace(told, again=_has_changed(weighing, place, minimum_effect, alpha))
        yield told


def _has_changed(weighing: Weighing, place: int, minimum_effect: float, alpha: float) -> bool:
    """Return whether a column is so far from its first windows in an incident that it would be told."""
    baseline, null = weighing.baseline, weighing.calibration.short
    weight = float(weighing.calibration.weights[place] * null.calm[place])
    base = weighing.bases[baseline.layout.columns[place]]
    found = baseline.measure_against(base, weighing.measured.own)
    scored = score(found.distance, found.chance, null.wobble, baseline.moments)
    if not float(scored[place]) * weight > weighing.weighed.short_limit:
        return False
    if baseline.layout.is_number[place]:
        distance, chance = float(found.distance[place]), float(found.chance[place])
        return bound_numbers_moved(math.sqrt(distance), chance, alpha=alpha) > minimum_effect
    size = len(baseline.layout.starts[place]) - 1
    usual, cells = base.cells[place, :size], weighing.measured.own.cells[place, :size]
    return bound_names_moved(usual, cells, alpha=alpha) > minimum_effect


def find_extreme(pair: Pair) -> Finding | None:
    """Return the minor finding that a value lies three times the reference's whole range beyond it.

    One such value among thousands is a fault to be seen, and no reason to wake anybody.
    """
    usual, found = pair.reference.sums, pair.current.sums
    bounds = (usual.minimum, usual.maximum, found.minimum, found.maximum)
    if pair.reference.grid.kind != "number" or pair.is_derived or None in bounds:
        return None
    low, high, least, most = (float(bound or 0.0) for bound in bounds)
    far = _FAR * (high - low)
    if most > high + far:
        value, statistic, limit = most, "maximum", high
    elif least < low - far:
        value, statistic, limit = least, "minimum", low
    else:
        return None
    return Finding(
        column=pair.column,
        kind=FindingKind.RANGE,
        statistic=statistic,
        value=value,
        limit=limit,
        text=say_extreme(pair, value),
        moved_share=1 / max(1, pair.current.rows),
        minor=True,
    )


def _look(weighing: Weighing, place: int, scale: Scale, alpha: float) -> _Sight | None:
    weighed, measured, baseline = weighing.weighed, weighing.measured, weighing.baseline
    short = scale is Scale.SHORT
    scores, limit = (weighed.short, weighed.short_limit) if short else (weighed.long, weighed.long_limit)
    if not scores[place] > limit:
        return None
    null = weighing.calibration.short if short else weighing.calibration.long
    return _Sight(
        part=baseline.layout.parts[place],
        place=place,
        scale=scale,
        limit=limit / float(weighing.calibration.weights[place] * null.calm[place]),
        null=null,
        evidence=measured.short if short else measured.long,
        reference=baseline.find_reference(measured.window)
        if short and measured.in_season
        else baseline.total,
        current=measured.tally if short else measured.cycle,
        alpha=alpha,
    )


def _describe(sight: _Sight, weighing: Weighing, pair: Pair | None, minimum: float) -> Finding:
    """Return what is found; its text, which costs most of all, is made for the one that counts alone."""
    aspect = sight.part.aspect
    if aspect is Aspect.VOLUME or pair is None:
        found = _describe_whole(sight, weighing)
    elif aspect is Aspect.DRIFT:
        found = _describe_drift(sight, weighing, pair)
    else:
        found = _describe_rate(sight, weighing, pair)
    return found if (found.moved_share or 0.0) > minimum else replace(found, minor=True)


def _say(
    found: Finding, sight: _Sight, weighing: Weighing, pair: Pair | None, minimum: float
) -> tuple[str, str | None]:
    """Return what was found, for those who read numbers and for everyone."""
    what, plain = found.text, None
    if found.minor:
        what = f"{found.column} is unlike itself" if found.kind is FindingKind.DRIFT else what
        few = f"no more than {say_percent(minimum)} of the rows can be shown to have changed"
        is_drift = found.kind is FindingKind.DRIFT
        return f"{what}{_say_scale(sight, weighing)}; {few}", few if is_drift else f"{what}; {few}"
    if found.kind is FindingKind.DRIFT and pair is not None:
        how, plain = describe_drift(pair)
        what = say_moved(pair, found.moved_share or 0.0, how)
    return what + _say_scale(sight, weighing), plain


def _say_scale(sight: _Sight, weighing: Weighing) -> str:
    return "" if sight.scale is Scale.SHORT else f", over the last {weighing.baseline.settings.cycle} windows"


def _ratio_to_limit(sight: _Sight, weighing: Weighing) -> float:
    """Return by how much the distance exceeds the one that would have scored the limit."""
    moments, place = weighing.baseline.moments, sight.place
    allowed = unscore(
        sight.limit,
        float(sight.evidence.chance[place]),
        float(sight.null.wobble[place]),
        float(moments.mean[place]),
        float(moments.freedom[place]),
    )
    return math.sqrt(float(sight.evidence.distance[place]) / allowed)


def _describe_drift(sight: _Sight, weighing: Weighing, pair: Pair) -> Finding:
    over = _ratio_to_limit(sight, weighing)
    place, layout = sight.place, weighing.baseline.layout
    if layout.is_number[place]:
        value, statistic = math.sqrt(float(sight.evidence.distance[place])), "ks"
        moved = bound_numbers_moved(value, float(sight.evidence.chance[place]), alpha=sight.alpha)
    else:
        size = len(layout.starts[place]) - 1
        usual, cells = sight.reference.cells[place, :size], sight.current.cells[place, :size]
        value, statistic = float(np.max(np.abs(cells / cells.sum() - usual / usual.sum()))), "share_change"
        moved = bound_names_moved(usual, cells, alpha=sight.alpha)
    if sight.scale is Scale.LONG:
        moved = max(moved, _bound_stretches(sight, weighing))
    return Finding(
        column=pair.column,
        kind=FindingKind.DRIFT,
        statistic=statistic,
        value=value,
        limit=value / over,
        text="",
        moved_share=moved,
    )


def _bound_stretches(sight: _Sight, weighing: Weighing) -> float:
    """Return how much moved at least in the stretch of last windows in which that is clearest.

    A change that began in the middle of a cycle is mixed with what was before it: over all of the cycle
    fewer rows seem to have moved than did since.
    """
    layout, measured, place = weighing.baseline.layout, weighing.measured, sight.place
    size = len(layout.starts[place]) - (0 if layout.is_number[place] else 1)
    usual = sight.reference.cells[place, :size]
    stretch = np.zeros_like(usual)
    bounds = [0.0]
    for tally in (measured.own, *(one.unpack() for one in reversed(measured.before))):
        stretch = stretch + tally.cells[place, :size]
        n, m = int(usual.sum()), int(stretch.sum())
        if m == 0:
            continue
        if layout.is_number[place]:
            apart = float(np.max(np.abs(np.cumsum(stretch) / m - np.cumsum(usual) / n)))
            bounds.append(bound_numbers_moved(apart, 1 / n + 1 / m, alpha=sight.alpha))
        else:
            bounds.append(bound_names_moved(usual, stretch, alpha=sight.alpha))
    return max(bounds)


def _describe_rate(sight: _Sight, weighing: Weighing, pair: Pair) -> Finding:
    over = _ratio_to_limit(sight, weighing)
    hits, rows, usual_hits, usual_rows = _count_hits(sight, weighing)
    share, usual = hits / rows, usual_hits / usual_rows
    if sight.part.aspect is Aspect.MISSING:
        kind, statistic, text = FindingKind.MISSING, "missing_share", say_missing(pair, share, usual)
    elif isinstance(pair.reference.grid, CategoryGrid):
        kind, statistic, text = FindingKind.UNSEEN, "unseen_share", say_unseen(pair, share)
    else:
        kind, statistic, text = FindingKind.RANGE, "range_share", say_range(pair, share)
    return Finding(
        column=pair.column,
        kind=kind,
        statistic=statistic,
        value=share,
        limit=usual + (share - usual) / over,
        text=text,
        moved_share=bound_growth(usual_hits, usual_rows, hits, rows, alpha=sight.alpha),
    )


def _count_hits(sight: _Sight, weighing: Weighing) -> tuple[int, int, int, int]:
    """Return hits and rows of the window, then those of the reference."""
    layout = weighing.baseline.layout
    column = sight.place % len(layout.columns)
    if sight.part.aspect is Aspect.MISSING:
        return (
            int(sight.current.missing[column]),
            int(sight.current.rows[column]),
            int(sight.reference.missing[column]),
            int(sight.reference.rows[column]),
        )
    last = len(layout.starts[column]) - 1
    rows, usual_rows = int(sight.current.cells[column].sum()), int(sight.reference.cells[column].sum())
    hits = int(sight.current.cells[column, last])
    if not layout.is_number[column]:
        return hits, rows, int(layout.unseen_hits[column]), int(layout.unseen_rows[column])
    usual = int(sight.reference.cells[column, last] + sight.reference.cells[column, 0])
    return hits + int(sight.current.cells[column, 0]), rows, usual, usual_rows


def _describe_whole(sight: _Sight, weighing: Weighing) -> Finding:
    over = _ratio_to_limit(sight, weighing)
    current, reference = sight.current, sight.reference
    if sight.part.aspect is Aspect.REPEATED:
        share, usual = current.repeated / current.keyed, reference.repeated / max(1, reference.keyed)
        return Finding(
            column=None,
            kind=FindingKind.REPEATED_KEYS,
            statistic="repeated_share",
            value=share,
            limit=usual + (share - usual) / over,
            text=say_repeated_keys(share, usual, exact=True),
            moved_share=bound_growth(
                reference.repeated, reference.keyed, current.repeated, current.keyed, alpha=sight.alpha
            ),
        )
    usual_rows = weighing.baseline.find_usual_volume(weighing.measured.window) or 1.0
    away = math.sqrt(float(sight.evidence.distance[sight.place]))
    return Finding(
        column=None,
        kind=FindingKind.VOLUME,
        statistic="volume",
        value=abs(current.volume - usual_rows) / usual_rows,
        limit=1 - math.exp(-away / over) if current.volume < usual_rows else math.exp(away / over) - 1,
        text=say_rows(current.volume, usual_rows),
        moved_share=1 - math.exp(-away),
    )
