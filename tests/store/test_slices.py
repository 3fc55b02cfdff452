"""Searches in the store, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from driftwatch.store.database import Database
from driftwatch.store.incidents import IncidentDraft, save_incident
from driftwatch.store.monitors import MonitorRow, register_monitor
from driftwatch.store.pruning_cases import delete_incident_parts, delete_incidents
from driftwatch.store.slices import (
    SearchState,
    ask_search,
    claim_search,
    find_search,
    list_wanted,
    record_search,
)
from tests.support.stored import NOW

HOUR = timedelta(hours=1)
DRAFT = IncidentDraft(
    kind="drift", state="open", severity="major", document={}, opened_at=NOW, first_window=NOW
)


def save(database: Database, **changes: object) -> int:
    draft = replace(DRAFT, **changes)  # type: ignore[arg-type]
    return database.write(lambda tx: save_incident(tx, register(tx), draft))


def register(tx: object, identity: str = "i") -> MonitorRow:
    return register_monitor(tx, "flights", identity=identity, config_fingerprint="f", now=NOW)  # type: ignore[arg-type]


def want(database: Database, now: datetime = NOW) -> list[int]:
    return [number for number, _ in database.read(lambda tx: list_wanted(tx, now, at_most=9))]


def claim(database: Database, number: int, now: datetime = NOW, owner: str = "me") -> int | None:
    return database.write(lambda tx: claim_search(tx, number, owner, now, HOUR))


def test_open_incidents_that_nobody_searched_want_it(database: Database) -> None:
    drift, data = save(database), save(database, kind="data", state="recovering")
    save(database, kind="freshness")
    save(database, opened_at=None, state="pending")
    save(database, state="resolved")

    assert want(database) == [drift, data]
    database.write(lambda tx: register(tx, "another"))
    assert want(database) == []


def test_a_search_is_claimed_by_one_until_the_claim_runs_out(database: Database) -> None:
    number = save(database)

    assert claim(database, number) == 1
    assert claim(database, number, owner="other") is None
    assert want(database) == []
    assert want(database, NOW + 2 * HOUR) == [number]
    assert claim(database, number, NOW + 2 * HOUR, owner="other") == 2


def test_what_was_found_is_kept_and_a_late_answer_is_not(database: Database) -> None:
    number = save(database)
    claim(database, number)
    claim(database, number, NOW + 2 * HOUR, owner="other")

    late = database.write(lambda tx: record_search(tx, number, 1, {"late": True}, NOW))
    kept = database.write(lambda tx: record_search(tx, number, 2, {"name": "🛫"}, NOW))
    row = database.read(lambda tx: find_search(tx, number))

    assert (late, kept) == (False, True)
    assert row is not None
    assert (row.state, row.document, row.searched_at) == (SearchState.DONE, {"name": "🛫"}, NOW)
    assert want(database, NOW + 9 * HOUR) == []


def test_a_person_can_ask_for_it_once_more_even_when_it_is_over(database: Database) -> None:
    number = save(database, state="resolved")

    database.write(lambda tx: ask_search(tx, number, NOW))
    assert want(database) == [number]
    claim(database, number)
    database.write(lambda tx: record_search(tx, number, 1, {"first": 1}, NOW))
    database.write(lambda tx: ask_search(tx, number, NOW))
    row = database.read(lambda tx: find_search(tx, number))

    assert want(database) == [number]
    assert row is not None
    assert row.document == {"first": 1}


def test_a_search_goes_with_its_incident(database: Database) -> None:
    number = save(database, state="resolved")
    database.write(lambda tx: ask_search(tx, number, NOW))

    while database.write(lambda tx: delete_incident_parts(tx, number)):
        pass
    database.write(lambda tx: delete_incidents(tx, [number]))

    assert database.read(lambda tx: find_search(tx, number)) is None
