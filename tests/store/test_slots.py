from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial

import pytest

from driftwatch.profiles.window import Window
from driftwatch.store.claims import Fenced
from driftwatch.store.database import Database
from driftwatch.store.meta import read_meta, write_meta
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.slots import (
    Claim,
    SlotRow,
    SlotState,
    claim_slot,
    due_slots,
    finish_slot,
    newest_slot,
    open_slots,
    plan_slots,
    postpone_slot,
    reopen_slots,
    skip_slot,
)
from tests.support.stored import DAY, NOW, day, register

LEASE = timedelta(minutes=1)


@pytest.fixture
def monitor(database: Database) -> MonitorRow:
    """A monitor with days 0, 1 and 2 planned; day 0 fell due at NOW, the others a day later each."""
    registered = register(database)
    _plan(database, registered, 3)
    return registered


def _plan(database: Database, monitor: MonitorRow, days: int) -> None:
    slots = [(day(number), NOW + number * DAY) for number in range(days)]
    database.write(lambda connection: plan_slots(connection, monitor, slots))


def _claim(
    database: Database, monitor: MonitorRow, number: int, after: timedelta = timedelta(0), owner: str = "me"
) -> Claim | None:
    return database.write(
        lambda connection: claim_slot(connection, monitor, day(number), owner, LEASE, NOW + after)
    )


def _need_claim(
    database: Database, monitor: MonitorRow, number: int, after: timedelta = timedelta(0)
) -> Claim:
    claim = _claim(database, monitor, number, after)
    assert claim is not None
    return claim


def _open(database: Database, monitor: MonitorRow) -> list[SlotRow]:
    return database.read(lambda connection: open_slots(connection, monitor))


def test_planning_again_changes_nothing(database: Database, monitor: MonitorRow) -> None:
    claim = _need_claim(database, monitor, 0)
    database.write(lambda connection: finish_slot(connection, claim, SlotState.DONE))

    _plan(database, monitor, 3)

    assert [slot.window for slot in _open(database, monitor)] == [day(1), day(2)]


def test_too_many_slots_at_once_are_refused(database: Database, monitor: MonitorRow) -> None:
    windows = [(Window(start=NOW + DAY * n, end=NOW + DAY * (n + 1)), NOW) for n in range(501)]

    with pytest.raises(ValueError, match="at most 500"):
        database.write(lambda connection: plan_slots(connection, monitor, windows))


def test_a_claim_has_a_token_and_a_lease_and_is_an_attempt(database: Database, monitor: MonitorRow) -> None:
    claim = _need_claim(database, monitor, 0)

    assert (claim.window, claim.token, claim.attempts, claim.until) == (day(0), 1, 1, NOW + LEASE)
    slot = _open(database, monitor)[0]
    assert (slot.state, slot.owner, slot.claim_until) == (SlotState.CLAIMED, "me", NOW + LEASE)


def test_a_claimed_slot_cannot_be_claimed_until_the_lease_has_run_out(
    database: Database, monitor: MonitorRow
) -> None:
    _need_claim(database, monitor, 0)

    assert _claim(database, monitor, 0, LEASE) is None
    later = _need_claim(database, monitor, 0, LEASE + timedelta(microseconds=1))
    assert (later.token, later.attempts) == (2, 2)


def test_a_slot_is_not_claimed_before_its_time(database: Database, monitor: MonitorRow) -> None:
    assert _claim(database, monitor, 0, -timedelta(microseconds=1)) is None


def test_a_window_waits_for_the_older_ones(database: Database, monitor: MonitorRow) -> None:
    first = _need_claim(database, monitor, 0)

    assert _claim(database, monitor, 1, 5 * DAY) is None
    database.write(lambda connection: finish_slot(connection, first, SlotState.DEAD))
    assert _claim(database, monitor, 1, 5 * DAY) is not None


def test_another_monitor_does_not_wait(database: Database, monitor: MonitorRow) -> None:
    other = register(database, "other")
    _plan(database, other, 1)
    _need_claim(database, monitor, 0)

    assert _claim(database, other, 0) is not None


def test_a_window_that_is_not_planned_cannot_be_claimed(database: Database, monitor: MonitorRow) -> None:
    assert _claim(database, monitor, 7, 9 * DAY) is None


def test_a_finished_slot_cannot_be_claimed_again(database: Database, monitor: MonitorRow) -> None:
    claim = _need_claim(database, monitor, 0)
    database.write(lambda connection: finish_slot(connection, claim, SlotState.DONE))

    assert _claim(database, monitor, 0, 9 * DAY) is None


def test_a_fenced_finish_changes_nothing(database: Database, monitor: MonitorRow) -> None:
    slow = _need_claim(database, monitor, 0)
    quick = _need_claim(database, monitor, 0, 2 * LEASE)

    def finish(connection: object) -> None:
        write_meta(connection, "written", "by the slow one")  # type: ignore[arg-type]  # A connection.
        finish_slot(connection, slow, SlotState.DONE)  # type: ignore[arg-type]  # A connection.

    with pytest.raises(Fenced, match=r"window 2013-03-01T00:00:00Z.*somebody else took this window over"):
        database.write(finish)

    slot = _open(database, monitor)[0]
    assert (slot.state, slot.token) == (SlotState.CLAIMED, quick.token)
    assert database.read(lambda connection: read_meta(connection, "written")) is None


