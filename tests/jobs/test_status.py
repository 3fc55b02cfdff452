from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.channels.contract import Outcome
from driftwatch.incidents.policy import Freshness, Patience, Policy
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.maintenance import GateRules
from driftwatch.jobs.status import MonitorStatus, Status, read_status
from driftwatch.store.database import Database
from driftwatch.store.destinations import note_refusal
from tests.support.incidents import day
from tests.support.monitors import (
    BLOCKS,
    REFUSED,
    Bench,
    attach,
    due,
    make_monitor,
    make_source,
    set_up,
    tell_story,
)
from tests.support.statements import count_statements

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
GONE = Outcome(delivered=False, again=False, status=410, error="http_410")


def read(bench: Bench) -> Status:
    return read_status(bench.parts.database, [bench.monitor], bench.clock.now())


def only(bench: Bench) -> MonitorStatus:
    (monitor,) = read(bench).monitors
    return monitor


def test_a_monitor_that_was_judged_on_time_is_healthy(store: Database) -> None:
    bench = set_up(store)

    bench.live("..")

    assert only(bench) == MonitorStatus(
        id="flights",
        verdict="ok",
        last_window=day(2),
        last_complete_window=day(2),
        next_due=due(3),
        late_by=None,
        open_incidents=(),
        worst=None,
    )
    assert read(bench).healthy


def test_a_monitor_without_one_complete_window_is_not_healthy(store: Database) -> None:
    bench = set_up(store)

    bench.live("-")

    assert only(bench).verdict == "no_data"
    assert not only(bench).healthy


def test_a_monitor_that_never_started_is_not_healthy(store: Database) -> None:
    status = read_status(store, [make_monitor(make_source())], day(2).start)

    (monitor,) = status.monitors
    assert (monitor.verdict, monitor.last_window, monitor.next_due) == (
        None,
        None,
        due(2),
    )
    assert not status.healthy


@pytest.mark.parametrize(
    ("after", "late_by"),
    [
        (timedelta(0), None),
        (DAY, None),
        (DAY + SECOND, DAY + SECOND),
        (9 * DAY, 9 * DAY),
    ],
)
def test_a_monitor_is_late_once_its_next_window_is_overdue_by_more_than_its_length(
    store: Database, after: timedelta, late_by: timedelta | None
) -> None:
    bench = set_up(store)
    bench.live("..")

    bench.clock.move_to(due(3) + after)

    assert only(bench).late_by == late_by
    assert only(bench).healthy == (late_by is None)


@pytest.mark.parametrize("letter", ["-", "X"])
def test_windows_that_tell_nothing_do_not_make_a_monitor_look_up_to_date(
    store: Database, letter: str
) -> None:
    bench = set_up(store)

    bench.live("." + 3 * letter)
    bench.clock.advance(HOUR)

    monitor = only(bench)
    assert (monitor.last_complete_window, monitor.late_by) == (day(1), 2 * DAY + HOUR)
    assert not monitor.healthy


@pytest.mark.parametrize("letter", ["-", "X"])
def test_a_monitor_without_any_complete_window_is_late(store: Database, letter: str) -> None:
    bench = set_up(store)

    bench.live(3 * letter)

    monitor = only(bench)
    assert (monitor.last_complete_window, monitor.late_by) == (None, 2 * DAY)
    assert not monitor.healthy


def test_a_first_window_that_waits_for_its_rows_is_not_late_yet(store: Database) -> None:
    bench = set_up(store)

    bench.live("-")

    assert (only(bench).verdict, only(bench).late_by) == ("no_data", None)


def test_minor_incidents_do_not_make_unhealthy(store: Database) -> None:
    bench = set_up(store, policy=Policy(freshness=Freshness(warn_after=2 * HOUR, page_after=6 * HOUR)))
    bench.live(".-")

    bench.tick_at(due(2) + 3 * HOUR)
    minor = only(bench)
    bench.tick_at(due(2) + 7 * HOUR)
    critical = only(bench)

    assert (minor.worst, len(minor.open_incidents), minor.healthy) == ("minor", 1, True)
    assert (critical.worst, critical.healthy) == ("critical", False)


def test_a_major_incident_makes_unhealthy_until_it_is_resolved(store: Database) -> None:
    bench = set_up(store, policy=Policy(resolve_after=2))

    states = []
    for number, letter in enumerate("a..", start=1):
        bench.live(letter, first=number)
        states.append((only(bench).open_incidents, only(bench).healthy))

    opened = bench.incidents()[0].id
    assert states == [((opened,), False), ((opened,), False), ((), True)]


def test_a_pending_incident_is_not_open(store: Database) -> None:
    bench = set_up(store, policy=Policy(patience=Patience(k=2, of=2)))

    bench.live("a")

    assert (only(bench).open_incidents, only(bench).verdict, only(bench).healthy) == ((), "drift", True)


