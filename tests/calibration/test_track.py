"""The track: what the next window is judged by, whatever came before it and however it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import ndtri

from driftwatch.calibration.baseline import Settings, build_baseline, measure_blocks
from driftwatch.calibration.budget import Budget, FalsePages
from driftwatch.calibration.calibration import Scored
from driftwatch.calibration.layout import Aspect, Part
from driftwatch.calibration.track import (
    Measured,
    Track,
    add_thin,
    add_window,
    begin_track,
    count_missing,
    find_cycle,
    find_smallest,
    fold_parts,
    is_thin,
    join_waiting,
    measure_window,
    recalibrate,
    sum_cycle,
    weigh_window,
)
from driftwatch.calibration.weighing import Weighed
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from tests.support.batches import build_days, count_day, day, draw_rows

_OPTIONS = ColumnOptions()
_BLOCKS = 28


@dataclass(slots=True, kw_only=True)
class Walk:
    """A track that goes on day by day after the reference."""

    reference: Reference
    track: Track
    number: int = _BLOCKS

    def count(self, rows: pa.Table) -> Profile:
        return count_day(self.reference, rows, _OPTIONS)

    def step(self, rows: pa.Table, *, paged: bool | None = False, counts: bool = True) -> Weighed:
        measured, weighed = self.weigh(rows)
        self.track = add_window(self.track, measured, weighed, counts=counts, paged=paged)
        self.number += 1
        return weighed

    def weigh(self, rows: pa.Table) -> tuple[Measured, Weighed]:
        window, profile = day(self.number), self.count(rows)
        self.track = recalibrate(self.track, window, list)
        measured = measure_window(self.track, window, profile, join_waiting(self.track, window, profile))
        return measured, weigh_window(self.track, measured)

    def wait(self, rows: pa.Table) -> None:
        self.track = add_thin(self.track, day(self.number), self.count(rows))
        self.number += 1

    def places(self, weighed: Weighed) -> set[tuple[str, str]]:
        layout = self.track.baseline.layout
        return {
            (layout.parts[at].column, layout.parts[at].aspect.value) for at in np.flatnonzero(weighed.above)
        }


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(0)
    return build_days([draw_rows(rng, 200) for _ in range(_BLOCKS)], _OPTIONS)


@pytest.fixture
def walk(reference: Reference) -> Walk:
    return begin(reference, Budget())


def begin(reference: Reference, budget: Budget) -> Walk:
    baseline = build_baseline(reference, Settings())
    return Walk(reference=reference, track=begin_track(baseline, measure_blocks(baseline), budget))


def rows_of(number: int, *, rows: int = 200, shift: float = 0.0) -> pa.Table:
    return draw_rows(np.random.default_rng(1000 + number), rows, shift=shift)


def live(walk: Walk, days: int) -> None:
    for number in range(days):
        walk.step(rows_of(number))


def test_a_window_that_moved_is_above_the_limit_and_clean_ones_are_not(walk: Walk) -> None:
    live(walk, 10)

    assert walk.places(walk.weigh(rows_of(50))[1]) == set()
    assert walk.places(walk.weigh(rows_of(50, shift=1.0))[1]) >= {("n0", "drift"), ("n1", "drift")}


def test_a_small_shift_is_seen_by_the_season_cycle_alone(walk: Walk) -> None:
    live(walk, 10)

    # A value from each of 200 equal parts of the law: chance moves it nowhere.
    moved = pa.array(0.25 + ndtri((np.arange(200) + 0.5) / 200))
    weighed = [walk.step(rows_of(number).set_column(0, "n0", moved)) for number in range(7)]

    place = walk.track.baseline.layout.places["n0"]
    assert not any(one.above_short[place] for one in weighed)
    assert [bool(one.above[place]) for one in weighed] == [False] * 4 + [True] * 3


def test_a_window_told_by_itself_does_not_echo_for_a_cycle(walk: Walk) -> None:
    live(walk, 10)
    weighed = walk.step(rows_of(60, shift=1.5), paged=True)
    assert fold_parts(walk.track, weighed.above_short).any()

    after = [walk.step(rows_of(70 + number)) for number in range(8)]

    assert not any(one.above.any() for one in after)


def test_only_the_columns_that_were_told_are_left_out_of_the_cycle(walk: Walk) -> None:
    live(walk, 8)
    columns = walk.track.baseline.layout.places
    told = np.array([name == "n0" for name in walk.track.baseline.layout.columns])
    walk.track = replace(
        walk.track, recent=(*walk.track.recent[:-1], replace(walk.track.recent[-1], told=told))
    )
    own = measure_window(walk.track, day(walk.number), walk.count(rows_of(60))).own

    total, windows = sum_cycle(walk.track, day(walk.number), own)

    assert (windows[columns["n0"]], windows[columns["n1"]]) == (7, 7), "it was there all the same"
    assert total.rows[columns["n1"]] - total.rows[columns["n0"]] == 200


def test_a_cycle_holds_the_windows_of_its_length_and_no_others(walk: Walk) -> None:
    live(walk, 12)

    measured, _ = walk.weigh(rows_of(60))

    assert len(measured.before) == 6
    assert measured.cycle.volume == 7 * 200
    assert [one.window for one in walk.track.recent][-6:] == [day(34 + number) for number in range(6)]


def test_a_cycle_of_too_few_windows_is_not_compared(walk: Walk) -> None:
    found = []
    for number in range(6):
        measured, weighed = walk.weigh(rows_of(number))
        found.append(bool(np.isfinite(measured.long.distance[0])))
        walk.track = add_window(walk.track, measured, weighed, paged=False)
        walk.number += 1

    # Three quarters of seven windows are five and a bit.
    assert found == [False] * 5 + [True]


def test_a_window_is_found_in_its_cycle_whatever_the_gap_before_it(walk: Walk) -> None:
    live(walk, 3)
    walk.number += 30

    measured, _ = walk.weigh(rows_of(60))

    assert measured.before == ()


def test_the_calibration_is_made_anew_with_every_cycle_and_not_between(walk: Walk) -> None:
    made = []
    for number in range(21):
        walk.step(rows_of(number))
        made.append(walk.track.calibration)

    changes = [place for place in range(1, 21) if made[place] is not made[place - 1]]
    assert len(changes) in {2, 3}
    assert all(later - earlier == 7 for earlier, later in pairwise(changes))
    assert changes[0] == next(
        number
        for number in range(1, 8)
        if find_cycle(day(_BLOCKS + number).start, walk.track.budget)
        != find_cycle(day(_BLOCKS).start, walk.track.budget)
    )


def test_a_phase_puts_the_calibration_of_a_monitor_at_another_window() -> None:
    def list_changes(phase: int) -> list[int]:
        budget = Budget(phase=phase)
        cycles = [find_cycle(day(number).start, budget) for number in range(15)]
        return [number for number in range(1, 15) if cycles[number] != cycles[number - 1]]

    assert list_changes(2) == [(number - 2) for number in list_changes(0) if number > 2]


def test_a_track_whose_windows_are_stored_remembers_none_of_them(walk: Walk) -> None:
    walk.track = replace(walk.track, remembers=False)

    live(walk, 9)

    assert walk.track.history == ()
    assert len(walk.track.recent) == 7


def test_only_windows_before_it_make_a_calibration(walk: Walk) -> None:
    live(walk, 15)
    seen: list[int] = []

    def hold(past: Sequence[Scored]) -> Sequence[Scored]:
        seen.append(len(past))
        return past

    track = recalibrate(replace(walk.track, calibration=None), day(walk.number), hold)

    assert seen == [15]
    assert track.calibration is not None
    assert track.calibration.short.windows == _BLOCKS + 15


def test_a_year_is_the_longest_that_counts(walk: Walk) -> None:
    live(walk, 1)
    year = tuple(replace(walk.track.history[0], window=day(100 + number)) for number in range(400))

    track = recalibrate(replace(walk.track, history=year, calibration=None), day(600), list)

    assert track.calibration is not None
    assert track.calibration.short.windows == 365 + _BLOCKS


def test_a_special_day_is_no_part_of_the_null_and_of_the_cycle_it_is(walk: Walk) -> None:
    live(walk, 3)

    walk.step(rows_of(60), counts=False)

    assert len(walk.track.history) == 3
    assert [one.window for one in walk.track.recent] == [day(_BLOCKS + number) for number in range(4)]


def test_the_ledger_stands_still_while_an_incident_is_open(walk: Walk) -> None:
    walk.step(rows_of(0), paged=True)
    spent = walk.track.level

    walk.step(rows_of(1), paged=None)
    assert walk.track.level == spent < walk.track.budget.level

    walk.step(rows_of(2), paged=False)
    assert walk.track.level > spent


def test_after_a_page_limits_are_stricter(walk: Walk) -> None:
    live(walk, 40)
    before = walk.weigh(rows_of(60))[1].short_limit

    walk.step(rows_of(61), paged=True)

    assert walk.weigh(rows_of(60))[1].short_limit >= before


def test_a_hard_cap_that_is_spent_leaves_the_red_line(reference: Reference) -> None:
    capped = begin(reference, Budget(hard_cap=True))
    plain = begin(reference, Budget())
    for walk in (capped, plain):
        live(walk, 10)
        for number in range(4):
            walk.step(rows_of(60 + number), paged=True)

    limits = [walk.weigh(rows_of(70))[1].short_limit for walk in (capped, plain)]

    assert capped.track.level <= 0
    assert limits[0] == pytest.approx(3 * limits[1])


def test_a_window_cannot_be_weighed_before_a_calibration(walk: Walk) -> None:
    measured = measure_window(walk.track, day(_BLOCKS), walk.count(rows_of(0)))

    with pytest.raises(ValueError, match="calibrated"):
        weigh_window(walk.track, measured)


def test_thin_windows_wait_until_they_can_show_something_together(walk: Walk) -> None:
    live(walk, 8)
    needed = next(rows for rows in range(1, 500) if not is_thin(walk.track, rows))
    part = needed // 2 + 1
    assert is_thin(walk.track, part)
    walk.wait(rows_of(60, rows=part, shift=2.0))

    joined = join_waiting(walk.track, day(walk.number), walk.count(rows_of(61, rows=part, shift=2.0)))
    measured, weighed = walk.weigh(rows_of(61, rows=part, shift=2.0))

    assert joined.rows == 2 * part
    assert not is_thin(walk.track, joined.rows)
    assert measured.tally.rows.max() == 2 * part
    assert measured.tally.volume == measured.own.volume == part, "how many rows came is asked of the window"
    assert not measured.in_season
    assert ("n0", "drift") in walk.places(weighed)


def test_a_judged_window_ends_the_waiting(walk: Walk) -> None:
    live(walk, 8)
    walk.wait(rows_of(60, rows=5))

    walk.step(rows_of(61))

    assert walk.track.waiting == ()
    assert join_waiting(walk.track, day(walk.number), walk.count(rows_of(62, rows=5))).rows == 5


def test_no_window_waits_longer_than_a_cycle(walk: Walk) -> None:
    live(walk, 8)
    for number in range(10):
        walk.wait(rows_of(60 + number, rows=2))

    joined = join_waiting(walk.track, day(walk.number), walk.count(rows_of(80, rows=2)))

    assert joined.rows == 7 * 2


@pytest.mark.parametrize("rows", [1, 10, 50, 200, 5000])
def test_more_rows_can_show_smaller_changes(rows: int, walk: Walk) -> None:
    total = walk.track.baseline.total.volume

    found = find_smallest(walk.track, rows)

    # The critical distance of a two-sided test at 1 % with samples of these sizes.
    assert found == pytest.approx(min(1.0, 1.6276 * np.sqrt(1 / rows + 1 / total)), rel=1e-3)
    assert find_smallest(walk.track, 0) == 1.0


def test_must_see_decides_what_is_thin(reference: Reference) -> None:
    rows = 60

    strict, lenient = (is_thin(begin(reference, Budget(must_see=see)).track, rows) for see in (0.1, 0.5))

    assert (strict, lenient) == (True, False)


def test_inherited_windows_count_until_there_are_enough_others(walk: Walk) -> None:
    live(walk, 10)
    former = tuple(
        replace(one, window=day(number - 500)) for number, one in enumerate(walk.track.history * 8)
    )

    track = recalibrate(replace(walk.track, inherited=former, calibration=None), day(walk.number), list)

    assert count_missing(track, 10) == 60 - _BLOCKS - 10
    assert track.calibration is not None
    assert track.calibration.inherited == 22
    assert track.calibration.say() == "calibrated, 22 windows inherited"


def test_days_of_23_and_25_hours_are_a_cycle_too(walk: Walk) -> None:
    live(walk, 10)
    last = day(walk.number)
    longer = replace(last, end=last.end + timedelta(hours=1))

    measured = measure_window(walk.track, longer, walk.count(rows_of(60)))

    assert len(measured.before) == 6


def test_a_promise_of_the_fleet_is_kept_by_stricter_limits(reference: Reference) -> None:
    whole, part = begin(reference, Budget()), begin(reference, Budget(share=0.25))
    for walk in (whole, part):
        live(walk, 40)

    limits = [walk.weigh(rows_of(60))[1].short_limit for walk in (whole, part)]

    assert limits[1] > limits[0]
    assert part.track.budget.promise == FalsePages()


def test_a_repeated_key_counts_in_its_own_window_alone(reference: Reference) -> None:
    options = ColumnOptions(key=("id",))
    keyed = build_days([rows_of(number) for number in range(8)], options)
    track = begin(keyed, Budget()).track
    place = track.baseline.layout.place[Part(column="", aspect=Aspect.REPEATED)]

    measured = measure_window(track, day(_BLOCKS), count_day(keyed, rows_of(50), options))

    assert measured.short.distance[place] == 0.0
    assert np.isnan(measured.long.distance[place])
    assert reference.total.keys is None
