from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.policy import Policy
from driftwatch.jobs.monitor import Model
from driftwatch.jobs.parts import LEASE
from driftwatch.jobs.retrain import MOST_ATTEMPTS, request_due
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.retrains import RetrainRow, RetrainState, claim_retrain
from driftwatch.triggers.contract import Started
from tests.support.monitors import Bench, FakeTrigger, due, set_up

DAY, HOUR, MINUTE, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
BUSY = Started(accepted=False, again=True, status=503, error="http_503")
NO = Started(accepted=False, again=False, status=404, error="http_404")


def set_up_retraining(
    database: Database, *answers: Started | BaseException, after: int = 2, cooldown: timedelta = 7 * DAY
) -> Bench:
    return set_up(
        database,
        parts=[("triggers", {"ci": FakeTrigger(*answers)})],
        retrain=RetrainPolicy(trigger="ci", after=after, cooldown=cooldown),
        model=Model(name="delay", version="2013.1"),
        policy=Policy(resolve_after=1),
    )


def only(bench: Bench) -> RetrainRow:
    (row,) = bench.retrains()
    return row


def test_retraining_is_asked_for_once_an_incident(database: Database) -> None:
    bench = set_up_retraining(database)

    bench.live("aaaa")

    row = only(bench)
    assert (row.requested_at, row.attempt, row.state) == (due(2), 1, RetrainState.REQUESTED)
    assert row.incident_id == bench.incidents()[0].id


def test_the_next_incident_gets_a_request_of_its_own_after_the_cooldown(store: Database) -> None:
    bench = set_up_retraining(store, cooldown=4 * DAY)

    bench.live("aa.aaaa")

    assert [row.requested_at for row in bench.retrains()] == [due(2), due(6)]
    assert len({row.key for row in bench.retrains()}) == 2


def test_within_the_cooldown_nothing_is_asked_for(store: Database) -> None:
    bench = set_up_retraining(store, cooldown=30 * DAY)

    bench.live("aa.aaaa")

    assert len(bench.retrains()) == 1


def test_while_a_data_fault_is_under_way_nothing_is_asked_for(store: Database) -> None:
    bench = set_up_retraining(store, after=1)

    bench.live("mmm")
    kinds = {incident.kind for incident in bench.incidents() if incident.is_open}
    during = bench.retrains()
    bench.live("a", first=4)

    assert kinds == {IncidentKind.DRIFT, IncidentKind.DATA}
    assert during == []
    assert only(bench).requested_at == due(4)


def test_a_request_is_sent_with_its_key_its_number_and_the_time_it_was_asked_for(database: Database) -> None:
    bench = set_up_retraining(database)
    bench.live("aa")
    bench.clock.advance(5 * MINUTE)

    sent = request_due(bench.parts)

    (call,) = bench.trigger.calls
    row = only(bench)
    data = call.body["data"]
    assert sent == 1
    assert (call.key, call.timestamp) == (row.key, due(2))
    assert data["retrain"] == {"id": row.id, "key": row.key, "attempt": 1}
    assert data["incident"]["id"] == row.incident_id
    assert data["model"] == {"name": "delay", "version": "2013.1"}
    assert (data["window"]["start"], call.body["type"]) == ("2013-02-02T00:00:00Z", "retrain.requested")
    assert (row.state, row.last_status, row.finished_at) == (RetrainState.ACCEPTED, 202, due(2) + 5 * MINUTE)
    assert request_due(bench.parts) == 0


def test_the_key_is_the_same_over_all_attempts(store: Database) -> None:
    bench = set_up_retraining(store, BUSY, BUSY)
    bench.live("aa")

    for _ in range(3):
        request_due(bench.parts)
        bench.clock.advance(5 * MINUTE)

    assert [call.key for call in bench.trigger.calls] == [only(bench).key] * 3
    assert [call.body for call in bench.trigger.calls] == [bench.trigger.calls[0].body] * 3
    assert only(bench).state is RetrainState.ACCEPTED