def test_failed_deliveries_make_unhealthy_and_waiting_ones_do_not(store: Database) -> None:
    rules = GateRules(collapses=False)
    bench = set_up(store, policy=Policy(resolve_after=1), parts=[("gate", rules)])
    bench.live("a.")
    bench.channel.outcomes.extend([REFUSED, GONE])

    deliver_due(bench.parts)
    bench.clock.advance(30 * SECOND)
    waiting = read(bench)
    bench.channel.outcomes.clear()
    bench.channel.outcomes.append(GONE)
    deliver_due(bench.parts)
    failed = read(bench)

    assert (waiting.outbox.pending, waiting.outbox.failed, waiting.outbox.oldest_age) == (
        2,
        0,
        DAY + 30 * SECOND,
    )
    assert waiting.healthy
    assert (failed.outbox.pending, failed.outbox.failed) == (0, 1)
    assert not failed.healthy


def test_one_unhealthy_monitor_makes_the_whole_unhealthy(store: Database) -> None:
    bench = set_up(store)
    bench.live(".")
    other = make_monitor(make_source(), id="rides")

    status = read_status(store, [bench.monitor, other], bench.clock.now())

    assert [monitor.healthy for monitor in status.monitors] == [True, False]
    assert not status.healthy


def test_the_store_is_asked_as_much_for_one_monitor_as_for_many(store: Database) -> None:
    bench = set_up(store)
    bench.live("..a")
    others = [make_monitor(make_source(), id=f"m{number}") for number in range(20)]
    for other in others:
        attach(store, other, bench.clock.now())

    one = count_statements(lambda: read(bench))
    many = count_statements(lambda: read_status(store, [bench.monitor, *others], bench.clock.now()))

    assert one == many


def test_the_json_is_that_of_the_contract(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")
    bench.clock.move_to(due(2) + DAY + SECOND)

    assert read(bench).to_json() == {
        "schema": "driftwatch.status/v1",
        "now": "2013-02-04T00:30:01Z",
        "healthy": False,
        "ready": False,
        "not_ready": [
            "no daemon was seen: is `driftwatch serve` running?",
            "a notice has waited 2 days to get out",
        ],
        "monitors": [
            {
                "id": "flights",
                "verdict": "drift",
                "last_window": "2013-02-01T00:00:00Z",
                "last_complete_window": "2013-02-01T00:00:00Z",
                "next_due": "2013-02-03T00:30:00Z",
                "late_by": 86401.0,
                "open_incidents": [bench.incidents()[0].id],
                "calibration": None,
                "calibration_note": None,
                "mode": "live",
                "paused": None,
            }
        ],
        "outbox": {"pending": 1, "failed": 0, "oldest_age": 172801.0},
        "destinations": [
            {
                "channel": "oncall",
                "pending": 1,
                "oldest_age": 172801.0,
                "disabled_at": None,
                "reason": None,
                "next_at": None,
            }
        ],
    }


def test_a_disabled_channel_makes_unhealthy_and_is_shown(store: Database) -> None:
    bench = set_up(store)
    bench.live(".")
    store.write(
        lambda tx: note_refusal(
            tx, "oncall", settings="s", reason="http_410", now=bench.clock.now(), at_once=True
        )
    )

    status = read(bench)

    (shown,) = status.to_json()["destinations"]
    assert not status.healthy
    assert (shown["channel"], shown["pending"], shown["reason"]) == ("oncall", 0, "http_410")
    assert shown["disabled_at"] == "2013-02-02T00:30:00Z"
    assert shown["next_at"] == "2013-02-02T01:30:00Z"


def test_an_untouched_store_has_an_empty_outbox(store: Database) -> None:
    status = read_status(store, [], due(1))

    assert status.to_json()["outbox"] == {"pending": 0, "failed": 0, "oldest_age": None}
    assert status.healthy


def test_looking_judges_nothing(store: Database) -> None:
    bench = set_up(store)
    tell_story(bench.source, "a")
    bench.clock.move_to(due(1))

    read(bench)

    assert (bench.words(), bench.waiting(), len(bench.source.requests)) == ([], [], 1)


def test_a_day_that_is_empty_by_habit_makes_nothing_late(store: Database) -> None:
    source = make_source()
    for number in BLOCKS:
        if day(number).start.weekday() == 6:
            tell_story(source, "-", first=number)
    bench = set_up(store, source=source)
    sunday = next(number for number in range(1, 8) if day(number).start.weekday() == 6)
    bench.live("." * (sunday - 1))

    for hours in (0, 25):
        bench.live("-", first=sunday)
        bench.tick_at(due(sunday) + hours * HOUR)

    assert [row.verdict.word.value for row in bench.verdicts()][-1] == "no_data"
    assert only(bench).late_by is None
