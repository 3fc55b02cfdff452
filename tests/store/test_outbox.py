from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.store.claims import Fenced
from driftwatch.store.database import Database
from driftwatch.store.incidents import IncidentDraft, save_incident
from driftwatch.store.outbox import (
    Attempt,
    DeliveryDraft,
    DeliveryRow,
    DeliveryState,
    OutboxSummary,
    claim_delivery,
    list_attempts,
    list_deliveries,
    queue_delivery,
    record_delivered,
    record_failed,
    retry_deliveries,
    summarise_outbox,
)
from tests.support.stored import NOW, make_ids, register

LEASE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
DRAFT = DeliveryDraft(channel="hook", type="incident.opened", body='{"text": "naïve 🛫 \\u0000"}')
TRY = Attempt(started_at=NOW, ended_at=NOW + SECOND, status=503, error="HttpError")


@pytest.fixture
def incident(database: Database) -> int:
    """The number of an incident to tell of."""
    monitor = register(database)
    draft = IncidentDraft(kind="drift", state="open", severity="major", document={})
    return database.write(lambda connection: save_incident(connection, monitor, draft))


def _queue(
    database: Database, draft: DeliveryDraft, make_id: Callable[[], str], after: timedelta = timedelta(0)
) -> str:
    return database.write(
        lambda connection: queue_delivery(connection, draft, make_id=make_id, now=NOW + after)
    )


def _claim(database: Database, after: timedelta = timedelta(0)) -> DeliveryRow | None:
    return database.write(lambda connection: claim_delivery(connection, "me", LEASE, NOW + after))


def _need_claim(database: Database, after: timedelta = timedelta(0)) -> DeliveryRow:
    claim = _claim(database, after)
    assert claim is not None
    return claim


def _list(database: Database) -> list[tuple[str, DeliveryState]]:
    rows = database.read(list_deliveries)
    return [(row.id, row.state) for row in rows]


def test_a_delivery_is_claimed_as_it_was_queued(database: Database, incident: int) -> None:
    draft = replace(DRAFT, incident_id=incident, seq=1, monitor_key="flights")

    number = _queue(database, draft, make_ids())
    claim = _need_claim(database)

    assert (claim.id, claim.channel, claim.type, claim.body) == (number, "hook", draft.type, draft.body)
    assert (claim.incident_id, claim.seq, claim.monitor_key) == (incident, 1, "flights")
    assert (claim.state, claim.attempts, claim.token) == (DeliveryState.SENDING, 1, 1)
    assert (claim.owner, claim.claim_until, claim.created_at) == ("me", NOW + LEASE, NOW)


def test_a_notice_is_queued_once_for_a_channel(database: Database, incident: int) -> None:
    draft, make_id = replace(DRAFT, incident_id=incident, seq=1), make_ids()

    first, again = _queue(database, draft, make_id), _queue(database, draft, make_id)
    elsewhere = _queue(database, replace(draft, channel="oncall"), make_id)
    next_one = _queue(database, replace(draft, seq=2), make_id)

    assert first == again
    assert len({first, elsewhere, next_one}) == len(_list(database)) == 3


def test_what_belongs_to_no_incident_is_queued_each_time(database: Database) -> None:
    make_id = make_ids()

    numbers = {_queue(database, DRAFT, make_id), _queue(database, DRAFT, make_id)}

    assert len(numbers) == 2


def test_a_delivered_notice_stays_delivered_with_its_attempts(database: Database) -> None:
    _queue(database, DRAFT, make_ids())
    first = _need_claim(database)
    database.write(lambda connection: record_failed(connection, first, TRY, next_at=NOW + 5 * SECOND))
    second = _need_claim(database, 5 * SECOND)
    done = Attempt(started_at=NOW + 5 * SECOND, ended_at=NOW + 6 * SECOND, status=204)
    database.write(lambda connection: record_delivered(connection, second, done))

    (row,) = database.read(list_deliveries)

    assert (row.state, row.delivered_at, row.attempts) == (DeliveryState.DELIVERED, NOW + 6 * SECOND, 2)
    assert (row.last_status, row.last_error) == (204, None)
    assert (second.last_status, second.last_error) == (503, "HttpError")
    assert database.read(lambda connection: list_attempts(connection, row.id)) == [TRY, done]
    assert _claim(database, timedelta(days=9)) is None


def test_a_failed_notice_waits_for_its_next_time(database: Database) -> None:
    _queue(database, DRAFT, make_ids())
    claim = _need_claim(database)
    database.write(lambda connection: record_failed(connection, claim, TRY, next_at=NOW + 30 * SECOND))

    assert _claim(database, 29 * SECOND) is None
    assert _need_claim(database, 30 * SECOND).attempts == 2


def test_the_longest_due_goes_first(database: Database) -> None:
    make_id = make_ids()
    late = _queue(database, DRAFT, make_id, 9 * SECOND)
    early = _queue(database, DRAFT, make_id)

    assert [_need_claim(database, LEASE).id for _ in range(2)] == [early, late]
    assert _claim(database, LEASE) is None


