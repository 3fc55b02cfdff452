from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from driftwatch.errors import StoreError
from driftwatch.incidents.incident import IncidentKind, IncidentState
from driftwatch.incidents.policy import Ages, Freshness, Policy
from driftwatch.jobs import live, plan
from driftwatch.jobs.lanes import Lanes
from driftwatch.jobs.live import check_due, plan_all, start_checks
from driftwatch.jobs.monitor import CatchUp, Model
from driftwatch.jobs.reference import ensure_reference
from driftwatch.profiles.window import Window
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.monitors import mark_detached
from tests.support.incidents import day
from tests.support.monitors import (
    Bench,
    BreakingDatabase,
    attach,
    due,
    make_monitor,
    make_source,
    set_up,
    tell_story,
)
from tests.support.waiting import wait_until

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SECOND = timedelta(seconds=1)
LATE = Policy(freshness=Freshness(warn_after=2 * HOUR, page_after=6 * HOUR))


def add_monitor(bench: Bench, name: str, story: str = "") -> Bench:
    """Return another monitor on the same store, with a source of its own."""
    source = make_source(story)
    monitor = make_monitor(source, id=name)
    row = attach(bench.parts.database, monitor, bench.clock.now())
    watch = ensure_reference(bench.parts.database, monitor, row, bench.clock.now())
    return replace(bench, source=source, watch=watch)


def stop_after(times: int) -> Callable[[], bool]:
    """Return a question that is answered with yes from the `times`-th time on."""
    asked = iter(range(1, 10_000))
    return lambda: next(asked) >= times


def test_a_window_is_judged_when_it_falls_due_and_not_again(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, "..")

    judged = [bench.tick_at(moment) for moment in (due(1) - SECOND, due(1), due(1) + SECOND, due(2), due(2))]

    assert judged == [0, 1, 0, 1, 0]
    assert bench.words() == ["ok", "ok"]


def test_rows_of_many_due_windows_are_asked_for_at_once(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, "......")

    assert bench.tick_at(due(6)) == 6

    assert [len(request.windows) for request in bench.source.requests[1:]] == [6]


def test_a_stop_ends_the_turn_after_the_window_under_way(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, "...")
    bench.clock.move_to(due(3))
    bench.plan()

    judged = check_due(bench.parts, [bench.watch], stopping=stop_after(2))

    assert judged == 1
    assert [slot.window for slot in bench.waiting()] == [day(2), day(3)]
    assert check_due(bench.parts, [bench.watch], stopping=lambda: True) == 0


def test_every_monitor_has_its_turn(store: Database) -> None:
    first = set_up(store)
    second = add_monitor(first, "rides", "a")
    tell_story(first.source, ".")
    first.clock.move_to(due(1))

    plan_all(first.parts, [first.watch, second.watch])
    judged = check_due(first.parts, [first.watch, second.watch], stopping=lambda: False)

    assert judged == 2
    assert (first.words(), second.words()) == (["ok"], ["drift"])


def test_a_monitor_that_this_process_does_not_know_is_left_to_others(store: Database) -> None:
    first = set_up(store)
    second = add_monitor(first, "rides", ".")
    first.clock.move_to(due(1))
    plan_all(first.parts, [first.watch, second.watch])

    check_due(first.parts, [second.watch], stopping=lambda: False)

    assert (len(first.words()), len(second.words())) == (0, 1)


def test_a_detached_monitor_is_not_judged(store: Database) -> None:
    bench = set_up(store)
    bench.clock.move_to(due(1))
    bench.plan()
    store.write(lambda tx: mark_detached(tx, ["flights"], due(1)))

    assert check_due(bench.parts, [bench.watch], stopping=lambda: False) == 0


@pytest.mark.parametrize("letter", ["E", "X", "B"])
def test_a_source_that_fails_does_not_stop_other_monitors(store: Database, letter: str) -> None:
    first = set_up(store)
    second = add_monitor(first, "rides", "a")
    tell_story(first.source, letter)
    first.clock.move_to(due(1))
    plan_all(first.parts, [first.watch, second.watch])

    check_due(first.parts, [first.watch, second.watch], stopping=lambda: False)

    assert (first.words(), second.words()) == (["error"], ["drift"])


