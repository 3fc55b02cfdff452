"""What the false-alarm budget costs beside counting: 200 columns on 4,096 points, after a year of days.

The target is 5 ms for `test_weigh_a_window` and 1 s for `test_recalibrate`. `test_judge_a_window` has every
statistic of every column besides, which is stored for each window with or without a budget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.calibration.baseline import Settings, build_baseline, measure_blocks
from driftwatch.calibration.budget import Budget
from driftwatch.calibration.track import (
    Track,
    add_window,
    begin_track,
    measure_window,
    recalibrate,
    weigh_window,
)
from driftwatch.incidents.advance import advance
from driftwatch.incidents.finding import Finding, Verdict
from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.judge import choose_word, judge
from driftwatch.incidents.pairs import pair_columns
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.rules import Judging
from driftwatch.incidents.weighed import Weighing, find_above
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from tests.support.batches import build_days, count_day, day

COLUMNS, ROWS, BLOCKS, YEAR, CYCLE = 200, 2000, 8, 365, 7
BATCHES = 12
POLICY, WITHOUT = Policy(), ColumnOptions()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bench:
    """A monitor that has judged a year of days, and windows that come next."""

    reference: Reference
    track: Track
    profiles: tuple[Profile, ...]


def _draw(seed: int, shift: float = 0.0) -> pa.Table:
    values = np.random.default_rng(seed).normal(size=(COLUMNS, ROWS))
    values[:3] += shift
    return pa.table({f"x{place}": column for place, column in enumerate(values)})


@pytest.fixture(scope="module")
def bench() -> Bench:
    reference = build_days([_draw(seed) for seed in range(BLOCKS)], WITHOUT)
    # Every twelfth window is one in which columns moved: those cost more.
    profiles = tuple(
        count_day(reference, _draw(100 + seed, 0.0 if seed else 0.5), WITHOUT) for seed in range(BATCHES)
    )
    baseline = build_baseline(reference, Settings(cycle=CYCLE))
    track = begin_track(baseline, measure_blocks(baseline), Budget())
    for number, profile in enumerate(profiles[1:], start=BLOCKS):
        track = _weigh(reference, recalibrate(track, day(number), list), day(number), profile)[0]
    history = tuple(replace(track.history[n % len(track.history)], window=day(n)) for n in range(YEAR))
    recent = tuple(replace(one, window=day(YEAR - CYCLE + n)) for n, one in enumerate(track.recent[-CYCLE:]))
    track = replace(track, history=history, recent=recent, calibration=None)
    return Bench(reference=reference, track=recalibrate(track, day(YEAR), list), profiles=profiles)


def _weigh(
    reference: Reference, track: Track, window: Window, profile: Profile
) -> tuple[Track, tuple[Finding, ...]]:
    """Do everything that the budget adds to a window whose rows were counted."""
    assert track.calibration is not None
    measured = measure_window(track, window, profile)
    weighed = weigh_window(track, measured)
    weighing = Weighing(
        baseline=track.baseline, calibration=track.calibration, measured=measured, weighed=weighed
    )
    pairs = {pair.column: pair for pair in pair_columns(reference.total, profile)}
    findings = tuple(find_above(weighing, pairs, 0.02))
    verdict = Verdict(window=window, word=choose_word(findings), rows=profile.rows, findings=findings)
    for kind in (IncidentKind.DRIFT, IncidentKind.DATA):
        advance(None, verdict, POLICY, kind=kind, monitor="m", now=window.end, telling=True)
    return add_window(track, measured, weighed, paged=False), findings


@pytest.mark.benchmark(group="judging 200 columns")
@pytest.mark.parametrize("moved", [0, 3])
def test_weigh_a_window(benchmark: Callable[..., Any], bench: Bench, moved: int) -> None:
    window, profile = day(YEAR), bench.profiles[0 if moved else 1]

    _, findings = benchmark(_weigh, bench.reference, bench.track, window, profile)

    assert len(findings) == moved


@pytest.mark.benchmark(group="judging 200 columns")
def test_judge_a_window(benchmark: Callable[..., Any], bench: Bench) -> None:
    window, profile, track = day(YEAR), bench.profiles[0], bench.track
    assert track.calibration is not None
    measured = measure_window(track, window, profile)
    weighing = Weighing(
        baseline=track.baseline,
        calibration=track.calibration,
        measured=measured,
        weighed=weigh_window(track, measured),
    )
    judging = Judging(budget=track.budget)

    verdict = benchmark(judge, bench.reference, profile, window=window, judging=judging, weighing=weighing)

    assert len(verdict.findings) == 3


@pytest.mark.benchmark(group="recalibrating over a year")
def test_recalibrate(benchmark: Callable[..., Any], bench: Bench) -> None:
    track = replace(bench.track, calibration=None)

    found = benchmark(recalibrate, track, day(YEAR), list)

    assert found.calibration.say() == "calibrated"
    assert found.calibration.short.windows == YEAR + BLOCKS
