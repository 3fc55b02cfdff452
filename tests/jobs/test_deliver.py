from __future__ import annotations

import json
from datetime import timedelta

import pytest

from driftwatch.channels.contract import Outcome
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.retry import SCHEDULE
from driftwatch.jobs.deliver import FALLBACK_AFTER, deliver_due, deliver_one, send_test
from driftwatch.jobs.maintenance import GateRules
from driftwatch.jobs.parts import LEASE
from driftwatch.store.database import Database
from driftwatch.store.outbox import DeliveryRow, DeliveryState, list_attempts, retry_deliveries
from tests.support.monitors import REFUSED, Bench, FakeChannel, due, set_up

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
REJECTED = Outcome(delivered=False, again=False, status=400, error="http_400")


def set_up_channels(database: Database, **channels: FakeChannel) -> Bench:
    """Return a monitor that tells the channel `oncall`, and whose parts have these channels."""
    return set_up(database, parts=[("channels", {"oncall": FakeChannel(), **channels})], notify=("oncall",))


def channel(bench: Bench, name: str) -> FakeChannel:
    found = bench.parts.channels[name]
    assert isinstance(found, FakeChannel)
    return found


def deliver(bench: Bench) -> int:
    return deliver_due(bench.parts)


def only(bench: Bench) -> DeliveryRow:
    (row,) = bench.deliveries()
    return row


def test_what_was_queued_is_sent_and_remembered(database: Database) -> None:
    bench = set_up(database)
    bench.live("a")

    sent = deliver(bench)

    (message,) = bench.channel.sent
    row = only(bench)
    assert sent == 1
    assert (row.state, row.delivered_at, row.attempts, row.last_status) == (
        DeliveryState.DELIVERED,
        due(1),
        1,
        200,
    )
    assert (message.id, message.type, message.severity, message.attempt) == (
        row.id,
        "incident.opened",
        "major",
        1,
    )
    assert message.payload == json.loads(row.body)["payload"]
    assert deliver(bench) == 0


def test_a_stop_ends_sending_after_the_notice_under_way(store: Database) -> None:
    bench = set_up(store, notify=("oncall", "oncall2"))
    bench.live("a")
    answers = iter([False, True])

    sent = deliver_due(bench.parts, stopping=lambda: next(answers))

    assert sent == 1


def test_the_id_is_the_same_over_all_attempts(store: Database) -> None:
    bench = set_up_channels(store, oncall=FakeChannel(REFUSED, REFUSED))
    bench.live("a")

    for _ in range(3):
        deliver(bench)
        bench.clock.advance(5 * MINUTE)

    assert [message.id for message in bench.channel.sent] == [only(bench).id] * 3
    assert [message.attempt for message in bench.channel.sent] == [1, 2, 3]
    assert only(bench).state is DeliveryState.DELIVERED


def test_failed_attempts_follow_the_schedule_within_a_fifth(store: Database) -> None:
    bench = set_up_channels(store, oncall=FakeChannel(*[REFUSED] * 10))
    bench.live("a")

    waits = []
    for _ in range(10):
        assert deliver(bench) == 1
        waits.append(only(bench).next_at - bench.clock.now())
        bench.clock.move_to(only(bench).next_at)

    wanted = [*SCHEDULE[1:], HOUR, HOUR, HOUR]
    assert all(abs(wait - want) <= 0.2 * want for wait, want in zip(waits, wanted, strict=True)), (
        f"{waits} are not {wanted}"
    )


def test_a_notice_is_not_sent_before_its_time(store: Database) -> None:
    bench = set_up_channels(store, oncall=FakeChannel(REFUSED))
    bench.live("a")
    deliver(bench)

    bench.clock.move_to(only(bench).next_at - timedelta(microseconds=1))
    early = deliver(bench)
    bench.clock.move_to(only(bench).next_at)

    assert (early, deliver(bench)) == (0, 1)


@pytest.mark.parametrize(("asked", "obeyed"), [(10 * MINUTE, 10 * MINUTE), (timedelta(days=2), HOUR)])
def test_what_the_receiver_asks_for_is_obeyed_up_to_an_hour(
    store: Database, asked: timedelta, obeyed: timedelta
) -> None:
    busy = Outcome(delivered=False, again=True, status=429, error="http_429", retry_after=asked)
    bench = set_up_channels(store, oncall=FakeChannel(busy))
    bench.live("a")

    deliver(bench)

    assert obeyed <= only(bench).next_at - bench.clock.now() <= 1.2 * obeyed


