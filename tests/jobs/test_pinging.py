from __future__ import annotations

from datetime import timedelta

from driftwatch.channels.heartbeat import HEARTBEAT, Heartbeat
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.pinging import queue_ping
from driftwatch.net.secrets import Secret
from driftwatch.store.database import Database
from driftwatch.store.outbox import DeliveryRow, list_attempts, list_deliveries, summarise_outbox
from tests.support.clocks import FakeClock
from tests.support.monitors import due, make_parts
from tests.support.receiver import answer, answer_in_turn, serve

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def make(database: Database, url: str = "http://127.0.0.1:9/x") -> tuple[Parts, FakeClock]:
    clock = FakeClock(due(1))
    channel = Heartbeat(url=Secret.of_text(url), every=5 * MINUTE)
    return make_parts(database, clock, channels={HEARTBEAT: channel}), clock


def rows(parts: Parts) -> list[DeliveryRow]:
    return parts.database.read(list_deliveries)


def test_it_goes_out_every_so_often_through_the_outbox(database: Database) -> None:
    with serve(answer(200)) as watcher:
        parts, clock = make(database, watcher.url)
        queued = []
        for _ in range(11):
            queued.append(queue_ping(parts))
            deliver_due(parts)
            clock.advance(MINUTE)

    assert [number for number, one in enumerate(queued) if one] == [0, 5, 10]
    assert len(watcher.requests) == 3
    assert {(row.type, row.state.value) for row in rows(parts)} == {("heartbeat", "delivered")}


def test_at_most_one_waits(store: Database) -> None:
    parts, clock = make(store)

    for _ in range(5):
        queue_ping(parts)
        clock.advance(10 * MINUTE)

    assert len(rows(parts)) == 1


def test_several_daemons_queue_one(database: Database) -> None:
    parts, _ = make(database)

    assert [queue_ping(parts) for _ in range(3)] == [True, False, False]


def test_one_that_fails_is_not_repeated_and_is_no_failed_delivery(store: Database) -> None:
    with serve(answer_in_turn([answer(500), answer(200)])) as watcher:
        parts, clock = make(store, watcher.url)
        queue_ping(parts)
        deliver_due(parts)
        (failed,) = rows(parts)
        clock.advance(5 * MINUTE)
        queue_ping(parts)
        deliver_due(parts)

    assert failed.state == "expired"
    assert failed.decision == "the next heartbeat takes its place"
    assert [row.state.value for row in rows(parts)] == ["expired", "delivered"]
    assert store.read(lambda tx: summarise_outbox(tx, clock.now())).failed == 0


def test_those_of_the_day_before_are_forgotten(store: Database) -> None:
    with serve(answer(200)) as watcher:
        parts, clock = make(store, watcher.url)
        queue_ping(parts)
        deliver_due(parts)
        (first,) = rows(parts)
        clock.advance(DAY + MINUTE)
        queue_ping(parts)

    assert [row.id == first.id for row in rows(parts)] == [False]
    assert store.read(lambda tx: list_attempts(tx, first.id)) == []


def test_without_a_watcher_nothing_is_queued(store: Database) -> None:
    parts = make_parts(store, FakeClock(due(1)))

    assert queue_ping(parts) is False
    assert rows(parts) == []
