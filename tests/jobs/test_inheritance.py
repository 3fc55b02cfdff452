from __future__ import annotations

from dataclasses import replace

import numpy as np

from driftwatch.calibration.budget import Budget, FalsePages
from driftwatch.calibration.calibration import Calibration
from driftwatch.calibration.track import Track, recalibrate
from driftwatch.incidents.rules import Judging
from driftwatch.jobs.monitor import CatchUp, ReferenceSpec
from driftwatch.jobs.promotion import promote_version
from driftwatch.jobs.reference import ensure_reference
from driftwatch.jobs.tracks import load_history, open_track
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.store.database import Database
from tests.support.incidents import day
from tests.support.monitors import Bench, attach, draw_rows, due, set_up, tell_story

_BUDGET = Budget(promise=FalsePages(at_most=2.0))  # It needs 30 windows, and the reference has 14 blocks.


def watch_days(database: Database, story: str) -> Bench:
    """Return a monitor that lived through the days of `story` under a false-alarm budget."""
    judging = Judging(minimum_effect=0.02, rules=(), budget=_BUDGET)
    bench = set_up(database, judging=judging, catch_up=CatchUp(at_most=96))
    live_at_once(bench, story)
    return bench


def live_at_once(bench: Bench, story: str, *, first: int = 1) -> None:
    """Judge the days of `story` in one tick, as after an outage: that takes less time than day by day."""
    tell_story(bench.source, story, first=first)
    bench.tick_at(due(first + len(story) - 1))


def renew(bench: Bench, first: int, last: int, **changes: object) -> Bench:
    """Promote a reference of these days, with other settings where there are `changes`."""
    database, now = bench.parts.database, bench.clock.now()
    spec = ReferenceSpec(start=day(first).start, end=day(last).end)
    monitor = replace(bench.monitor, reference=spec, **changes)  # type: ignore[arg-type]
    ensure_reference(database, monitor, bench.watch.row, now)
    promote_version(bench.parts, monitor, bench.watch.reference.version + 1)
    return replace(bench, watch=ensure_reference(database, monitor, attach(database, monitor, now), now))


def open_at(bench: Bench, number: int) -> Track:
    track = open_track(bench.parts.database, bench.watch, day(number))
    assert track is not None
    return load_history(bench.parts.database, bench.watch, track, day(number))


def calibrate_at(bench: Bench, number: int) -> Calibration:
    made = recalibrate(open_at(bench, number), day(number), lambda past: past).calibration
    assert made is not None
    return made


def test_a_new_history_inherits_as_many_scores_as_the_promise_still_needs(database: Database) -> None:
    bench = renew(watch_days(database, "." * 20), 11, 20)

    track = open_at(bench, 21)

    # Ten blocks are its own; ten of the 20 windows are among them.
    assert [one.window for one in track.inherited] == [day(number) for number in range(1, 11)]
    calibration = calibrate_at(bench, 21)
    assert (calibration.state, calibration.missing, calibration.inherited) == ("provisional", 10, 10)
    assert calibration.say() == "provisional (10 more windows needed), 10 windows inherited"


def test_with_enough_inherited_scores_the_promise_is_kept_from_the_first_window_on(store: Database) -> None:
    bench = watch_days(store, "." * 30)
    before = calibrate_at(bench, 31)

    calibration = calibrate_at(renew(bench, 21, 30), 31)

    assert (before.say(), before.inherited) == ("calibrated", 0)
    assert calibration.say() == "calibrated, 20 windows inherited"
    assert calibration.short.windows == 30


def test_a_verdict_says_how_many_windows_were_inherited(store: Database) -> None:
    bench = renew(watch_days(store, "." * 30), 21, 30)

    live_at_once(bench, "..", first=31)

    assert [one.verdict.calibration for one in bench.verdicts()] == ["calibrated, 20 windows inherited"] * 2


def test_each_window_of_its_own_takes_the_place_of_an_inherited_one(store: Database) -> None:
    bench = renew(watch_days(store, "." * 30), 21, 30)
    live_at_once(bench, "." * 20, first=31)

    counts = [len(open_at(bench, number).inherited) for number in (31, 38, 50, 51)]

    assert counts == [20, 13, 1, 0]


def test_a_track_that_goes_on_counts_what_one_opened_anew_counts(store: Database) -> None:
    bench = renew(watch_days(store, "." * 30), 21, 30)
    bench.live("." * 9, first=31)
    said = [one.verdict.calibration for one in bench.verdicts()]

    bench.replay(31, 39, again=True)

    assert [one.verdict.calibration for one in bench.verdicts()] == said
    assert len(set(said)) == 2


def test_an_incident_that_ended_with_its_history_holds_its_columns_out(store: Database) -> None:
    bench = renew(watch_days(store, "." * 16 + "aaaa"), 5, 14)

    track = open_at(bench, 21)

    places = {name: place for place, name in enumerate(track.baseline.layout.columns)}
    held = {one.window: one.held for one in track.inherited}
    assert not any(held[day(number)].any() for number in (1, 2, 3, 4, 15, 16))
    assert all(held[day(number)][places["amount"]] for number in (17, 18, 19, 20))
    assert not any(held[day(number)][places["city"]] for number in (17, 18, 19, 20))


def test_an_incident_that_resolved_holds_nothing_out(store: Database) -> None:
    bench = renew(watch_days(store, "." * 10 + "a" + "." * 9), 1, 10)

    track = open_at(bench, 21)

    assert day(11) in [one.window for one in track.inherited]
    assert not any(one.held.any() for one in track.inherited)


def test_a_column_that_is_new_inherits_nothing_and_the_others_do(store: Database) -> None:
    bench = watch_days(store, "." * 20)
    for number in range(1, 21):
        rows = draw_rows(number)
        bench.source.rows[day(number)] = rows.append_column("age", rows["amount"])

    track = open_at(renew(bench, 11, 20), 21)

    places = {name: place for place, name in enumerate(track.baseline.layout.columns)}
    assert all(np.isnan(one.short.distance[places["age"]]) for one in track.inherited)
    assert all(np.isfinite(one.short.distance[places["amount"]]) for one in track.inherited)


def test_a_column_that_is_left_out_by_now_is_inherited_by_nobody(store: Database) -> None:
    bench = renew(watch_days(store, "." * 20), 11, 20, columns=ColumnOptions(exclude=("city",)))

    track = open_at(bench, 21)

    assert len(track.inherited) == 10
    assert {len(one.short.distance) for one in track.inherited} == {5}


def test_other_data_inherits_no_scores(store: Database) -> None:
    bench = watch_days(store, "." * 20)
    monitor = replace(bench.monitor, identity="identity-2")
    row = attach(store, monitor, bench.clock.now())

    watch = ensure_reference(store, monitor, row, bench.clock.now())

    assert open_at(replace(bench, watch=watch), 21).inherited == ()