def test_every_attempt_is_remembered(store: Database) -> None:
    bench = set_up_channels(store, oncall=FakeChannel(REFUSED))
    bench.live("a")
    deliver(bench)
    bench.clock.advance(MINUTE)
    deliver(bench)

    attempts = store.read(lambda tx: list_attempts(tx, only(bench).id))

    assert [(one.started_at, one.status, one.error) for one in attempts] == [
        (due(1), 503, "http_503"),
        (due(1) + MINUTE, 200, None),
    ]


def test_notices_of_one_incident_go_out_in_order_though_the_first_fails(database: Database) -> None:
    rules = GateRules(collapses=False)
    bench = set_up(database, policy=Policy(resolve_after=1), parts=[("gate", rules)])
    bench.channel.outcomes.append(REFUSED)
    bench.live("a")
    deliver(bench)
    bench.clock.advance(SECOND)

    bench.live(".", first=2)
    deliver(bench)

    assert [message.type for message in bench.channel.sent] == [
        "incident.opened",
        "incident.opened",
        "incident.resolved",
    ]


def test_a_failing_notice_holds_up_no_other_incident(store: Database) -> None:
    bench = set_up(store)
    bench.channel.outcomes.append(REFUSED)
    bench.live("a")
    deliver(bench)

    other = set_up(store, id="rides", now=due(1) + SECOND, parts=[("channels", bench.parts.channels)])
    other.live("a", first=2)
    deliver(other)

    monitors = [message.payload["data"]["monitor"]["id"] for message in bench.channel.sent]
    assert monitors == ["flights", "flights", "rides"]


def test_a_dead_notice_goes_to_the_fallback_once(database: Database) -> None:
    hook = FakeChannel()
    bench = set_up_channels(database, oncall=FakeChannel(REJECTED, fallback="hook"), hook=hook)
    bench.live("a")

    deliver(bench)

    rows = bench.deliveries()
    assert [(row.channel, row.state.value) for row in rows] == [("oncall", "dead"), ("hook", "delivered")]
    assert rows[0].body == rows[1].body
    assert [message.id for message in hook.sent] == [rows[1].id]
    assert rows[0].id != rows[1].id


def test_the_fallback_is_told_after_three_failures_while_the_first_channel_is_tried_on(
    store: Database,
) -> None:
    hook = FakeChannel()
    bench = set_up_channels(store, oncall=FakeChannel(*[REFUSED] * 6, REJECTED, fallback="hook"), hook=hook)
    bench.live("a")

    told = []
    for _ in range(7):
        deliver(bench)
        told.append(len(hook.sent))
        bench.clock.advance(4 * HOUR)

    assert told == [0, 0, 1, 1, 1, 1, 1]
    assert FALLBACK_AFTER == 3
    assert len(channel(bench, "oncall").sent) == 7


def test_the_fallback_is_told_though_the_process_died_in_the_third_attempt(store: Database) -> None:
    hook = FakeChannel()
    dying = FakeChannel(REFUSED, REFUSED, KeyboardInterrupt(), REFUSED, fallback="hook")
    bench = set_up_channels(store, oncall=dying, hook=hook)
    bench.live("a")

    for _ in range(4):
        try:
            deliver(bench)
        except KeyboardInterrupt:
            bench.clock.advance(LEASE)
        bench.clock.advance(3 * MINUTE)

    assert len(hook.sent) == 1


def test_channels_that_are_each_others_fallback_are_told_once_each(store: Database) -> None:
    one, two = FakeChannel(REJECTED, fallback="hook"), FakeChannel(REJECTED, fallback="oncall")
    bench = set_up_channels(store, oncall=one, hook=two)
    bench.live("a")

    deliver(bench)

    assert (len(one.sent), len(two.sent)) == (1, 1)
    assert {row.state for row in bench.deliveries()} == {DeliveryState.DEAD}