def test_a_request_that_is_refused_for_good_has_failed(store: Database) -> None:
    bench = set_up_retraining(store, NO)
    bench.live("aa")

    request_due(bench.parts)
    bench.clock.advance(DAY)
    request_due(bench.parts)

    row = only(bench)
    assert (row.state, row.last_status, row.last_error) == (RetrainState.FAILED, 404, "http_404")
    assert len(bench.trigger.calls) == 1


def test_a_request_that_is_refused_again_and_again_has_failed_after_the_last_attempt(store: Database) -> None:
    bench = set_up_retraining(store, *[BUSY] * 50)
    bench.live("aa")

    states = []
    for _ in range(MOST_ATTEMPTS + 2):
        request_due(bench.parts)
        states.append(only(bench).state)
        bench.clock.advance(4 * HOUR)

    assert len(bench.trigger.calls) == MOST_ATTEMPTS
    assert states[MOST_ATTEMPTS - 2 : MOST_ATTEMPTS] == [RetrainState.REQUESTED, RetrainState.FAILED]


def test_an_attempt_that_ended_with_its_process_is_no_refusal(store: Database) -> None:
    bench = set_up_retraining(store, BUSY)
    bench.live("aa")
    for _ in range(MOST_ATTEMPTS + 1):
        store.write(lambda tx: claim_retrain(tx, "who dies", MINUTE, bench.clock.now()))
        bench.clock.advance(2 * MINUTE)

    request_due(bench.parts)

    row = only(bench)
    assert (row.state, row.attempts, row.failures) == (RetrainState.REQUESTED, MOST_ATTEMPTS + 2, 1)
    assert row.next_at - bench.clock.now() <= 6 * SECOND
    bench.clock.advance(MINUTE)
    request_due(bench.parts)
    assert only(bench).state is RetrainState.ACCEPTED


def test_what_the_trigger_asks_for_is_obeyed(store: Database) -> None:
    busy = Started(accepted=False, again=True, status=429, error="http_429", retry_after=20 * MINUTE)
    bench = set_up_retraining(store, busy)
    bench.live("aa")

    request_due(bench.parts)

    assert 20 * MINUTE <= only(bench).next_at - bench.clock.now() <= 24 * MINUTE


def test_a_trigger_that_the_configuration_no_longer_has_is_a_failure_with_the_reason(store: Database) -> None:
    bench = set_up(store, retrain=RetrainPolicy(trigger="removed", after=1))
    bench.live("a")

    request_due(bench.parts)

    assert only(bench).state is RetrainState.FAILED
    assert only(bench).last_error == "the configuration has no such trigger any more"


def test_a_fault_of_a_trigger_is_a_failed_attempt(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    bench = set_up_retraining(store, RuntimeError("a fault of the trigger"))
    bench.live("aa")

    sent = request_due(bench.parts)

    assert sent == 1
    assert (only(bench).state, only(bench).last_error) == (
        RetrainState.REQUESTED,
        "the trigger itself failed (RuntimeError); the log of driftwatch has the details",
    )
    assert "a fault of the trigger" in caplog.text


def test_a_process_that_dies_after_asking_asks_again_with_the_same_key_once_its_claim_ran_out(
    database: Database,
) -> None:
    bench = set_up_retraining(database, KeyboardInterrupt())
    bench.live("aa")
    with pytest.raises(KeyboardInterrupt):
        request_due(bench.parts)

    at_once = request_due(bench.parts)
    bench.clock.advance(LEASE + SECOND)
    later = request_due(bench.parts)

    assert (at_once, later) == (0, 1)
    assert [call.key for call in bench.trigger.calls] == [only(bench).key] * 2
    assert only(bench).state is RetrainState.ACCEPTED


def test_a_request_that_was_accepted_in_vain_is_not_made_again_for_the_same_incident(store: Database) -> None:
    bench = set_up_retraining(store, cooldown=timedelta(0))
    bench.live("aa")
    request_due(bench.parts)

    bench.live("aaa", first=3)

    assert len(bench.retrains()) == 1


def test_a_stop_ends_asking(store: Database) -> None:
    bench = set_up_retraining(store)
    bench.live("aa")

    assert request_due(bench.parts, stopping=lambda: True) == 0
    assert bench.trigger.calls == []
