from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from driftwatch.channels.contract import Message, Outcome
from driftwatch.channels.webhook import Webhook
from driftwatch.jobs.clock import SystemClock
from driftwatch.jobs.messages import TEST_TYPE, build_test_body
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.pump import Pump
from driftwatch.net.secrets import Secret
from driftwatch.net.signing import generate_secret
from driftwatch.store.database import Database
from driftwatch.store.outbox import DeliveryDraft, DeliveryRow, list_deliveries, queue_delivery
from tests.support.clocks import FakeClock
from tests.support.monitors import DELIVERED, FakeChannel, due, make_parts
from tests.support.receiver import answer, drip_headers, serve

NOT_STOPPING: Callable[[], bool] = lambda: False  # noqa: E731 - a constant answer.


def queue(parts: Parts, channel: str, count: int = 1, kind: str = TEST_TYPE) -> None:
    now = parts.clock.now()
    draft = DeliveryDraft(channel=channel, type=kind, body=build_test_body(channel, now))
    for _ in range(count):
        parts.database.write(lambda tx: queue_delivery(tx, draft, make_id=parts.make_id, now=now))


def list_rows(parts: Parts) -> list[DeliveryRow]:
    return parts.database.read(list_deliveries)


class Gate(FakeChannel):
    """Holds every message until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()

    def send(self, message: Message, now: object) -> Outcome:  # noqa: ARG002 - the signature of channels.
        self.sent.append(message)
        self.entered.release()
        assert self.opened.wait(timeout=30)
        return DELIVERED


def test_what_is_due_is_sent_by_threads_that_end_when_there_is_nothing(database: Database) -> None:
    parts = make_parts(database, FakeClock(due(1)), channels={"a": FakeChannel(), "b": FakeChannel()})
    queue(parts, "a", 5)
    queue(parts, "b", 5)
    pump = Pump(4)

    pump.start(parts, NOT_STOPPING)

    assert pump.join(timeout=60)
    assert {row.state.value for row in list_rows(parts)} == {"delivered"}
    assert len({message.id for name in "ab" for message in parts.channels[name].sent}) == 10  # type: ignore[attr-defined]  # Fakes.


def test_a_channel_that_hangs_keeps_one_thread_and_the_others_are_served(store: Database) -> None:
    stuck, quick = Gate(), FakeChannel()
    parts = make_parts(store, FakeClock(due(1)), channels={"stuck": stuck, "quick": quick})
    queue(parts, "stuck", 6)
    pump = Pump(4)
    pump.start(parts, NOT_STOPPING)
    assert stuck.entered.acquire(timeout=30)

    queue(parts, "quick", 6)
    for _ in range(200):
        pump.start(parts, NOT_STOPPING)
        if len(quick.sent) == 6:
            break
        time.sleep(0.01)

    assert len(quick.sent) == 6
    assert len(stuck.sent) == 1
    stuck.opened.set()
    assert pump.join(timeout=60)
    assert len(stuck.sent) == 6


def test_no_more_threads_than_it_has_are_at_work(store: Database) -> None:
    gates = {f"channel-{number}": Gate() for number in range(6)}
    parts = make_parts(store, FakeClock(due(1)), channels=gates)
    for name in gates:
        queue(parts, name)
    pump = Pump(2)

    for _ in range(10):
        pump.start(parts, NOT_STOPPING)
    busy = pump.busy

    for gate in gates.values():
        gate.opened.set()
    assert busy <= 2
    assert pump.join(timeout=60)


def test_a_stop_ends_it_after_what_is_under_way(store: Database) -> None:
    gate = Gate()
    parts = make_parts(store, FakeClock(due(1)), channels={"a": gate})
    queue(parts, "a", 3)
    stop = threading.Event()
    pump = Pump(2)
    pump.start(parts, stop.is_set)
    assert gate.entered.acquire(timeout=30)

    stop.set()
    gate.opened.set()

    assert pump.join(timeout=60)
    assert sorted(row.state.value for row in list_rows(parts)) == ["delivered", "pending", "pending"]


def fail(_: object) -> datetime:
    raise RuntimeError("a fault")


def test_a_fault_ends_one_turn_and_not_the_pool(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    parts = make_parts(store, FakeClock(due(1)))
    queue(parts, "oncall")
    broken = replace(parts, read_time=fail)
    pump = Pump(1)

    pump.start(broken, NOT_STOPPING)
    assert pump.join(timeout=30)
    pump.start(parts, NOT_STOPPING)

    assert pump.join(timeout=30)
    assert "delivering failed" in caplog.text
    assert {row.state.value for row in list_rows(parts)} == {"delivered"}


def test_pages_go_before_digests(store: Database) -> None:
    channel = FakeChannel()
    parts = make_parts(store, FakeClock(due(1)), channels={"a": channel})
    queue(parts, "a", 3, kind="digest")
    queue(parts, "a", 3)
    pump = Pump(1)

    pump.start(parts, NOT_STOPPING)

    assert pump.join(timeout=30)
    order = [message.id for message in channel.sent]
    pages = {row.id for row in list_rows(parts) if row.type == TEST_TYPE}
    assert len(order) == 6
    assert set(order[:3]) == pages


def build_webhook(url: str) -> Webhook:
    return Webhook(
        url=Secret.of_text(url),
        secret=Secret.of_text(generate_secret()),
        timeout=timedelta(seconds=3),
    )


def test_a_receiver_that_drips_does_not_slow_the_others_down(store: Database) -> None:
    with serve(drip_headers) as dripping, serve(answer(204)) as quick:
        channels = {"drip": build_webhook(dripping.url), "quick": build_webhook(quick.url)}
        parts = make_parts(store, FakeClock(due(1)), channels=channels)
        parts = replace(parts, clock=SystemClock())
        queue(parts, "drip", 10)
        pump, stop = Pump(4), threading.Event()
        pump.start(parts, stop.is_set)
        waits = []
        for _ in range(10):
            before, known = time.monotonic(), len(quick.requests)
            queue(parts, "quick")
            while len(quick.requests) == known and time.monotonic() - before < 10:
                pump.start(parts, stop.is_set)
                time.sleep(0.005)
            waits.append(time.monotonic() - before)
        stop.set()
        assert pump.join(timeout=30)

    # Behind the dripping one each would wait for three seconds.
    assert sorted(waits)[-2] < 1.5, waits
