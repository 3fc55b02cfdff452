from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from driftwatch.incidents.conditions import Gap
from driftwatch.jobs.monitor import CatchUp, Monitor, ReferenceSpec
from driftwatch.jobs.plan import Owed, plan_monitor, plan_windows
from driftwatch.jobs.windows import Schedule
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.slots import SlotState, newest_slot, open_slots
from driftwatch.store.verdicts import list_verdicts
from tests.support.incidents import DELAY, day
from tests.support.monitors import attach, due, make_monitor, make_source

MINUTE = timedelta(minutes=1)
FIRST_DAY = day(1).start


def watch_days(policy: str = "all", at_most: int = 96, **changes: object) -> Monitor:
    catch_up = CatchUp(policy=policy, at_most=at_most)  # type: ignore[arg-type]  # One of the three words.
    return make_monitor(make_source(), catch_up=catch_up, **changes)


def days(first: int, last: int) -> tuple[Window, ...]:
    return tuple(day(number) for number in range(first, last + 1))


def plan(
    monitor: Monitor, now: datetime, *, newest: int | None = None, started_at: datetime = FIRST_DAY
) -> Owed:
    known = None if newest is None else day(newest)
    return plan_windows(monitor, newest=known, started_at=started_at, now=now)


def tell_nobody(tx: sa.Connection, gap: Gap) -> None:
    """Let windows be given up without a word."""


def open_windows(database: Database, row: MonitorRow) -> Sequence[Window]:
    return [slot.window for slot in database.read(lambda tx: open_slots(tx, row))]


@pytest.mark.parametrize(
    ("at_most", "expected"), [(3, days(8, 10)), (10, days(1, 10)), (96, days(1, 10)), (1, days(10, 10))]
)
def test_at_the_first_start_the_newest_of_the_past_are_owed_and_older_ones_are_not(
    at_most: int, expected: tuple[Window, ...]
) -> None:
    owed = plan(watch_days(at_most=at_most), due(10), started_at=due(10))

    assert owed == Owed(due=expected)


@pytest.mark.parametrize("policy", ["all", "latest", "none"])
def test_what_is_history_does_not_depend_on_the_catch_up_policy(policy: str) -> None:
    assert plan(watch_days(policy, at_most=4), due(10), started_at=due(10)).due == days(7, 10)


def test_no_window_of_the_reference_is_owed() -> None:
    assert plan(watch_days(), due(0), started_at=due(0)) == Owed(due=())


@pytest.mark.parametrize(("now", "expected"), [(due(1) - MINUTE, ()), (due(1), days(1, 1))])
def test_a_window_is_owed_from_the_moment_it_falls_due(now: datetime, expected: tuple[Window, ...]) -> None:
    assert plan(watch_days(), now).due == expected


def test_nothing_is_owed_before_the_reference_has_ended() -> None:
    assert plan(watch_days(), day(0).start, started_at=day(0).start) == Owed(due=())


def test_nothing_is_owed_when_the_clock_was_set_back() -> None:
    assert plan(watch_days(), due(2), newest=5) == Owed(due=())


def test_in_daily_life_each_window_is_owed_once() -> None:
    assert plan(watch_days(), due(5) + MINUTE, newest=4).due == days(5, 5)
    assert plan(watch_days(), due(5) + MINUTE, newest=5).due == ()


@pytest.mark.parametrize(
    ("policy", "at_most", "judged", "given_up"),
    [
        ("all", 96, days(3, 9), ()),
        ("all", 3, days(7, 9), days(3, 6)),
        ("latest", 96, days(9, 9), days(3, 8)),
        ("none", 96, days(9, 9), days(3, 8)),
    ],
)
def test_windows_missed_while_down_are_judged_or_given_up_by_policy(
    policy: str, at_most: int, judged: tuple[Window, ...], given_up: tuple[Window, ...]
) -> None:
    owed = plan(watch_days(policy, at_most), due(9), newest=2)

    assert (owed.due, owed.given_up) == (judged, given_up)
    assert (f"catch_up keeps {policy}" in owed.reason) == bool(given_up)


def test_without_catch_up_a_window_that_has_been_over_for_longer_than_its_length_is_given_up() -> None:
    monitor = watch_days("none", schedule=Schedule(cron="0 6 * * 1-5"))
    six = timedelta(hours=6)
    tuesday, wednesday, thursday = (
        Window(start=day(number).start + six, end=day(number).end + six) for number in (5, 6, 7)
    )

    on_sunday = plan_windows(monitor, newest=tuesday, started_at=FIRST_DAY, now=day(10).start + six)

    assert (on_sunday.due, on_sunday.given_up) == ((), (wednesday, thursday))


