from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.store.claims import Fenced
from driftwatch.store.database import Database
from driftwatch.store.incidents import IncidentDraft, save_incident
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.retrains import (
    RetrainDraft,
    RetrainRow,
    RetrainState,
    claim_retrain,
    last_retrain,
    list_retrains,
    queue_retrain,
    record_accepted,
    record_refused,
)
from tests.support.stored import NOW, register

LEASE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
DRAFT = RetrainDraft(key="dw-abc", trigger="retrain", attempt=1, body={"reason": "naïve 🛫 moved"})


def _queue(
    database: Database, monitor: MonitorRow, draft: RetrainDraft = DRAFT, after: timedelta = timedelta(0)
) -> int:
    return database.write(lambda connection: queue_retrain(connection, monitor, draft, now=NOW + after))


def _claim(database: Database, after: timedelta = timedelta(0)) -> RetrainRow | None:
    return database.write(lambda connection: claim_retrain(connection, "me", LEASE, NOW + after))


def _need_claim(database: Database, after: timedelta = timedelta(0)) -> RetrainRow:
    claim = _claim(database, after)
    assert claim is not None
    return claim


def _refuse(database: Database, claim: RetrainRow, after: timedelta | None) -> None:
    next_at = None if after is None else NOW + after
    database.write(
        lambda connection: record_refused(
            connection, claim, status=503, error="HttpError", now=NOW + SECOND, next_at=next_at
        )
    )


def test_a_retrain_is_claimed_as_it_was_queued(database: Database) -> None:
    monitor = register(database)
    incident = database.write(
        lambda connection: save_incident(
            connection, monitor, IncidentDraft(kind="drift", state="open", severity="major", document={})
        )
    )

    number = _queue(database, monitor, replace(DRAFT, incident_id=incident))
    claim = _need_claim(database)

    assert (claim.id, claim.key, claim.monitor_key, claim.incident_id) == (
        number,
        "dw-abc",
        "flights",
        incident,
    )
    assert (claim.trigger, claim.attempt, claim.body) == ("retrain", 1, DRAFT.body)
    assert (claim.state, claim.attempts, claim.requested_at) == (RetrainState.SENDING, 1, NOW)


def test_a_key_is_queued_once_whatever_became_of_it(database: Database) -> None:
    monitor = register(database)
    first = _queue(database, monitor)
    claim = _need_claim(database)
    database.write(lambda connection: record_accepted(connection, claim, status=202, now=NOW))

    again = _queue(database, monitor, replace(DRAFT, body={"changed": True}), 9 * SECOND)

    (row,) = database.read(list_retrains)
    assert first == again == row.id
    assert (row.state, row.body, row.finished_at) == (RetrainState.ACCEPTED, DRAFT.body, NOW)
    assert _claim(database, timedelta(days=9)) is None


def test_a_refused_retrain_waits_and_then_fails_for_good(database: Database) -> None:
    monitor = register(database)
    _queue(database, monitor)
    _refuse(database, _need_claim(database), 30 * SECOND)

    assert _claim(database, 29 * SECOND) is None
    again = _need_claim(database, 30 * SECOND)
    assert (again.attempts, again.last_status, again.last_error) == (2, 503, "HttpError")
    _refuse(database, again, None)

    (row,) = database.read(list_retrains)
    assert (row.state, row.finished_at) == (RetrainState.FAILED, NOW + SECOND)
    assert _claim(database, timedelta(days=9)) is None


def test_a_retrain_whose_sender_vanished_is_sent_again_and_fenced(
    database: Database,
) -> None:
    _queue(database, register(database))
    lost = _need_claim(database)

    assert _claim(database, LEASE) is None
    taken = _need_claim(database, LEASE + SECOND)

    with pytest.raises(Fenced, match=r"retrain \d+ of flights"):
        database.write(lambda connection: record_accepted(connection, lost, status=202, now=NOW))
    assert taken.token == 2
    assert database.read(list_retrains)[0].state is RetrainState.SENDING


def test_the_last_retrain_is_the_latest_of_its_monitor(database: Database) -> None:
    monitor, other = register(database), register(database, "other")
    nothing = database.read(lambda connection: last_retrain(connection, monitor))
    _queue(database, monitor, replace(DRAFT, key="b"), SECOND)
    _queue(database, monitor, replace(DRAFT, key="a"))
    _queue(database, other, replace(DRAFT, key="c"), 9 * SECOND)

    last = database.read(lambda connection: last_retrain(connection, monitor))

    assert nothing is None
    assert last is not None
    assert last.key == "b"
    listed = database.read(lambda connection: list_retrains(connection, monitor=monitor))
    assert [row.key for row in listed] == ["a", "b"]
    assert [row.key for row in database.read(list_retrains)] == ["a", "b", "c"]


def test_the_longest_due_goes_first(database: Database) -> None:
    monitor = register(database)
    late = _queue(database, monitor, replace(DRAFT, key="late"), 9 * SECOND)
    early = _queue(database, monitor, replace(DRAFT, key="early"))

    assert [_need_claim(database, 9 * SECOND).id for _ in range(2)] == [early, late]
