"""How much of the promise a calibration can keep, and the limits that follow."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest

from driftwatch.calibration.baseline import Baseline, BlockEvidence, Settings, build_baseline, measure_blocks
from driftwatch.calibration.budget import Budget, FalsePages
from driftwatch.calibration.calibration import (
    LEAST_WINDOWS,
    Calibration,
    CalibrationState,
    Scored,
    calibrate,
    count_history,
    find_weights,
)
from driftwatch.calibration.limits import choose_limit, limit_by_chance
from driftwatch.calibration.scores import score
from driftwatch.calibration.tally import tally_profile
from driftwatch.profiles.columns import ColumnOptions
from tests.support.batches import build_days, count_day, day, draw_rows

_OPTIONS = ColumnOptions()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """A reference of so many blocks and the windows since."""

    baseline: Baseline
    blocks: list[BlockEvidence]
    history: list[Scored]

    def calibrate(self, budget: Budget | None = None) -> Calibration:
        return calibrate(self.baseline, self.blocks, self.history, budget or Budget())


def build_past(blocks: int, windows: int, *, loud: int | None = None, by: float = 1.0) -> Past:
    """Return clean days; in the window `loud` the numbers moved."""
    rng = np.random.default_rng(blocks)
    reference = build_days([draw_rows(rng, 100) for _ in range(blocks)], _OPTIONS)
    baseline = build_baseline(reference, Settings())
    history = []
    for number in range(windows):
        rows = draw_rows(rng, 100, shift=by if number == loud else 0.0)
        tally = tally_profile(baseline.layout, count_day(reference, rows, _OPTIONS))
        evidence = baseline.measure_short(day(100 + number), tally)
        held = np.zeros(len(baseline.layout.parts), dtype=bool)
        history.append(Scored(window=day(100 + number), short=evidence, long=evidence, held=held))
    return Past(baseline=baseline, blocks=measure_blocks(baseline), history=history)


@pytest.mark.parametrize(
    ("blocks", "windows", "state", "missing", "said"),
    [
        (7, 0, "uncalibrated", 53, "uncalibrated"),
        (7, 1, "provisional", 52, "provisional (52 more windows needed)"),
        (8, 0, "provisional", 52, "provisional (52 more windows needed)"),
        (30, 29, "provisional", 1, "provisional (1 more window needed)"),
        (30, 30, "calibrated", 0, "calibrated"),
        (60, 0, "calibrated", 0, "calibrated"),
    ],
)
def test_the_state_says_how_many_windows_the_promise_still_needs(
    blocks: int, windows: int, state: str, missing: int, said: str
) -> None:
    found = build_past(blocks, windows).calibrate()

    assert (found.state, found.missing, found.say()) == (state, missing, said)


def test_a_looser_promise_needs_fewer_windows() -> None:
    past = build_past(20, 10)

    assert past.calibrate(Budget(promise=FalsePages(at_most=2.0))).state is CalibrationState.CALIBRATED
    assert past.calibrate(Budget(share=0.5)).missing == 90


def test_a_calibrated_limit_is_that_of_the_order_statistic_on_each_scale() -> None:
    past = build_past(40, 80)

    found = past.calibrate()

    level = Budget().level
    short, long = found.find_limits(level)
    assert found.short.windows == 120
    assert short == choose_limit(found.short.highest, 120, level / 2)
    assert long == choose_limit(found.long.highest, found.long.windows, level / 2)


def test_the_limits_are_about_the_windows_that_were_seen() -> None:
    past = build_past(60, 60)
    found = past.calibrate()

    evidence = [*(one.short for one in past.blocks), *(one.short for one in past.history)]
    scores = [
        score(one.distance, one.chance, found.short.wobble, past.baseline.moments) * found.short.calm
        for one in evidence
    ]
    above = sum(float(one.max()) > found.find_limits(Budget().level)[0] for one in scores)

    assert above <= math.floor(Budget().level / 2 * 121)


def test_a_stricter_level_has_higher_limits_and_none_is_left_at_level_nothing() -> None:
    found = build_past(60, 60).calibrate()

    loose, strict = found.find_limits(1 / 30), found.find_limits(1 / 150)

    assert all(less <= more for less, more in zip(loose, strict, strict=True))
    assert found.find_limits(0.0) == (math.inf, math.inf)


def test_with_too_few_windows_limits_are_those_of_chance_and_an_assumed_wobble() -> None:
    past = build_past(LEAST_WINDOWS - 1, 0)

    found = past.calibrate()

    level = Budget().level
    assert found.find_limits(level) == (limit_by_chance(14, level / 2),) * 2
    drift = dict(zip(past.baseline.layout.columns, found.short.wobble, strict=False))
    assert drift["n0"] == pytest.approx(0.03**2)
    assert drift["city"] == pytest.approx(0.06**2)
    assert found.short.wobble[-2] == 0.25, "the volume may double or halve"


def test_a_long_scale_of_few_windows_borrows_the_limit_of_the_short_one() -> None:
    past = build_past(12, 0)

    found = past.calibrate()

    assert sum(bool(np.isfinite(one.long.distance[0])) for one in past.blocks) < LEAST_WINDOWS
    assert (found.long.highest, found.long.windows) == (found.short.highest, found.short.windows)


def test_held_windows_do_not_count() -> None:
    past = build_past(30, 40, loud=20)
    held = replace(past.history[20], held=np.ones(len(past.baseline.layout.parts), dtype=bool))
    history = [*past.history[:20], held, *past.history[21:]]

    found = calibrate(past.baseline, past.blocks, history, Budget())

    without = calibrate(past.baseline, past.blocks, history[:20] + history[21:], Budget())
    assert found.short.windows == 69
    assert found.short.highest == without.short.highest


def test_importance_multiplies_scores_before_the_highest_are_chosen() -> None:
    past = build_past(30, 40)
    budget = Budget(weights={"n0": 0.0, "city": 2.0})

    weights = find_weights(past.baseline.layout, budget)
    found = past.calibrate(budget)

    by_part = dict(zip(past.baseline.layout.parts, weights.tolist(), strict=True))
    assert {part.column: weight for part, weight in by_part.items()} == {
        "n0": 0.0,
        "n1": 1.0,
        "id": 1.0,
        "city": 2.0,
        "": 1.0,
    }
    assert np.array_equal(found.weights, weights)
    assert found.short.highest != past.calibrate().short.highest


@pytest.mark.parametrize(
    ("budget", "windows"),
    [
        (Budget(), 365),
        (Budget(window=timedelta(hours=1), cycle=24), 365 * 24),
        (Budget(window=timedelta(days=7), cycle=4), 53),
        (Budget(share=0.01), 6000),
        (Budget(window=timedelta(minutes=1), cycle=96), 10_000),
    ],
)
def test_a_year_counts_or_what_the_promise_needs_up_to_ten_thousand(budget: Budget, windows: int) -> None:
    assert count_history(budget) == windows


def test_inherited_windows_are_named() -> None:
    found = replace(build_past(8, 0).calibrate(), inherited=20)

    assert found.say() == "provisional (52 more windows needed), 20 windows inherited"
