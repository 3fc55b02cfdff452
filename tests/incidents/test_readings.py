from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from driftwatch.calibration.baseline import Baseline, Settings, build_baseline, measure_blocks
from driftwatch.calibration.budget import Budget
from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.layout import Aspect
from driftwatch.calibration.seasons import Scheme
from driftwatch.calibration.track import Track, begin_track, recalibrate
from driftwatch.calibration.weighing import Scale, weigh
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.readings import Reading, read_scales
from driftwatch.profiles.window import Window
from tests.support.stored import build_reference

BUDGET = Budget()
WINDOW = Window(start=datetime(2013, 2, 9, tzinfo=UTC), end=datetime(2013, 2, 10, tzinfo=UTC))
"""A Saturday."""


@pytest.fixture(scope="module")
def track() -> Track:
    baseline = build_baseline(build_reference(blocks=12), Settings())
    return recalibrate(begin_track(baseline, measure_blocks(baseline), BUDGET), WINDOW, lambda past: past)


def read(track: Track, evidence: tuple[Evidence, Evidence], *, limit: float | None = None) -> Reading:
    assert track.calibration is not None
    moments = track.baseline.moments
    weighed = weigh(track.calibration, moments, evidence, level=BUDGET.level, fallback=BUDGET.level)
    verdict = Verdict(
        window=WINDOW,
        word=VerdictWord.OK,
        rows=9,
        score=weighed.score,
        limit=weighed.limit if limit is None else limit,
    )
    reading = read_scales(track.baseline, track.calibration, evidence, verdict, BUDGET)
    assert reading is not None
    return reading


def make_evidence(track: Track, distance: float) -> Evidence:
    parts = len(track.baseline.layout.parts)
    found = np.full(parts, 1e-6)
    found[0], found[1] = distance, np.nan
    return Evidence(distance=found, chance=np.full(parts, 1e-3))


@pytest.mark.parametrize(("short", "long", "scale"), [(0.2, 0.01, Scale.SHORT), (0.01, 0.2, Scale.LONG)])
def test_a_reading_is_of_the_scale_that_gave_the_score(
    track: Track, short: float, long: float, scale: Scale
) -> None:
    reading = read(track, (make_evidence(track, short), make_evidence(track, long)))

    first = reading.parts[0]
    assert reading.scale is first.scale is scale
    assert first.score == pytest.approx(reading.score)
    assert (first.column, first.aspect) == (track.baseline.layout.columns[0], Aspect.DRIFT)
    assert first.distance == pytest.approx(np.sqrt(0.2))
    assert reading.limit == reading.usual_limit


def test_parts_that_were_not_measured_are_left_out(track: Track) -> None:
    reading = read(track, (make_evidence(track, 0.1), make_evidence(track, 0.1)))

    columns = track.baseline.layout.columns
    assert reading.find_parts(columns[1], Aspect.DRIFT) == ()
    assert {one.scale for one in reading.find_parts(columns[0], Aspect.DRIFT)} == set(Scale)


def test_the_place_of_a_limit_is_found_among_the_greatest_scores(track: Track) -> None:
    assert track.calibration is not None
    evidence = (make_evidence(track, 0.2), make_evidence(track, 0.01))
    highest = track.calibration.short.highest

    third, none = read(track, evidence, limit=highest[2]), read(track, evidence, limit=highest[0] * 1.5)

    assert (third.place, third.highest, third.known) == (3, highest[0], track.calibration.short.windows)
    assert none.place is None
    assert (none.is_spent, read(track, evidence, limit=none.usual_limit * 3).is_spent) == (False, True)


def test_a_window_judged_by_rules_alone_has_no_reading(track: Track) -> None:
    assert track.calibration is not None
    evidence = (make_evidence(track, 0.2), make_evidence(track, 0.01))
    verdict = Verdict(window=WINDOW, word=VerdictWord.OK, rows=9)

    assert read_scales(track.baseline, track.calibration, evidence, verdict, BUDGET) is None


@pytest.mark.parametrize(
    ("scheme", "seasons", "said"),
    [
        (Scheme.OVERALL, (), "all windows of the reference"),
        (Scheme.WEEKDAY, (5,), "the reference's Saturdays"),
        (Scheme.WEEKDAY, (4,), "all windows of the reference"),
        (Scheme.WEEKEND, (1,), "the reference's weekends"),
        (Scheme.HOUR, (12,), "the reference's windows from 12:00 to 12:59"),
        (Scheme.HOUR_WEEKEND, (36,), "the reference's windows from 12:00 to 12:59 of weekends"),
    ],
)
def test_what_a_window_is_compared_with_is_said(
    track: Track, scheme: Scheme, seasons: tuple[int, ...], said: str
) -> None:
    assert read_season(track.baseline, scheme, seasons, track, WINDOW) == said


def test_working_days_are_no_weekends(track: Track) -> None:
    monday = Window(start=WINDOW.start + timedelta(days=2), end=WINDOW.end + timedelta(days=2))

    assert read_season(track.baseline, Scheme.WEEKEND, (0,), track, monday) == "the reference's working days"


def read_season(
    baseline: Baseline, scheme: Scheme, seasons: tuple[int, ...], track: Track, window: Window
) -> str:
    sorted_ = replace(baseline, scheme=scheme, seasons=dict.fromkeys(seasons, baseline.total))
    evidence = make_evidence(track, 0.1)
    verdict = Verdict(window=window, word=VerdictWord.OK, rows=9, score=1.0, limit=2.0)
    assert track.calibration is not None
    reading = read_scales(sorted_, track.calibration, (evidence, evidence), verdict, BUDGET)
    assert reading is not None
    return reading.season