def test_a_dead_notice_without_fallback_stays_and_can_be_tried_again(store: Database) -> None:
    bench = set_up_channels(store, oncall=FakeChannel(REJECTED))
    bench.live("a")
    deliver(bench)
    dead = only(bench)

    store.write(lambda tx: retry_deliveries(tx, ids=[dead.id], now=bench.clock.now()))
    deliver(bench)

    assert (dead.state, dead.last_error) == (DeliveryState.DEAD, "http_400")
    assert only(bench).state is DeliveryState.DELIVERED
    assert [message.id for message in bench.channel.sent] == [dead.id] * 2


def test_a_channel_that_the_configuration_no_longer_has_is_dead_with_the_reason(store: Database) -> None:
    bench = set_up(store, notify=("removed",))
    bench.live("a")

    deliver(bench)

    assert only(bench).state is DeliveryState.DEAD
    assert only(bench).last_error == "the configuration has no such channel any more"


def test_a_fault_of_a_channel_is_a_failed_attempt_and_holds_up_nobody(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    bench = set_up_channels(store, oncall=FakeChannel(RuntimeError("a fault of the channel")))
    bench.live("an")

    sent = deliver(bench)

    first, second = bench.deliveries()
    assert sent == 2
    assert (first.state, first.last_error) == (
        DeliveryState.PENDING,
        "the channel itself failed (RuntimeError); the log of driftwatch has the details",
    )
    assert second.state is DeliveryState.DELIVERED
    assert "a fault of the channel" in caplog.text


def test_a_process_that_dies_after_sending_sends_again_with_the_same_id_once_its_claim_ran_out(
    database: Database,
) -> None:
    bench = set_up_channels(database, oncall=FakeChannel(KeyboardInterrupt()))
    bench.live("a")
    with pytest.raises(KeyboardInterrupt):
        deliver(bench)

    at_once = deliver(bench)
    bench.clock.advance(LEASE + SECOND)
    later = deliver(bench)

    assert (at_once, later) == (0, 1)
    assert [message.id for message in bench.channel.sent] == [only(bench).id] * 2
    assert only(bench).state is DeliveryState.DELIVERED


def test_an_attempt_that_ended_with_its_process_makes_nobody_wait_longer(database: Database) -> None:
    bench = set_up_channels(database, oncall=FakeChannel(*[KeyboardInterrupt()] * 6, REFUSED))
    bench.live("a")
    for _ in range(6):
        with pytest.raises(KeyboardInterrupt):
            deliver(bench)
        bench.clock.advance(LEASE + SECOND)

    deliver(bench)

    assert only(bench).attempts == 7
    assert only(bench).next_at - bench.clock.now() <= 1.2 * SCHEDULE[1]


def test_whoever_was_overtaken_while_sending_changes_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    slow = SlowChannel()
    bench = set_up_channels(database, oncall=slow)
    bench.live("a")
    slow.bench = bench

    sent = deliver_one(bench.parts)

    assert sent is True
    assert len(slow.sent) == 2
    assert (only(bench).state, only(bench).attempts) == (DeliveryState.DELIVERED, 2)
    assert len(database.read(lambda tx: list_attempts(tx, only(bench).id))) == 1
    assert "delivery overtaken" in caplog.text


class SlowChannel(FakeChannel):
    """Takes longer over its first message than the claim lasts, and fails in the end."""

    bench: Bench | None = None

    def send(self, message: object, now: object) -> Outcome:
        outcome = super().send(message, now)  # type: ignore[arg-type]  # Handed on as they come.
        if self.bench is None:
            return outcome
        bench, self.bench = self.bench, None
        bench.clock.advance(LEASE + SECOND)
        assert deliver_one(bench.parts)
        return REFUSED


def test_a_test_message_says_that_it_is_one_and_returns_what_became_of_it(store: Database) -> None:
    bench = set_up(store)

    row = send_test(bench.parts, "oncall")

    (message,) = bench.channel.sent
    assert (row.id, row.state, row.type) == (message.id, DeliveryState.DELIVERED, "delivery.test")
    assert message.payload["type"] == "delivery.test"
    assert message.text == "This is a test of the channel 'oncall'. Nothing is wrong."


def test_a_test_message_that_fails_says_why_and_bothers_no_other_channel(store: Database) -> None:
    hook = FakeChannel()
    bench = set_up_channels(store, oncall=FakeChannel(REJECTED, fallback="hook"), hook=hook)

    row = send_test(bench.parts, "oncall")

    assert (row.state, row.last_error) == (DeliveryState.DEAD, "http_400")
    assert hook.sent == []
