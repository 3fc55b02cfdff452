"""From scores to findings: what is told, what is only recorded, and that its numbers belong together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.calibration.baseline import Settings, build_baseline, measure_blocks
from driftwatch.calibration.budget import Budget
from driftwatch.calibration.scores import score
from driftwatch.calibration.tally import Tally, pack_tally, tally_profile
from driftwatch.calibration.track import (
    Track,
    add_window,
    begin_track,
    measure_window,
    recalibrate,
    weigh_window,
)
from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.pairs import Pair, pair_columns
from driftwatch.incidents.weighed import Weighing, find_above, find_extreme
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from tests.support.batches import build_days, count_day, day

_BLOCKS, _ROWS = 28, 400
_NAMES = np.array(["basic", "plus", "pro"])
_OPTIONS = ColumnOptions(key=("id",))


def draw(seed: int, rows: int = _ROWS, **changes: Any) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    usual = {
        "amount": rng.normal(size=rows),
        "age": rng.normal(40.0, 10.0, rows),
        "plan": rng.choice(_NAMES, rows, p=[0.6, 0.3, 0.1]),
        "id": np.arange(rows),
    }
    return {**usual, **changes}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Monitor:
    """A monitor after ten clean days."""

    reference: Reference
    track: Track

    def count(self, rows: dict[str, Any]) -> Profile:
        return count_day(self.reference, pa.table(rows), _OPTIONS)

    def weigh(self, rows: dict[str, Any], *, track: Track | None = None) -> Weighing:
        used = track or self.track
        assert used.calibration is not None
        measured = measure_window(used, day(_BLOCKS + 10), self.count(rows))
        return Weighing(
            baseline=used.baseline,
            calibration=used.calibration,
            measured=measured,
            weighed=weigh_window(used, measured),
        )

    def find(self, rows: dict[str, Any], minimum_effect: float = 0.02) -> list[Finding]:
        return self.read(self.weigh(rows), rows, minimum_effect)

    def read(self, weighing: Weighing, rows: dict[str, Any], minimum_effect: float = 0.02) -> list[Finding]:
        pairs = {pair.column: pair for pair in pair_columns(self.reference.total, self.count(rows))}
        return list(find_above(weighing, pairs, minimum_effect))


@pytest.fixture(scope="module")
def monitor() -> Monitor:
    reference = build_days([pa.table(draw(seed)) for seed in range(_BLOCKS)], _OPTIONS)
    baseline = build_baseline(reference, Settings())
    track = begin_track(baseline, measure_blocks(baseline), Budget())
    for number in range(10):
        window = day(_BLOCKS + number)
        track = recalibrate(track, window, list)
        profile = count_day(reference, pa.table(draw(100 + number)), _OPTIONS)
        measured = measure_window(track, window, profile)
        track = add_window(track, measured, weigh_window(track, measured), paged=False)
    return Monitor(reference=reference, track=track)


def lose(values: np.ndarray, share: float) -> pa.Array:
    return pa.array(values, mask=np.arange(len(values)) < share * len(values))


_CHANGES: dict[str, tuple[FindingKind, str | None, str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "shift": (FindingKind.DRIFT, "amount", "ks", lambda rows: {"amount": rows["amount"] + 1}),
    "mix": (
        FindingKind.DRIFT,
        "plan",
        "share_change",
        lambda rows: {"plan": np.where(np.arange(len(rows["plan"])) % 3 == 0, "pro", rows["plan"])},
    ),
    "missing": (
        FindingKind.MISSING,
        "amount",
        "missing_share",
        lambda rows: {"amount": lose(rows["amount"], 0.3)},
    ),
    "unseen": (
        FindingKind.UNSEEN,
        "plan",
        "unseen_share",
        lambda rows: {"plan": np.where(np.arange(len(rows["plan"])) % 5 == 0, "gold", rows["plan"])},
    ),
    "range": (
        FindingKind.RANGE,
        "age",
        "range_share",
        lambda rows: {"age": np.where(np.arange(len(rows["age"])) % 5 == 0, 999.0, rows["age"])},
    ),
    "keys": (FindingKind.REPEATED_KEYS, None, "repeated_share", lambda rows: {"id": rows["id"] // 2}),
}


@pytest.mark.parametrize("name", _CHANGES)
def test_each_change_is_a_finding_of_its_kind(name: str, monitor: Monitor) -> None:
    kind, column, statistic, change = _CHANGES[name]
    rows = draw(500)

    found = monitor.find({**rows, **change(rows)})

    (told,) = (one for one in found if one.kind is kind)
    assert (told.column, told.statistic, told.minor, told.again) == (column, statistic, False, False)
    assert told.value is not None
    assert told.limit is not None
    assert told.value > told.limit > 0, "what was found and what was allowed are on one scale"
    assert told.moved_share is not None
    assert 0.02 < told.moved_share <= told.value + 1e-9, "no more is said to have moved than was found"


def test_a_clean_window_has_no_findings(monitor: Monitor) -> None:
    assert monitor.find(draw(501)) == []


def test_the_limit_of_a_column_is_the_distance_that_would_have_scored_it(monitor: Monitor) -> None:
    rows = {**draw(500), "amount": draw(500)["amount"] + 1}
    weighing = monitor.weigh(rows)
    (told,) = monitor.read(weighing, rows)
    assert told.limit is not None
    baseline, null = weighing.baseline, weighing.calibration.short
    place = baseline.layout.places["amount"]
    distance = weighing.measured.short.distance.copy()

    distance[place] = told.limit**2

    scored = score(distance, weighing.measured.short.chance, null.wobble, baseline.moments)
    weighted = scored[place] * weighing.calibration.weights[place] * null.calm[place]
    assert weighted == pytest.approx(weighing.weighed.short_limit, rel=1e-6)


def test_rows_that_are_missing_are_a_finding_about_the_window(monitor: Monitor) -> None:
    (told,) = monitor.find(draw(500, rows=_ROWS // 4))

    assert (told.column, told.kind, told.statistic) == (None, FindingKind.VOLUME, "volume")
    assert told.value == pytest.approx(0.75)
    assert told.limit is not None
    assert 0 < told.limit < 0.75
    assert told.moved_share == pytest.approx(0.75)


def test_many_more_rows_are_one_too(monitor: Monitor) -> None:
    (told,) = monitor.find(draw(500, rows=4 * _ROWS))

    assert told.value == pytest.approx(3.0)
    assert told.limit is not None
    assert 0 < told.limit < 3.0


@pytest.mark.parametrize("effect", [0.02, 0.1, 0.3, 0.6])
def test_below_the_minimum_effect_a_finding_is_minor_and_says_so(effect: float, monitor: Monitor) -> None:
    rows = {**draw(500), "amount": draw(500)["amount"] + 1}

    (told,) = monitor.find(rows, effect)

    assert told.moved_share is not None
    assert told.minor is (told.moved_share <= effect)
    if told.minor:
        assert told.text.startswith("amount is unlike itself; no more than")
        assert "of the rows can be shown to have changed" in told.text
    else:
        assert told.text.startswith("at least")


def test_a_season_cycle_is_named_in_the_words(monitor: Monitor) -> None:
    track = monitor.track
    for number in range(6):
        window = day(_BLOCKS + 4 + number)
        moved = {**draw(600 + number), "amount": draw(600 + number)["amount"] + 0.3}
        tally = tally_profile(track.baseline.layout, monitor.count(moved))
        kept = [one for one in track.recent if one.window != window]
        old = next(one for one in track.recent if one.window == window)
        new = replace(old, tally=pack_tally(tally))
        track = replace(track, recent=tuple(sorted([*kept, new], key=lambda one: one.window)))
    rows = {**draw(700), "amount": draw(700)["amount"] + 0.3}

    found = monitor.read(monitor.weigh(rows, track=track), rows)

    (told,) = (one for one in found if one.column == "amount")
    assert told.text.endswith(", over the last 7 windows")
    assert told.moved_share is not None
    assert 0.02 < told.moved_share < 0.15


def test_more_columns_above_the_limit_show_less_each(monitor: Monitor) -> None:
    one = {**draw(500), "amount": draw(500)["amount"] + 1}
    both = {**one, "age": draw(500)["age"] + 10}

    alone, together = (
        next(found for found in monitor.find(rows) if found.column == "amount") for rows in (one, both)
    )

    assert alone.moved_share is not None
    assert together.moved_share is not None
    assert together.moved_share < alone.moved_share


def test_a_column_that_is_gone_is_no_matter_of_the_budget(monitor: Monitor) -> None:
    rows = draw(500)
    del rows["amount"]

    assert monitor.find(rows) == []


def base_of(monitor: Monitor, shift: float) -> dict[str, Tally]:
    """The first windows of `amount` in an incident that began with such a shift."""
    moved = [monitor.count({**draw(800 + n), "amount": draw(800 + n)["amount"] + shift}) for n in range(3)]
    return {"amount": tally_profile(monitor.track.baseline.layout, moved[0] + moved[1] + moved[2])}


@pytest.mark.parametrize(("now", "again"), [(1.0, False), (2.0, True), (1.1, False)])
def test_a_member_changes_again_where_it_is_far_from_its_own_first_windows(
    now: float, again: bool, monitor: Monitor
) -> None:
    rows = {**draw(500), "amount": draw(500)["amount"] + now}
    weighing = replace(monitor.weigh(rows), bases=base_of(monitor, 1.0))

    (told,) = (one for one in monitor.read(weighing, rows) if one.kind is FindingKind.DRIFT)

    assert told.again is again


def test_a_category_can_change_again_too(monitor: Monitor) -> None:
    pro = draw(500, plan=np.full(_ROWS, "pro"))
    first = {"plan": tally_profile(monitor.track.baseline.layout, monitor.count(pro))}
    plus = draw(501, plan=np.full(_ROWS, "plus"))

    still, changed = (
        next(
            found
            for found in monitor.read(replace(monitor.weigh(rows), bases=first), rows)
            if found.column == "plan" and found.kind is FindingKind.DRIFT
        )
        for rows in (pro, plus)
    )

    assert (still.again, changed.again) == (False, True)


def test_a_minor_finding_never_says_that_it_changed_again(monitor: Monitor) -> None:
    rows = {**draw(500), "amount": draw(500)["amount"] + 3.0}
    weighing = replace(monitor.weigh(rows), bases=base_of(monitor, 1.0))

    (told,) = (one for one in monitor.read(weighing, rows, 0.99) if one.kind is FindingKind.DRIFT)

    assert (told.minor, told.again) == (True, False)


def pair_of(monitor: Monitor, rows: dict[str, Any], column: str) -> Pair:
    pairs = pair_columns(monitor.reference.total, monitor.count(rows))
    return next(pair for pair in pairs if pair.column == column)


@pytest.mark.parametrize(
    ("value", "statistic"), [(9831.3, "maximum"), (-9831.3, "minimum"), (100.0, None), (0.0, None)]
)
def test_one_value_far_beyond_the_reference_is_minor_and_has_its_value(
    value: float, statistic: str | None, monitor: Monitor
) -> None:
    ages = draw(500)["age"]
    ages[0] = value

    found = find_extreme(pair_of(monitor, draw(500, age=ages), "age"))

    if statistic is None:
        assert found is None
    else:
        assert found is not None
        assert (found.kind, found.statistic, found.value) == (FindingKind.RANGE, statistic, value)
        assert found.minor
        assert found.moved_share == pytest.approx(1 / _ROWS)


def test_what_has_no_numbers_has_no_extremes(monitor: Monitor) -> None:
    rows = draw(500, plan=np.full(_ROWS, "gold"), age=np.full(_ROWS, math.nan))

    assert find_extreme(pair_of(monitor, rows, "plan")) is None
    assert find_extreme(pair_of(monitor, rows, "age")) is None