@pytest.mark.parametrize("error", [StoreError("the disk is full"), RuntimeError("no more ids")])
def test_a_monitor_whose_windows_cannot_be_finished_does_not_stop_others(
    store: Database, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    bench = set_up(store, parts=[("make_id", fail_with(error))])
    second = add_monitor(bench, "rides", ".")
    tell_story(bench.source, "a")
    bench.clock.move_to(due(1))
    plan_all(bench.parts, [bench.watch, second.watch])

    judged = check_due(bench.parts, [bench.watch, second.watch], stopping=lambda: False)

    assert judged == 1
    assert (bench.words(), second.words()) == ([], ["ok"])
    assert "checking failed monitor=flights" in caplog.text


@pytest.mark.parametrize("error", [StoreError("the disk is full"), RuntimeError("no more ids")])
def test_a_monitor_that_cannot_be_planned_does_not_stop_others(
    store: Database, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    bench = set_up(store, policy=LATE)
    bench.live("-")
    second = add_monitor(bench, "rides", ".")
    broken = replace(bench.parts, make_id=fail_with(error))
    bench.clock.move_to(due(1) + 7 * HOUR)

    plan_all(broken, [bench.watch, second.watch])

    assert "planning failed monitor=flights" in caplog.text
    assert [slot.window for slot in second.waiting()] == [day(1)]


def fail_with(error: Exception) -> Callable[[], str]:
    def make_id() -> str:
        raise error

    return make_id


def test_windows_given_up_are_named_in_the_log(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    bench = set_up(store, catch_up=CatchUp(policy="latest"))
    bench.live(".")

    bench.tick_at(due(5))

    (line,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert line.startswith(f"windows given up monitor=flights windows=3 first={day(2)} last={day(4)} reason=")


def test_windows_given_up_are_told_once_and_listed_when_a_window_is_judged_again(store: Database) -> None:
    bench = set_up(store, catch_up=CatchUp(policy="none"))
    bench.live(".")

    bench.clock.move_to(due(38))
    bench.plan()
    bench.plan()
    (incident,) = bench.incidents()
    given_up = [incident.kind, incident.state, incident.first_window, bench.told()]
    bench.live(".", first=38)

    assert given_up == [IncidentKind.EVALUATION, IncidentState.OPEN, day(2), ["opened"]]
    assert bench.told() == ["opened", "resolved"]
    opened, resolved = bench.deliveries()
    gap = "36 windows from 2013-02-02 to 2013-03-09 were not judged: missed while nobody looked"
    assert gap in opened.body
    assert gap in resolved.body
    assert "36 windows not judged" in opened.body


def test_windows_given_up_are_counted_whatever_was_interrupted(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "MOST_PLANNED", 4)
    broken = BreakingDatabase(store)
    bench = set_up(store, catch_up=CatchUp(policy="latest"))
    bench.live(".")
    bench.clock.move_to(due(20))
    others = iter([None, SystemExit])
    real = broken.write

    def write(work: Any, **options: Any) -> Any:
        if error := next(others, None):
            raise error
        return real(work, **options)

    broken.write = write  # type: ignore[method-assign]  # The second transaction does not come about.
    with pytest.raises(SystemExit):
        plan_all(replace(bench.parts, database=broken), [bench.watch])
    first = bench.deliveries()
    bench.tick_at(due(21))

    assert "18 windows from 2013-02-02 to 2013-02-19 were not judged" in first[0].body
    assert bench.told() == ["opened"]
    (incident,) = bench.incidents(IncidentKind.EVALUATION)
    assert "19 windows from 2013-02-02 to 2013-02-20 were not judged" in incident.members[0].text


def test_history_tells_its_final_state_once(store: Database) -> None:
    bench = set_up(store, now=due(6) + HOUR)
    tell_story(bench.source, "a..aaa")

    bench.tick()
    after_history = bench.told()
    bench.live("aa", first=7)

    assert bench.words() == ["drift", "ok", "ok", "drift", "drift", "drift", "drift", "drift"]
    assert (after_history, bench.told()) == (["opened"], ["opened"])


def test_history_that_ended_well_tells_nobody(store: Database) -> None:
    bench = set_up(store, now=due(6) + HOUR)
    tell_story(bench.source, "aaa...")

    bench.tick()

    assert [incident.state for incident in bench.incidents()] == [IncidentState.RESOLVED]
    assert bench.told() == []


@pytest.mark.parametrize("turn", [1, 2, 3, 6, 200])
def test_history_is_told_once_however_many_turns_it_takes(
    store: Database, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    monkeypatch.setattr(live, "_WINDOWS_A_TURN", turn)
    bench = set_up(store, now=due(6) + HOUR)
    tell_story(bench.source, "...aa.")

    while bench.tick():
        pass

    assert bench.told() == ["opened"]


def test_history_is_judged_as_of_its_own_time(store: Database) -> None:
    policy = Policy(freshness=Freshness(page_after=2 * DAY), ages=Ages(model=3 * DAY))
    bench = set_up(
        store,
        now=due(300),
        policy=policy,
        model=Model(name="delay", trained_at=day(299).start),
        catch_up=CatchUp(at_most=6),
    )
    tell_story(bench.source, ".-.a..", first=295)

    bench.tick()

    assert {incident.kind: incident.opened_at for incident in bench.incidents()} == {
        IncidentKind.DRIFT: due(298)
    }


def test_while_history_is_unread_nothing_in_it_is_late_or_old(store: Database) -> None:
    """The planning tick comes while windows that hold rows still wait to be read."""
    policy = Policy(freshness=Freshness(page_after=2 * HOUR), ages=Ages(reference=5 * DAY))
    bench = set_up(store, now=due(4) + HOUR, policy=policy)
    tell_story(bench.source, "-...")
    bench.plan()
    check_due(bench.parts, [bench.watch], stopping=stop_after(2))

    bench.plan()
    in_the_midst = bench.incidents()
    bench.tick()

    assert in_the_midst == []
    assert bench.words() == ["no_data", "ok", "ok", "ok"]
    assert bench.incidents() == []
    assert bench.told() == []


def test_empty_days_missed_while_down_are_not_late_when_rows_came_after_them(store: Database) -> None:
    bench = set_up(store, policy=LATE)
    bench.live(".")
    tell_story(bench.source, "-..", first=2)

    bench.tick_at(due(4))

    assert bench.words() == ["ok", "no_data", "ok", "ok"]
    assert bench.incidents() == []


def test_rows_that_are_still_missing_after_a_time_down_are_late(store: Database) -> None:
    bench = set_up(store, policy=LATE)
    bench.live(".")
    tell_story(bench.source, "---", first=2)

    bench.tick_at(due(4))
    bench.tick_at(due(4) + SECOND)

    (incident,) = bench.incidents()
    assert (incident.kind, incident.first_window) == (IncidentKind.FRESHNESS, day(2))
    assert bench.told() == ["opened"]


@pytest.mark.parametrize(
    ("missed", "told"),
    [
        # What people know of and what is so in the end: nothing in between.
        (".a.a.a.", ["opened", "resolved"]),
        (".a.a.a", ["opened", "resolved", "opened"]),
        ("aaaaaa", ["opened"]),
        (".n.n.n.", ["opened", "resolved"]),
        (".....", ["opened", "resolved"]),
        (".EEE", ["opened", "resolved", "opened"]),
    ],
)
def test_of_windows_missed_while_down_only_the_final_state_is_told(
    store: Database, missed: str, told: list[str]
) -> None:
    bench = set_up(store, policy=Policy(resolve_after=1))
    bench.live("a")
    tell_story(bench.source, missed, first=2)

    bench.tick_at(due(len(missed) + 1) + DAY - HOUR)
    for _ in range(10 * missed.count("E")):
        bench.tick_at(bench.clock.now() + 2 * MINUTE)

    assert bench.told() == told


@pytest.mark.parametrize("turn", [1, 2, 5, 200])
def test_windows_missed_while_down_are_told_in_one_notice_that_counts_them(
    store: Database, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    monkeypatch.setattr(live, "_WINDOWS_A_TURN", turn)
    bench = set_up(store)
    bench.live(".")
    tell_story(bench.source, "..a.a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", first=2)

    bench.clock.move_to(due(38) + DAY)
    while bench.tick():
        pass

    (delivery,) = bench.deliveries()
    assert (
        "Caught up 37 windows. Already open since the window of 2013-02-04, which nobody had been told."
        in delivery.body
    )


def test_a_catch_up_goes_on_to_the_window_of_the_present(store: Database) -> None:
    bench = set_up(store, policy=Policy(resolve_after=1))
    bench.live(".")
    tell_story(bench.source, "aa.a", first=2)

    bench.tick_at(due(5))

    assert bench.told() == ["opened"]
    assert "Caught up 3 windows. Already open since the window of 2013-02-05" in bench.deliveries()[0].body


def test_what_was_caught_up_is_told_when_the_window_of_the_present_has_to_wait(store: Database) -> None:
    bench = set_up(store)
    bench.live(".")
    tell_story(bench.source, "aaa-", first=2)

    bench.tick_at(due(5))
    waiting = bench.told()
    bench.live("aa", first=5)

    assert waiting == bench.told() == ["opened"]


def test_a_window_in_time_is_told_although_one_before_it_had_to_wait(store: Database) -> None:
    """Each window had its time while somebody looked: nothing was missed."""
    bench = set_up(store, policy=Policy(resolve_after=1))
    tell_story(bench.source, "-a")

    for hour in range(0, 48, 2):
        bench.tick_at(due(1) + hour * HOUR)

    assert bench.told() == ["opened"]
    assert "Caught up" not in bench.deliveries()[0].body


def test_a_monitor_that_never_catches_up_tells_how_things_stand_after_a_turn(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_WINDOWS_A_TURN", 2)
    bench = set_up(store)
    bench.live(".")
    tell_story(bench.source, "aaaaaa......", first=2)
    bench.clock.move_to(due(13) + DAY)

    told = []
    for _ in range(6):
        bench.tick()
        told.append(bench.told())
        bench.clock.move_to(bench.clock.now() + 10 * MINUTE)

    assert told[0] == told[1] == []
    assert told[2] == ["opened"]
    assert told[5] == ["opened", "resolved"]


def test_while_windows_are_caught_up_no_retraining_is_asked_for(store: Database) -> None:
    bench = set_up(store, retrain=RetrainPolicy(trigger="ci", after=2))
    bench.live(".")
    tell_story(bench.source, "aaaa", first=2)
    bench.tick_at(due(5) + DAY - HOUR)
    caught_up = bench.retrains()

    bench.live("a", first=6)

    assert caught_up == []
    assert len(bench.retrains()) == 1


def test_after_history_retraining_is_asked_for_by_the_first_live_window(store: Database) -> None:
    bench = set_up(store, now=due(3) + HOUR, retrain=RetrainPolicy(trigger="ci", after=2))
    tell_story(bench.source, "aaa")
    bench.tick()
    silent = bench.retrains()

    bench.live("a", first=4)

    assert silent == []
    assert len(bench.retrains()) == 1


def test_what_flaps_is_told_until_it_does_and_then_once_it_is_stable(store: Database) -> None:
    bench = set_up(store, policy=Policy(resolve_after=1, reminders=()))

    bench.live("a.a.a.a.a.")
    flapping = bench.told()
    bench.live("a" * 11, first=11)

    assert flapping == ["opened", "resolved", "opened", "resolved"]
    assert bench.told() == [*flapping, "opened"]
    last = bench.incidents()[-1]
    assert bench.events(last) == ["opened", "settled"]


def test_the_end_of_what_flapped_is_told_although_another_incident_came_and_went(store: Database) -> None:
    bench = set_up(store, policy=Policy(resolve_after=1, reminders=()))
    bench.live("a.a" + "a" * 20 + ".a.a")
    started = bench.told()

    bench.live(".a." + "." * 11, first=28)

    assert started[-1] == "opened"
    assert bench.told() == [*started, "resolved"]


def hang(over: threading.Event, _: Window) -> None:
    over.wait(20)


def test_monitors_are_checked_side_by_side_and_one_that_hangs_stops_no_other(store: Database) -> None:
    bench = set_up(store, source=make_source("..."))
    second, over = add_monitor(bench, "second", "..."), threading.Event()
    bench.source.before = partial(hang, over)
    bench.clock.move_to(due(3))
    watches, lanes = [bench.watch, second.watch], Lanes(2)
    plan_all(bench.parts, watches)

    start_checks(bench.parts, watches, lanes, stopping=lambda: False)
    wait_until(lambda: second.words() == ["ok", "ok", "ok"])
    start_checks(bench.parts, watches, lanes, stopping=lambda: False)

    assert lanes.busy == 1
    assert bench.words() == []
    over.set()
    assert lanes.wait(20)
    assert bench.words() == ["ok", "ok", "ok"]
    assert [len(request.windows) for request in bench.source.requests[1:]] == [3]
