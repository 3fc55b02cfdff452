from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from driftwatch.channels.contract import Message, Outcome
from driftwatch.incidents.policy import Policy
from driftwatch.jobs.deliver import deliver_due, send_test
from driftwatch.jobs.maintenance import GateRules
from driftwatch.jobs.retelling import retell_due
from driftwatch.store.database import Database
from driftwatch.store.destinations import find_destination, list_destinations
from driftwatch.store.outbox import list_attempts
from tests.support.monitors import REFUSED, Bench, FakeChannel, due, set_up

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
GONE = Outcome(delivered=False, again=False, status=410, error="http_410: gone")
UNAUTHORISED = Outcome(delivered=False, again=False, status=401, error="http_401: no")
CLOCK = Outcome(delivered=False, again=True, status=401, error="clock: ours is 300 s ahead")
LOST = Outcome(delivered=False, again=True, error="timeout: no answer", unsure=True)
RESOLVES_AT_ONCE = Policy(resolve_after=1)


def set_up_fallback(database: Database, *outcomes: Outcome, **changes: Any) -> tuple[Bench, FakeChannel]:
    hook = FakeChannel()
    channels = {"oncall": FakeChannel(*outcomes, fallback="hook"), "hook": hook}
    bench = set_up(database, parts=[("channels", channels)], notify=("oncall",), **changes)
    return bench, hook


def deliver(bench: Bench) -> None:
    retell_due(bench.parts, [bench.monitor])
    deliver_due(bench.parts)


def states(bench: Bench, channel: str = "oncall") -> list[tuple[str, str]]:
    rows = [row for row in bench.deliveries() if row.channel == channel]
    return [(row.type.removeprefix("incident."), row.state.value) for row in rows]


def types(channel: FakeChannel) -> list[str]:
    return [message.type.removeprefix("incident.") for message in channel.sent]


def is_disabled(bench: Bench) -> bool:
    return bool(bench.parts.database.read(list_destinations))


