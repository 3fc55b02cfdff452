from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.channels.contract import Outcome
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.maintenance import GateRules, Maintenance
from driftwatch.jobs.retelling import retell_due
from driftwatch.store.database import Database
from driftwatch.store.silences import add_silence, count_hidden, expire_silence
from tests.support.monitors import REFUSED, Bench, due, set_up

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
REJECTED = Outcome(delivered=False, again=False, status=400, error="http_400")
RESOLVES_AT_ONCE = Policy(resolve_after=1)


def silence(bench: Bench, length: timedelta = 30 * HOUR, **matchers: str) -> int:
    now = bench.clock.now()
    made = Silence(
        matchers=Matchers(**(matchers or {"monitor": "*"})),
        starts_at=now,
        ends_at=now + length,
        author="ana",
        reason="works",
        created_at=now,
    )
    return bench.parts.database.write(lambda tx: add_silence(tx, made)).id or 0


def deliver(bench: Bench) -> None:
    retell_due(bench.parts, [bench.monitor])
    deliver_due(bench.parts)


def sent(bench: Bench) -> list[str]:
    return [message.type.removeprefix("incident.") for message in bench.channel.sent]


def states(bench: Bench) -> list[tuple[str, str]]:
    return [(row.type.removeprefix("incident."), row.state.value) for row in bench.deliveries()]


def test_what_is_still_open_when_a_silence_ends_is_told_once_and_since_when(database: Database) -> None:
    bench = set_up(database)
    number = silence(bench)
    bench.live("a")
    deliver(bench)
    before = sent(bench)

    bench.clock.advance(30 * HOUR)
    for _ in range(3):
        deliver(bench)

    assert before == []
    assert sent(bench) == ["opened"]
    text = bench.channel.sent[0].text
    assert text.startswith(f"Silenced since 2013-02-02 00:30 UTC (silence {number} by ana until ")
    assert states(bench) == [("opened", "suppressed"), ("opened", "delivered")]
    assert database.read(count_hidden)[number] == 1


def test_what_came_and_went_in_a_silence_is_not_told(database: Database) -> None:
    bench = set_up(database, policy=RESOLVES_AT_ONCE)
    silence(bench, 60 * HOUR)
    bench.live("a.")
    deliver(bench)

    bench.clock.advance(60 * HOUR)
    deliver(bench)

    assert sent(bench) == []
    assert states(bench) == [("opened", "suppressed"), ("resolved", "suppressed")]


def test_the_end_of_what_was_told_before_is_told_in_a_silence(database: Database) -> None:
    bench = set_up(database, policy=RESOLVES_AT_ONCE)
    bench.live("a")
    deliver(bench)

    silence(bench)
    bench.live(".", first=2)
    deliver(bench)

    assert sent(bench) == ["opened", "resolved"]


def test_a_silence_that_is_made_after_queueing_and_before_sending_is_obeyed(database: Database) -> None:
    bench = set_up(database)
    bench.live("a")

    silence(bench)
    deliver(bench)

    assert sent(bench) == []
    assert states(bench) == [("opened", "suppressed")]


def test_a_silence_that_is_made_between_two_attempts_is_obeyed(store: Database) -> None:
    bench = set_up(store)
    bench.channel.outcomes.append(REFUSED)
    bench.live("a")
    deliver(bench)

    silence(bench)
    bench.clock.advance(HOUR)
    deliver(bench)

    assert sent(bench) == ["opened"]
    assert states(bench) == [("opened", "suppressed")]


def test_a_silence_of_something_else_hides_nothing(store: Database) -> None:
    bench = set_up(store, owner="data")
    silence(bench, monitor="rides*")
    silence(bench, owner="others")
    silence(bench, kind="freshness")
    silence(bench, column="city")
    bench.live("a")

    deliver(bench)

    assert sent(bench) == ["opened"]


@pytest.mark.parametrize("matchers", [{"owner": "data"}, {"column": "amou*"}, {"kind": "drift"}])
def test_a_silence_hides_by_owner_column_and_kind(store: Database, matchers: dict[str, str]) -> None:
    bench = set_up(store, owner="data")
    silence(bench, 30 * HOUR, **matchers)
    bench.live("a")

    deliver(bench)

    assert sent(bench) == []


