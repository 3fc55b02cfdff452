from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.errors import StoreError
from driftwatch.store.claims import Fenced
from driftwatch.store.database import Database
from driftwatch.store.incidents import (
    EventRow,
    IncidentDraft,
    append_events,
    find_incident,
    list_events,
    list_incidents,
    open_incidents,
    save_incident,
)
from driftwatch.store.monitors import MonitorRow
from tests.support.stored import NOW, day, register

DRAFT = IncidentDraft(
    kind="drift",
    state="open",
    severity="major",
    document={"version": 1, "members": [{"column": "naïve 🛫"}]},
    opened_at=NOW,
    first_window=day(0).start,
)


def _save(
    database: Database,
    monitor: MonitorRow,
    draft: IncidentDraft = DRAFT,
    incident_id: int | None = None,
    version: int = 0,
) -> int:
    return database.write(
        lambda connection: save_incident(connection, monitor, draft, incident_id=incident_id, version=version)
    )


def test_an_incident_comes_back_as_it_was_saved(database: Database) -> None:
    monitor = register(database)

    number = _save(database, monitor)
    row = database.read(lambda connection: find_incident(connection, number))

    assert row is not None
    assert (row.id, row.version, row.monitor_key, row.history) == (number, 1, "flights", 1)
    assert (row.kind, row.state, row.severity) == ("drift", "open", "major")
    assert (row.opened_at, row.resolved_at, row.first_window) == (NOW, None, day(0).start)
    assert row.document == DRAFT.document


def test_an_incident_is_saved_over_the_version_it_was_read_at(database: Database) -> None:
    monitor = register(database)
    number = _save(database, monitor)
    resolved = replace(DRAFT, state="resolved", resolved_at=NOW + timedelta(days=1))

    again = _save(database, monitor, resolved, number, 1)
    row = database.read(lambda connection: find_incident(connection, number))

    assert again == number
    assert row is not None
    assert (row.version, row.state, row.resolved_at) == (2, "resolved", NOW + timedelta(days=1))


def test_an_incident_that_somebody_else_changed_is_not_overwritten(database: Database) -> None:
    monitor = register(database)
    number = _save(database, monitor)
    _save(database, monitor, replace(DRAFT, severity="critical"), number, 1)

    with pytest.raises(Fenced, match=rf"incident {number} of flights: somebody else changed it"):
        _save(database, monitor, replace(DRAFT, severity="minor"), number, 1)

    row = database.read(lambda connection: find_incident(connection, number))
    assert row is not None
    assert (row.severity, row.version) == ("critical", 2)


def test_what_is_not_resolved_is_open(database: Database) -> None:
    monitor, other = register(database), register(database, "other")
    states = ("pending", "open", "recovering", "resolved")
    numbers = [_save(database, monitor, replace(DRAFT, state=state)) for state in states]
    data = _save(database, monitor, replace(DRAFT, kind="data"))
    elsewhere = _save(database, other)

    def found(**options: object) -> list[int]:
        rows = database.read(
            lambda connection: list_incidents(connection, **options)  # type: ignore[arg-type]  # Flags.
        )
        return [row.id for row in rows]

    still_open = database.read(lambda connection: open_incidents(connection, monitor))
    assert [row.id for row in still_open] == [*numbers[:3], data]
    assert found() == [*numbers[:3], data, elsewhere]
    assert found(include_resolved=True) == [*numbers, data, elsewhere]
    assert found(monitor=other) == [elsewhere]


def test_an_unknown_incident_is_none(database: Database) -> None:
    assert database.read(lambda connection: find_incident(connection, 999_999)) is None


def test_events_come_back_in_order_and_none_is_overwritten(database: Database) -> None:
    number = _save(database, register(database))
    opened = EventRow(
        seq=1,
        kind="opened",
        reason="1 of 1 windows",
        at=NOW,
        window_start=day(0).start,
        notice="incident.opened",
    )
    seen = EventRow(seq=2, kind="acknowledged", reason="on it", at=NOW, actor="ann")
    database.write(lambda connection: append_events(connection, number, [opened]))
    database.write(lambda connection: append_events(connection, number, [seen]))
    database.write(lambda connection: append_events(connection, number, []))

    with pytest.raises(StoreError):
        database.write(lambda connection: append_events(connection, number, [replace(seen, reason="no")]))

    assert database.read(lambda connection: list_events(connection, number)) == [opened, seen]


def test_the_number_of_an_incident_is_never_given_twice(database: Database) -> None:
    monitor = register(database)
    number = _save(database, monitor)
    database.write(lambda connection: connection.exec_driver_sql("DELETE FROM incidents"))

    assert _save(database, monitor) > number
