from __future__ import annotations

from datetime import timedelta
from functools import partial

from driftwatch.store.database import Database
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.pauses import Pause, add_pause, end_pauses, find_pause, list_paused, list_pauses
from driftwatch.store.slots import claim_slot, due_slots, hasten_slots, plan_slots, postpone_slot
from tests.support.stored import DAY, NOW, day, register

HOUR = timedelta(hours=1)


def pause(database: Database, monitor: MonitorRow, hours: int | None = None) -> Pause:
    until = None if hours is None else NOW + hours * HOUR
    return database.write(
        lambda tx: add_pause(tx, monitor, since=NOW, until=until, author="Ana", reason="the feed moves")
    )


def test_a_pause_holds_from_its_beginning_until_its_end_and_is_kept_afterwards(database: Database) -> None:
    flights, rides = register(database), register(database, "rides")
    made = pause(database, flights, 2)

    moments = (NOW - HOUR, NOW, NOW + HOUR, NOW + 2 * HOUR)
    found = database.read(lambda tx: [find_pause(tx, flights, at) for at in moments])

    assert found == [None, made, made, None]
    assert database.read(lambda tx: find_pause(tx, rides, NOW)) is None
    assert database.read(lambda tx: list_paused(tx, NOW)) == {"flights": made}
    assert database.read(lambda tx: list_pauses(tx, flights)) == [made]
    assert database.read(lambda tx: list_pauses(tx, flights, since=NOW + 3 * HOUR)) == []


def test_ending_a_pause_says_who_did_and_leaves_those_that_are_over(database: Database) -> None:
    flights = register(database)
    pause(database, flights, 1)
    pause(database, flights)

    ended = database.write(lambda tx: end_pauses(tx, flights, "Ben", NOW + 2 * HOUR))
    again = database.write(lambda tx: end_pauses(tx, flights, "Cem", NOW + 3 * HOUR))

    assert (ended, again) == (1, 0)
    known = database.read(lambda tx: list_pauses(tx, flights))
    assert [(one.ended_by, one.until) for one in known] == [(None, NOW + HOUR), ("Ben", NOW + 2 * HOUR)]


def test_no_window_of_a_paused_monitor_can_be_claimed_and_those_of_others_can(database: Database) -> None:
    flights, rides = register(database), register(database, "rides")
    for monitor in (flights, rides):
        database.write(partial(plan_slots, monitor=monitor, windows=[(day(0), NOW)]))
    pause(database, flights, 2)

    def claim(monitor: MonitorRow, hours: int) -> bool:
        now = NOW + hours * HOUR
        return (
            database.write(lambda tx: claim_slot(tx, monitor, day(0), "me", timedelta(minutes=2), now))
            is not None
        )

    assert [one.monitor_key for one in database.read(lambda tx: due_slots(tx, NOW, 10))] == ["rides"]
    assert (claim(flights, 1), claim(rides, 1)) == (False, True)
    assert claim(flights, 2)


def test_what_was_postponed_and_has_fallen_due_can_be_hastened(database: Database) -> None:
    flights = register(database)
    database.write(lambda tx: plan_slots(tx, flights, [(day(0), NOW), (day(1), NOW + DAY)]))
    claim = database.write(lambda tx: claim_slot(tx, flights, day(0), "me", timedelta(minutes=2), NOW))
    assert claim is not None
    database.write(lambda tx: postpone_slot(tx, claim, NOW + 5 * HOUR, "out of reach"))

    assert database.read(lambda tx: due_slots(tx, NOW, 10)) == []
    assert database.write(lambda tx: hasten_slots(tx, flights, NOW)) == 1
    assert [one.window for one in database.read(lambda tx: due_slots(tx, NOW, 10))] == [day(0)]
