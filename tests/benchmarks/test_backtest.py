"""What judging stored windows again costs: 200 columns, a year of days, from their scores alone.

The target is 20 ms a window, nine tenths of which are the limits chosen anew once a season cycle. Counts are
asked for where something is above a limit; reading them from a store is not part of the figure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from driftwatch.calibration.backtest import Kept
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
from driftwatch.incidents.backtest import Past, PastWindow, Trial, replay_budget
from driftwatch.incidents.policy import Policy
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window
from tests.support.world_specs import WorldSpec
from tests.support.worlds import draw_world

COLUMNS, WINDOWS = 200, 365
AT_MOST_MILLISECONDS = 20.0
TRIAL = Trial(minimum_effect=0.02, policy=Policy(season=timedelta(days=7)))

_Year = tuple[Track, Past, dict[Window, Profile]]


@pytest.fixture(scope="module")
def year() -> _Year:
    world = draw_world(WorldSpec(columns=COLUMNS, reference=56, counted=WINDOWS, memory=0.6))
    counts = dict(world.windows)
    baseline = build_baseline(world.reference, Settings())
    begun = track = begin_track(baseline, measure_blocks(baseline), Budget())
    kept = []
    for window, profile in counts.items():
        track = recalibrate(track, window, list)
        measured = measure_window(track, window, profile)
        kept.append(Kept(window=window, short=measured.short, long=measured.long))
        track = add_window(track, measured, weigh_window(track, measured), paged=None)
    windows = [PastWindow(window=one.window, kept=one) for one in kept]
    return begun, Past(reference=world.reference, windows=windows), counts


def test_judge_a_year_again(year: _Year, benchmark: BenchmarkFixture) -> None:
    track, past, counts = year

    found = benchmark.pedantic(  # type: ignore[no-untyped-call]  # the plugin has no types
        replay_budget, (replace(track), past, TRIAL, counts.get), rounds=3
    )

    assert found.windows == WINDOWS
    assert benchmark.stats is not None
    milliseconds = 1000 * benchmark.stats.stats.median / WINDOWS
    benchmark.extra_info["milliseconds_a_window"] = milliseconds
    print(f"\n{milliseconds:.1f} ms a window, {len(found.pages)} pages")
    assert milliseconds <= AT_MOST_MILLISECONDS