def test_a_channel_that_is_gone_is_disabled_at_once_and_that_is_told_on_the_fallback(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    bench, hook = set_up_fallback(database, GONE)
    bench.live("a")

    deliver(bench)

    assert is_disabled(bench)
    assert sorted(types(hook)) == ["channel.disabled", "opened"]
    (told,) = [message for message in hook.sent if message.type == "channel.disabled"]
    assert "The channel 'oncall' refuses what it is sent: http_410: gone" in told.text
    assert "driftwatch delivery retry --channel oncall" in told.text
    assert "channel disabled channel=oncall reason=http_410" in caplog.text


def queue_one(bench: Bench, number: int) -> None:
    """Queue a notice about an incident of another monitor."""
    other = set_up(bench.parts.database, id=f"monitor-{number}")
    other.live("a")


def count_refusals(bench: Bench) -> int:
    found = bench.parts.database.read(lambda tx: find_destination(tx, "oncall"))
    return 0 if found is None else found.refusals


def test_the_third_refusal_in_a_row_disables_and_the_first_two_do_not(store: Database) -> None:
    bench, hook = set_up_fallback(store, *[UNAUTHORISED] * 3)
    bench.clock.move_to(due(1))

    disabled = []
    for number in range(3):
        queue_one(bench, number)
        deliver(bench)
        disabled.append(is_disabled(bench))

    assert disabled == [False, False, True]
    assert [state for _, state in states(bench)] == ["dead"] * 3
    assert sorted(types(hook)) == ["channel.disabled", "opened", "opened", "opened"]


def test_another_answer_between_refusals_lets_them_be_counted_anew(store: Database) -> None:
    bench, _ = set_up_fallback(store, UNAUTHORISED, UNAUTHORISED, REFUSED, UNAUTHORISED)
    bench.clock.move_to(due(1))

    counted = []
    for number in range(4):
        queue_one(bench, number)
        deliver(bench)
        counted.append(count_refusals(bench))

    assert counted == [1, 2, 0, 1]
    assert not is_disabled(bench)


def test_while_it_is_disabled_what_is_due_there_waits_and_is_told_on_the_fallback(
    database: Database,
) -> None:
    bench, hook = set_up_fallback(database, GONE)

    bench.live("m")
    deliver(bench)

    dead, waiting = sorted(
        (row for row in bench.deliveries() if row.channel == "oncall"), key=lambda row: row.state
    )
    assert (dead.state, waiting.state, waiting.attempts) == ("dead", "pending", 0)
    assert waiting.decision == "the channel is disabled: http_410: gone"
    assert waiting.next_at == bench.clock.now() + HOUR
    assert len(bench.channel.sent) == 1
    assert sorted(types(hook)) == ["channel.disabled", "opened", "opened"]


def test_it_is_tried_once_an_hour_and_what_is_open_is_told_once_it_takes_something(
    database: Database,
) -> None:
    bench, _ = set_up_fallback(database, GONE, GONE)
    bench.live("m")
    deliver(bench)
    attempts = [len(bench.channel.sent)]

    for _ in range(2):
        bench.clock.advance(30 * MINUTE)
        deliver(bench)
        attempts.append(len(bench.channel.sent))
    still = is_disabled(bench)
    bench.clock.advance(HOUR + SECOND)
    deliver(bench)
    deliver(bench)

    assert attempts[:2] == [1, 1]
    assert attempts[2] == 2
    assert still
    assert not is_disabled(bench)
    open_now = {incident.id for incident in bench.incidents() if incident.is_open}
    delivered = {row.incident_id for row in bench.deliveries() if row.state == "delivered"}
    assert open_now <= delivered


def test_an_attempt_that_is_refused_again_is_not_dead(store: Database) -> None:
    bench, _ = set_up_fallback(store, GONE, GONE, GONE)
    bench.live("a")
    for _ in range(3):
        deliver(bench)
        bench.clock.advance(HOUR + SECOND)

    assert len(bench.channel.sent) == 3
    assert [state for _, state in states(bench)].count("dead") == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A channel with a setting; shares what it has sent with the others of the test."""

    inner: FakeChannel
    token: str
    fallback: str | None = None

    def send(self, message: Message, now: object) -> Outcome:
        return self.inner.send(message, now)  # type: ignore[arg-type]  # Handed on as it comes.

    def __repr__(self) -> str:
        return f"Settled({self.token})"


def test_changed_settings_enable_it_at_once(store: Database) -> None:
    inner = QuietChannel(GONE)
    bench = set_up(store, parts=[("channels", {"oncall": Settled(inner=inner, token="old")})])
    bench.live("a")
    deliver(bench)
    assert is_disabled(bench)

    parts = replace(bench.parts, channels={"oncall": Settled(inner=inner, token="new")})
    bench.clock.advance(SECOND)
    bench.live("n", first=2)
    deliver_due(parts)
    retell_due(parts, [bench.monitor])
    deliver_due(parts)

    assert not is_disabled(bench)
    delivered = {row.incident_id for row in bench.deliveries() if row.state == "delivered"}
    assert {incident.id for incident in bench.incidents() if incident.is_open} <= delivered


class QuietChannel(FakeChannel):
    """Looks the same whatever it has sent."""

    def __repr__(self) -> str:
        return "QuietChannel()"


def test_a_test_message_is_sent_to_a_disabled_channel_and_enables_it(store: Database) -> None:
    bench, _ = set_up_fallback(store, GONE)
    bench.live("a")
    deliver(bench)

    row = send_test(bench.parts, "oncall")

    assert row.state == "delivered"
    assert not is_disabled(bench)


def test_a_refusal_for_the_clock_is_tried_again_and_disables_nothing(store: Database) -> None:
    bench, hook = set_up_fallback(store, *[CLOCK] * 2)
    bench.live("a")
    for _ in range(3):
        deliver(bench)
        bench.clock.advance(5 * MINUTE)

    assert not is_disabled(bench)
    assert states(bench) == [("opened", "delivered")]
    assert hook.sent == []
    errors = store.read(lambda tx: list_attempts(tx, bench.deliveries()[0].id))
    assert [one.error for one in errors][:2] == ["clock: ours is 300 s ahead"] * 2


def test_what_came_and_went_while_it_could_not_be_told_is_not_told(database: Database) -> None:
    bench = set_up(database, policy=RESOLVES_AT_ONCE)
    bench.channel.outcomes.append(REFUSED)
    bench.live("a")
    deliver(bench)
    bench.live(".", first=2)
    deliver(bench)

    assert states(bench) == [("opened", "suppressed"), ("resolved", "suppressed")]
    assert {row.decision for row in bench.deliveries()} == {
        "collapsed: it was over before anybody could be told"
    }
    assert types(bench.channel) == ["opened"]


def test_with_collapse_switched_off_both_are_told(store: Database) -> None:
    bench = set_up(store, policy=RESOLVES_AT_ONCE, parts=[("gate", GateRules(collapses=False))])
    bench.channel.outcomes.append(REFUSED)
    bench.live("a")
    deliver(bench)
    bench.live(".", first=2)
    deliver(bench)

    assert states(bench) == [("opened", "delivered"), ("resolved", "delivered")]


def test_what_may_have_arrived_does_not_collapse(store: Database) -> None:
    bench = set_up(store, policy=RESOLVES_AT_ONCE)
    bench.channel.outcomes.append(LOST)
    bench.live("a")
    deliver(bench)
    bench.live(".", first=2)
    deliver(bench)

    assert states(bench) == [("opened", "delivered"), ("resolved", "delivered")]
    attempts = store.read(lambda tx: list_attempts(tx, bench.deliveries()[0].id))
    assert attempts[0].error == "timeout: no answer; it may have arrived"


def test_who_was_told_on_the_fallback_that_it_opened_is_told_there_that_it_is_over(
    database: Database,
) -> None:
    bench, hook = set_up_fallback(database, *[REFUSED] * 4, policy=RESOLVES_AT_ONCE)
    bench.live("a")
    for _ in range(3):
        deliver(bench)
        bench.clock.advance(3 * MINUTE)
    assert types(hook) == ["opened"]

    bench.live(".", first=2)
    deliver(bench)
    deliver(bench)

    assert types(hook) == ["opened", "resolved"]
    assert states(bench) == [("opened", "suppressed"), ("resolved", "suppressed")]