def test_finishing_twice_is_fenced(database: Database, monitor: MonitorRow) -> None:
    claim = _need_claim(database, monitor, 0)
    database.write(lambda connection: finish_slot(connection, claim, SlotState.DONE))

    with pytest.raises(Fenced):
        database.write(lambda connection: finish_slot(connection, claim, SlotState.DONE))


def test_a_postponed_slot_waits_and_keeps_its_reason(database: Database, monitor: MonitorRow) -> None:
    claim = _need_claim(database, monitor, 0)

    database.write(lambda connection: postpone_slot(connection, claim, NOW + DAY, "source away"))

    assert _claim(database, monitor, 0, DAY - timedelta(seconds=1)) is None
    again = _need_claim(database, monitor, 0, DAY)
    assert (again.attempts, again.reason) == (2, "source away")
    with pytest.raises(Fenced):
        database.write(lambda connection: postpone_slot(connection, claim, NOW, "late"))


def test_a_skipped_slot_is_entered_and_closed(database: Database, monitor: MonitorRow) -> None:
    def skip(number: int) -> bool:
        return database.write(
            lambda connection: skip_slot(connection, monitor, day(number), due_at=NOW, reason="catch-up")
        )

    claim = _need_claim(database, monitor, 0)
    skipped = [skip(0), skip(1), skip(9), skip(9)]

    assert skipped == [False, True, True, False]
    assert [slot.window for slot in _open(database, monitor)] == [day(0), day(2)]
    newest = database.read(lambda connection: newest_slot(connection, monitor))
    assert newest is not None
    assert (newest.window, newest.state, newest.reason) == (day(9), SlotState.SKIPPED, "catch-up")
    database.write(lambda connection: finish_slot(connection, claim, SlotState.DONE))


def test_reopened_slots_are_judged_once_more_and_claimed_ones_are_left_alone(
    database: Database, monitor: MonitorRow
) -> None:
    first = _need_claim(database, monitor, 0)
    database.write(lambda connection: finish_slot(connection, first, SlotState.DONE))
    second = _need_claim(database, monitor, 1, DAY)
    database.write(lambda connection: postpone_slot(connection, second, NOW + 90 * DAY, "source away"))

    database.write(lambda connection: reopen_slots(connection, monitor, []))
    before = [slot.window for slot in _open(database, monitor)]
    database.write(lambda connection: reopen_slots(connection, monitor, [day(0), day(1)]))
    again = _need_claim(database, monitor, 0, DAY)
    database.write(lambda connection: reopen_slots(connection, monitor, [day(0)]))

    assert before == [day(1), day(2)]
    assert again.token == 2
    states = [(slot.window, slot.state, slot.next_at) for slot in _open(database, monitor)]
    assert states == [
        (day(0), SlotState.CLAIMED, NOW),
        (day(1), SlotState.DUE, NOW + DAY),
        (day(2), SlotState.DUE, NOW + 2 * DAY),
    ]


def test_due_slots_are_the_oldest_of_each_monitor_longest_due_first(
    database: Database, monitor: MonitorRow
) -> None:
    other = register(database, "other")
    earlier = [(day(-5), NOW - DAY), (day(-4), NOW)]
    database.write(lambda connection: plan_slots(connection, other, earlier))

    def due(after: timedelta, limit: int = 10) -> list[tuple[str, Window]]:
        rows = database.read(lambda connection: due_slots(connection, NOW + after, limit))
        return [(row.monitor_key, row.window) for row in rows]

    assert due(9 * DAY) == [("other", day(-5)), ("flights", day(0))]
    assert due(9 * DAY, limit=1) == [("other", day(-5))]
    assert due(-DAY) == [("other", day(-5))]
    assert due(-2 * DAY) == []
    _need_claim(database, monitor, 0)
    assert due(timedelta(0)) == [("other", day(-5))]
    assert due(2 * LEASE) == [("other", day(-5)), ("flights", day(0))]


def test_of_rivals_for_one_slot_exactly_one_wins(database: Database, monitor: MonitorRow) -> None:
    start = threading.Barrier(8)
    claims: list[Claim | None] = []

    def rival(number: int) -> None:
        start.wait()
        claims.append(_claim(database, monitor, 0, owner=f"rival {number}"))

    rivals = [threading.Thread(target=rival, args=(number,)) for number in range(8)]
    for thread in rivals:
        thread.start()
    for thread in rivals:
        thread.join()

    assert len(claims) == 8
    assert [claim.token for claim in claims if claim] == [1]


def test_rivals_work_through_the_windows_in_order_and_once_each(
    database: Database, monitor: MonitorRow
) -> None:
    _plan(database, monitor, 12)
    done: list[Window] = []

    def work(owner: str) -> None:
        while True:
            slots = _open(database, monitor)
            if not slots:
                return
            number = (slots[0].window.start - day(0).start).days
            claim = _claim(database, monitor, number, 99 * DAY, owner)
            if claim is not None:
                done.append(claim.window)
                database.write(partial(finish_slot, claim=claim, state=SlotState.DONE))

    rivals = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in rivals:
        thread.start()
    for thread in rivals:
        thread.join()

    assert done == [day(number) for number in range(12)]