def test_notices_of_one_incident_reach_a_channel_in_order(database: Database, incident: int) -> None:
    make_id = make_ids()
    first = _queue(database, replace(DRAFT, incident_id=incident, seq=1), make_id)
    second = _queue(database, replace(DRAFT, incident_id=incident, seq=2), make_id)
    other = _queue(database, replace(DRAFT, incident_id=incident, seq=2, channel="oncall"), make_id)
    free = _queue(database, DRAFT, make_id)

    claim = _need_claim(database)
    others = {_need_claim(database).id, _need_claim(database).id}
    nothing = _claim(database)
    database.write(lambda connection: record_failed(connection, claim, TRY, next_at=NOW + 5 * SECOND))
    still_nothing = _claim(database, SECOND)
    again = _need_claim(database, 5 * SECOND)
    database.write(lambda connection: record_failed(connection, again, TRY, next_at=None))

    assert claim.id == again.id == first
    assert others == {other, free}
    assert (nothing, still_nothing) == (None, None)
    assert _need_claim(database, 5 * SECOND).id == second


def test_a_notice_whose_sender_vanished_is_sent_again_with_the_same_id(database: Database) -> None:
    number = _queue(database, DRAFT, make_ids())
    lost = _need_claim(database)

    assert _claim(database, LEASE) is None
    taken = _need_claim(database, LEASE + SECOND)
    assert (taken.id, taken.token) == (number, 2)
    with pytest.raises(Fenced, match=f"delivery {number} to hook"):
        database.write(lambda connection: record_delivered(connection, lost, TRY))
    assert _list(database) == [(number, DeliveryState.SENDING)]
    assert database.read(lambda connection: list_attempts(connection, number)) == []


def test_dead_and_waiting_deliveries_can_be_tried_again(database: Database) -> None:
    make_id = make_ids()
    dead = _queue(database, DRAFT, make_id)
    claim = _need_claim(database)
    database.write(lambda connection: record_failed(connection, claim, TRY, next_at=None))
    waiting = _queue(database, replace(DRAFT, channel="oncall"), make_id, 60 * SECOND)

    by_id = database.write(
        lambda connection: retry_deliveries(connection, ids=[dead, "nobody"], now=NOW + SECOND)
    )
    again = _need_claim(database, SECOND)
    database.write(lambda connection: record_delivered(connection, again, TRY))
    by_channel = database.write(
        lambda connection: retry_deliveries(connection, channel="oncall", now=NOW + SECOND)
    )

    assert (by_id, by_channel) == ([dead], [waiting])
    assert (again.id, again.attempts) == (dead, 1)
    assert len(database.read(lambda connection: list_attempts(connection, dead))) == 2
    assert _need_claim(database, SECOND).id == waiting
    assert database.write(lambda connection: retry_deliveries(connection, ids=[dead], now=NOW)) == []


def test_a_retry_needs_something_to_retry(database: Database) -> None:
    with pytest.raises(ValueError, match="name the deliveries or the channel"):
        database.write(lambda connection: retry_deliveries(connection, now=NOW))


def test_the_summary_counts_what_waits_and_what_failed(database: Database) -> None:
    make_id = make_ids()
    empty = database.read(lambda connection: summarise_outbox(connection, NOW))
    for number in range(4):
        _queue(database, DRAFT, make_id, number * SECOND)
    first = _need_claim(database)
    database.write(lambda connection: record_failed(connection, first, TRY, next_at=None))
    second = _need_claim(database, SECOND)
    database.write(lambda connection: record_delivered(connection, second, TRY))
    _need_claim(database, 2 * SECOND)

    summary = database.read(lambda connection: summarise_outbox(connection, NOW + 10 * SECOND))

    assert empty == OutboxSummary(pending=0, failed=0, oldest_age=None)
    assert summary == OutboxSummary(pending=2, failed=1, oldest_age=8 * SECOND)


def test_deliveries_are_listed_by_state_channel_and_incident(database: Database, incident: int) -> None:
    make_id = make_ids()
    first = _queue(database, DRAFT, make_id)
    second = _queue(database, replace(DRAFT, channel="oncall", incident_id=incident, seq=1), make_id, SECOND)
    claim = _need_claim(database)

    def found(**options: object) -> list[str]:
        rows = database.read(
            lambda connection: list_deliveries(connection, **options)  # type: ignore[arg-type]  # Filters.
        )
        return [row.id for row in rows]

    assert claim.id == first
    assert found() == [first, second]
    assert found(state=DeliveryState.SENDING) == [first]
    assert found(channel="oncall") == [second]
    assert found(incident_id=incident) == [second]
    assert found(newest=1) == [second]


def test_rivals_send_every_delivery_once(database: Database) -> None:
    make_id = make_ids()
    numbers = {_queue(database, DRAFT, make_id) for _ in range(12)}
    claimed: list[str] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        while (claim := _claim(database)) is not None:
            claimed.append(claim.id)

    rivals = [threading.Thread(target=work) for _ in range(4)]
    for thread in rivals:
        thread.start()
    for thread in rivals:
        thread.join()

    assert sorted(claimed) == sorted(numbers)