def test_windows_that_closed_before_the_first_start_are_history_even_where_one_was_judged_by_hand() -> None:
    owed = plan(watch_days(at_most=3), due(20), newest=2, started_at=due(18))

    assert owed.due == days(16, 20)
    assert owed.given_up == ()


def test_windows_missed_after_a_first_start_that_failed_are_caught_up_by_policy() -> None:
    owed = plan(watch_days("latest", at_most=2), due(8), started_at=due(4))

    assert owed.due == (*days(3, 4), day(8))
    assert owed.given_up == days(5, 7)


def test_a_reference_without_time_is_followed_by_windows_from_the_first_start_on() -> None:
    monitor = watch_days(reference=ReferenceSpec(source=make_source()))

    owed = plan(monitor, due(10), started_at=day(8).start)

    assert owed == Owed(due=days(8, 10))


def test_planning_twice_changes_nothing(store: Database) -> None:
    monitor = watch_days(at_most=4)
    row = attach(store, monitor, due(10))

    first = plan_monitor(store, monitor, row, due(10), tell_gap=tell_nobody)
    before = open_windows(store, row)
    second = plan_monitor(store, monitor, row, due(10), tell_gap=tell_nobody)

    assert (first.due, second) == (days(7, 10), Owed(due=()))
    assert open_windows(store, row) == before == list(days(7, 10))


def test_a_planned_window_falls_due_at_its_end_plus_the_delay(store: Database) -> None:
    monitor = watch_days()
    row = attach(store, monitor, FIRST_DAY)

    plan_monitor(store, monitor, row, due(1), tell_gap=tell_nobody)

    slot = store.read(lambda tx: newest_slot(tx, row))
    assert slot is not None
    assert (slot.due_at, slot.next_at, slot.state) == (day(1).end + DELAY, day(1).end + DELAY, SlotState.DUE)


def test_given_up_windows_are_recorded_by_name_as_not_evaluated(database: Database) -> None:
    monitor = watch_days("latest")
    row = attach(database, monitor, FIRST_DAY)
    plan_monitor(database, monitor, row, due(1), tell_gap=tell_nobody)

    owed = plan_monitor(database, monitor, row, due(6), tell_gap=tell_nobody)

    verdicts = database.read(lambda tx: list_verdicts(tx, row))
    assert [one.window for one in verdicts] == list(days(2, 5)) == list(owed.given_up)
    assert {one.verdict.word.value for one in verdicts} == {"not_evaluated"}
    assert {one.verdict.reason for one in verdicts} == {owed.reason}
    assert open_windows(database, row) == [day(1), day(6)]


def test_a_window_that_is_given_up_twice_is_recorded_once(store: Database) -> None:
    monitor = watch_days("latest")
    row = attach(store, monitor, FIRST_DAY)
    plan_monitor(store, monitor, row, due(1), tell_gap=tell_nobody)
    plan_monitor(store, monitor, row, due(6), tell_gap=tell_nobody)

    plan_monitor(store, monitor, row, due(6), tell_gap=tell_nobody)

    assert [one.revision for one in store.read(lambda tx: list_verdicts(tx, row))] == [1, 1, 1, 1]


def test_a_year_of_hours_is_planned_in_one_go(store: Database) -> None:
    monitor = watch_days(at_most=1200, schedule=Schedule(every=timedelta(hours=1)))
    now = day(1).start + timedelta(hours=1500) + DELAY
    row = attach(store, monitor, now)

    owed = plan_monitor(store, monitor, row, now, tell_gap=tell_nobody)

    windows = open_windows(store, row)
    assert list(owed.due) == windows
    assert len(windows) == 1200
    assert windows[-1].end == day(1).start + timedelta(hours=1500)


def test_a_new_history_begins_like_a_first_start(store: Database) -> None:
    monitor = watch_days(at_most=2)
    plan_monitor(store, monitor, attach(store, monitor, due(3)), due(3), tell_gap=tell_nobody)
    changed = watch_days(at_most=2, identity="identity-2")

    row = attach(store, changed, due(9))
    owed = plan_monitor(store, changed, row, due(9), tell_gap=tell_nobody)

    assert row.history == 2
    assert owed == Owed(due=days(8, 9))
