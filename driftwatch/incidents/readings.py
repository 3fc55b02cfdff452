"""The scales read once more: what a judged window scored, part by part, and where its limit came from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isclose

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.baseline import Baseline
from driftwatch.calibration.budget import Budget
from driftwatch.calibration.calibration import Calibration, CalibrationState
from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.layout import Aspect, Layout
from driftwatch.calibration.null import Null
from driftwatch.calibration.seasons import Scheme, find_season
from driftwatch.calibration.weighing import RED_LINE, Scale, Weighed, weigh
from driftwatch.incidents.finding import Verdict
from driftwatch.profiles.window import Window

__all__ = ["PartReading", "Reading", "read_scales"]

_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReading:
    """What one part of a window scored by itself on one scale.

    `distance` is the square root of the distance that was measured, `wobble` that of the one that the part is
    usually moved by beyond chance: for numbers both are Kolmogorov–Smirnov distances.
    """

    column: str | None
    aspect: Aspect
    scale: Scale
    score: float
    distance: float
    wobble: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a window scored, and what its limit rests on.

    `scale` is the one that `score` and `limit` are of. `known` counts the past windows that the limit was
    chosen from, `highest` is the greatest score among them, None where there are none, and `place` says that
    the limit is the so manyth greatest; None where it is not one of them. `usual_limit` is the limit with
    nothing of the budget spent. `parts` are those of both scales, the one that is furthest out first.
    `season` says what the window was compared with, `cycle` is how many windows the long scale has. `beside`
    names what the rolling reference is made of, where it is the one that the score is against.
    """

    window: Window
    score: float
    limit: float
    usual_limit: float
    scale: Scale
    state: CalibrationState
    missing: int
    inherited: int
    known: int
    highest: float | None
    place: int | None
    season: str
    cycle: int
    parts: tuple[PartReading, ...]
    beside: str | None = None

    @property
    def is_spent(self) -> bool:
        """Return whether the budget was spent: only what is beyond the red line was told."""
        return self.limit >= RED_LINE * self.usual_limit * (1 - 1e-9)

    @property
    def shows_score(self) -> bool:
        """Return whether the score is that of these parts, and not of what judged beside them."""
        by_scale = (
            max((one.score for one in self.parts if one.scale is scale), default=0.0) for scale in Scale
        )
        return any(isclose(found, self.score, rel_tol=1e-6) for found in by_scale)

    def find_parts(self, column: str | None, aspect: Aspect) -> tuple[PartReading, ...]:
        """Return what was scored of a column, or of the window as a whole, furthest out first."""
        return tuple(one for one in self.parts if (one.column, one.aspect) == (column, aspect))


def read_scales(
    baseline: Baseline,
    calibration: Calibration,
    evidence: tuple[Evidence, Evidence],
    verdict: Verdict,
    budget: Budget,
) -> Reading | None:
    """Return the reading of a window from its short and long `evidence`; None where it was not scored."""
    if verdict.score is None or verdict.limit is None:
        return None
    weighed = weigh(calibration, baseline.moments, evidence, level=budget.level, fallback=budget.level)
    short = math.isclose(float(weighed.short.max(initial=0.0)), verdict.score, rel_tol=1e-6)
    scale = Scale.SHORT if short else Scale.LONG
    null = calibration.short if short else calibration.long
    return Reading(
        window=verdict.window,
        score=verdict.score,
        limit=verdict.limit,
        usual_limit=weighed.short_limit if short else weighed.long_limit,
        scale=scale,
        state=calibration.state,
        missing=calibration.missing,
        inherited=calibration.inherited,
        known=null.windows,
        highest=null.highest[0] if null.highest else None,
        place=_find_place(null.highest, verdict.limit),
        season=_say_season(baseline, verdict.window),
        cycle=budget.cycle,
        parts=_read_parts(baseline, calibration, evidence, weighed),
    )


def _find_place(highest: Sequence[float], limit: float) -> int | None:
    """Return the place of a limit among the greatest scores, from 1."""
    return next(
        (at for at, found in enumerate(highest, start=1) if isclose(found, limit, rel_tol=1e-6)), None
    )


def _read_parts(
    baseline: Baseline, calibration: Calibration, evidence: tuple[Evidence, Evidence], weighed: Weighed
) -> tuple[PartReading, ...]:
    short = _read_scale(Scale.SHORT, baseline.layout, calibration.short, evidence[0], weighed.short)
    long = _read_scale(Scale.LONG, baseline.layout, calibration.long, evidence[1], weighed.long)
    limits = {Scale.SHORT: weighed.short_limit, Scale.LONG: weighed.long_limit}
    return tuple(sorted([*short, *long], key=lambda one: -one.score / limits[one.scale]))


def _read_scale(
    scale: Scale, layout: Layout, null: Null, evidence: Evidence, scores: NDArray[np.float64]
) -> Iterator[PartReading]:
    for place in np.flatnonzero(np.isfinite(evidence.distance)).tolist():
        part = layout.parts[place]
        yield PartReading(
            column=part.column or None,
            aspect=part.aspect,
            scale=scale,
            score=float(scores[place]),
            distance=math.sqrt(float(evidence.distance[place])),
            wobble=math.sqrt(float(null.wobble[place])),
        )


def _say_season(baseline: Baseline, window: Window) -> str:
    """Return which windows of the reference a window is compared with."""
    season = find_season(window, baseline.scheme, baseline.settings.timezone)
    if baseline.scheme is Scheme.OVERALL or season not in baseline.seasons:
        return "all windows of the reference"
    if baseline.scheme is Scheme.WEEKDAY:
        return f"the reference's {_DAYS[season]}"
    if baseline.scheme is Scheme.WEEKEND:
        return f"the reference's {_name_days(bool(season))}"
    hours = f"the reference's windows from {season % 24:02}:00 to {season % 24:02}:59"
    return hours if baseline.scheme is Scheme.HOUR else f"{hours} of {_name_days(season >= 24)}"


def _name_days(is_weekend: bool) -> str:
    return "weekends" if is_weekend else "working days"