def test_a_silence_that_is_ended_early_is_over_for_what_it_hid(store: Database) -> None:
    bench = set_up(store)
    number = silence(bench)
    bench.live("a")
    deliver(bench)

    store.write(lambda tx: expire_silence(tx, number, "bob", bench.clock.now()))
    deliver(bench)

    assert sent(bench) == ["opened"]


def test_of_two_silences_in_a_row_the_first_tells_nothing(store: Database) -> None:
    bench = set_up(store)
    silence(bench, 13 * HOUR)
    bench.live("a")
    deliver(bench)
    silence(bench, 3 * HOUR)

    bench.clock.advance(2 * HOUR)
    deliver(bench)
    between = sent(bench)
    bench.clock.advance(2 * HOUR)
    deliver(bench)

    assert between == []
    assert sent(bench) == ["opened"]


def test_nobody_is_told_in_a_maintenance_window_and_what_is_open_afterwards_is_told(
    database: Database,
) -> None:
    nights = Maintenance(monitors=("fl*",), cron="0 0 * * *", length=4 * HOUR, why="backups")
    bench = set_up(database, parts=[("gate", GateRules(maintenance=(nights,)))])
    bench.live("a")
    deliver(bench)
    within = sent(bench)

    bench.clock.advance(4 * HOUR)
    deliver(bench)

    assert within == []
    assert sent(bench) == ["opened"]
    assert "maintenance until 2013-02-02 04:00 UTC: backups" in bench.channel.sent[0].text


def test_after_a_day_one_message_takes_the_place_of_those_that_wait(database: Database) -> None:
    bench = set_up(database)
    bench.channel.outcomes.extend([REFUSED] * 40)
    bench.live("a")
    deliver(bench)
    (first,) = bench.deliveries()

    bench.clock.advance(DAY + SECOND)
    deliver(bench)

    rows = bench.deliveries()
    assert (rows[0].id, rows[0].state, rows[0].told_with) == (first.id, "expired", rows[-1].id)
    assert rows[0].decision == f"superseded by {rows[-1].id}, a day later"
    assert (rows[-1].type, rows[-1].state) == ("incident.opened", "pending")
    bench.channel.outcomes.clear()
    bench.clock.advance(HOUR)
    deliver(bench)
    assert bench.channel.sent[-1].id == rows[-1].id
    assert "This could not be delivered since 2013-02-02 00:30 UTC" in bench.channel.sent[-1].text


def test_nothing_of_an_open_incident_is_ever_given_up(store: Database) -> None:
    bench = set_up(store)
    bench.channel.outcomes.extend([REFUSED] * 500)
    bench.live("a")

    for _ in range(7 * 24):
        deliver(bench)
        bench.clock.advance(HOUR)
        waiting = [row for row in bench.deliveries() if row.state == "pending"]
        assert len(waiting) == 1

    assert bench.clock.now() - waiting[0].created_at <= DAY + HOUR


def test_a_day_later_only_the_end_is_told_of_what_was_told_to_begin(store: Database) -> None:
    bench = set_up(store, policy=RESOLVES_AT_ONCE)
    bench.live("a")
    deliver(bench)
    bench.channel.outcomes.extend([REFUSED] * 3)
    bench.live(".", first=2)
    deliver(bench)

    bench.clock.advance(DAY + SECOND)
    deliver(bench)
    bench.channel.outcomes.clear()
    bench.clock.advance(HOUR)
    deliver(bench)

    assert sent(bench)[-1] == "resolved"
    assert states(bench) == [("opened", "delivered"), ("resolved", "delivered")]


def test_a_dead_notice_is_not_told_anew_by_itself(store: Database) -> None:
    bench = set_up(store)
    bench.channel.outcomes.append(REJECTED)
    bench.live("a")
    deliver(bench)

    bench.clock.advance(DAY)
    deliver(bench)

    assert states(bench) == [("opened", "dead")]


def test_what_two_processes_would_tell_is_told_once(database: Database) -> None:
    bench = set_up(database)
    silence(bench)
    bench.live("a")
    deliver(bench)
    bench.clock.move_to(due(1) + 30 * HOUR)

    told = [retell_due(bench.parts, [bench.monitor]) for _ in range(2)]

    assert told == [1, 0]
