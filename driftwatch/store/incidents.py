"""Incidents as documents with the columns that are asked for, and their history of events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.store.claims import Fenced
from driftwatch.store.documents import collect_words
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.positions import take_positions
from driftwatch.store.tables import events, incidents, monitors

__all__ = [
    "EventRow",
    "IncidentDraft",
    "IncidentRow",
    "append_events",
    "build_event",
    "find_incident",
    "find_last_incident",
    "list_around",
    "list_events",
    "list_incidents",
    "list_live",
    "open_incidents",
    "save_incident",
]

_RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDraft:
    """What is saved of an incident: the whole as a JSON-safe `document`, and the columns asked for in SQL."""

    kind: str
    state: str
    severity: str
    document: Mapping[str, Any]
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    first_window: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """A stored incident. `version` grows by one at every save."""

    id: int
    version: int
    monitor_id: int
    monitor_key: str
    history: int
    kind: str
    state: str
    severity: str
    document: Mapping[str, Any]
    opened_at: datetime | None
    resolved_at: datetime | None
    first_window: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One step in the life of an incident; `notice` is the type of the notice that told it, if any."""

    seq: int
    kind: str
    reason: str
    at: datetime
    window_start: datetime | None = None
    actor: str | None = None
    notice: str | None = None


def save_incident(
    connection: sa.Connection,
    monitor: MonitorRow,
    draft: IncidentDraft,
    *,
    incident_id: int | None = None,
    version: int = 0,
) -> int:
    """Keep `draft` and return its id: as a new incident, or in place of `version` of incident `incident_id`.

    Raises Fenced, and the caller rolls back, where somebody else saved that incident in the meantime.
    """
    values = {
        "kind": draft.kind,
        "state": draft.state,
        "severity": draft.severity,
        "document": dict(draft.document),
        "words": collect_words(draft.document),
        "opened_at": draft.opened_at,
        "resolved_at": draft.resolved_at,
        "first_window": draft.first_window,
        "version": version + 1,
    }
    if incident_id is None:
        owner = {"monitor_id": monitor.id, "history": monitor.history}
        inserted = connection.execute(sa.insert(incidents).values(owner | values))
        return int(inserted.inserted_primary_key[0])  # type: ignore[index]  # None only where many rows are inserted.
    changed = connection.execute(
        sa.update(incidents)
        .where(
            incidents.c.id == incident_id,
            incidents.c.monitor_id == monitor.id,
            incidents.c.version == version,
        )
        .values(values)
    )
    if changed.rowcount != 1:
        raise Fenced(
            f"incident {incident_id} of {monitor.key}: somebody else changed it after version {version}; "
            "what was worked out here is dropped"
        )
    return incident_id


def open_incidents(connection: sa.Connection, monitor: MonitorRow) -> list[IncidentRow]:
    """Return the incidents of the monitor's present history that are not resolved, oldest first."""
    query = select_incidents().where(
        incidents.c.monitor_id == monitor.id,
        incidents.c.history == monitor.history,
        incidents.c.state != _RESOLVED,
    )
    return read_incidents(connection, query)


def list_incidents(
    connection: sa.Connection, *, include_resolved: bool = False, monitor: MonitorRow | None = None
) -> list[IncidentRow]:
    """Return incidents, oldest first: those not resolved, or every one, earlier histories too."""
    query = select_incidents()
    if not include_resolved:
        query = query.where(incidents.c.state != _RESOLVED, incidents.c.history == monitors.c.history)
    if monitor is not None:
        query = query.where(incidents.c.monitor_id == monitor.id)
    return read_incidents(connection, query)


def list_live(
    connection: sa.Connection, kinds: Collection[str], monitor_keys: Collection[str]
) -> list[IncidentRow]:
    """Return the incidents of these kinds and monitors that are not resolved, oldest first."""
    query = select_incidents().where(
        incidents.c.state != _RESOLVED,
        incidents.c.history == monitors.c.history,
        incidents.c.kind.in_(list(kinds)),
        monitors.c.monitor_key.in_(list(monitor_keys)),
    )
    return read_incidents(connection, query)


def list_around(connection: sa.Connection, monitor: MonitorRow, start: datetime) -> list[IncidentRow]:
    """Return the incidents of the present history that a window which starts at `start` may be part of.

    They had opened, began by then and were not over before; oldest first.
    """
    query = select_incidents().where(
        incidents.c.monitor_id == monitor.id,
        incidents.c.history == monitor.history,
        incidents.c.opened_at.is_not(None),
        incidents.c.first_window <= start,
        sa.or_(incidents.c.resolved_at.is_(None), incidents.c.resolved_at > start),
    )
    return read_incidents(connection, query)


def find_last_incident(connection: sa.Connection, monitor: MonitorRow, kind: str) -> IncidentRow | None:
    """Return the latest incident of a kind in the monitor's present history, None where there is none."""
    query = select_incidents().where(
        incidents.c.monitor_id == monitor.id,
        incidents.c.history == monitor.history,
        incidents.c.kind == kind,
    )
    found = read_incidents(connection, query.order_by(None).order_by(incidents.c.id.desc()).limit(1))
    return found[0] if found else None


def find_incident(connection: sa.Connection, incident_id: int) -> IncidentRow | None:
    """Return the incident with this id, None where there is none."""
    found = read_incidents(connection, select_incidents().where(incidents.c.id == incident_id))
    return found[0] if found else None


def append_events(connection: sa.Connection, incident_id: int, new: Sequence[EventRow]) -> None:
    """Add `new` to the incident's history, and behind everything that happened so far.

    A `seq` that is taken already is refused by the database.
    """
    if new:
        positions = take_positions(connection, len(new))
        rows = [
            _describe_event(incident_id, event) | {"position": at}
            for event, at in zip(new, positions, strict=True)
        ]
        connection.execute(sa.insert(events), rows)


def list_events(connection: sa.Connection, incident_id: int) -> list[EventRow]:
    """Return the history of an incident in order."""
    query = sa.select(events).where(events.c.incident_id == incident_id).order_by(events.c.seq)
    return [build_event(row) for row in connection.execute(query)]


def build_event(row: sa.Row[Any]) -> EventRow:
    """Return a row of the table as a value."""
    return EventRow(
        seq=row.seq,
        kind=row.kind,
        reason=row.reason,
        at=row.at,
        window_start=row.window_start,
        actor=row.actor,
        notice=row.notice,
    )


def _describe_event(incident_id: int, event: EventRow) -> dict[str, Any]:
    return {
        "incident_id": incident_id,
        "seq": event.seq,
        "kind": event.kind,
        "reason": event.reason,
        "at": event.at,
        "window_start": event.window_start,
        "actor": event.actor,
        "notice": event.notice,
    }


def select_incidents() -> sa.Select[Any]:
    return (
        sa.select(incidents, monitors.c.monitor_key)
        .join(monitors, monitors.c.id == incidents.c.monitor_id)
        .order_by(incidents.c.id)
    )


def read_incidents(connection: sa.Connection, query: sa.Select[Any]) -> list[IncidentRow]:
    return [
        IncidentRow(
            id=row.id,
            version=row.version,
            monitor_id=row.monitor_id,
            monitor_key=row.monitor_key,
            history=row.history,
            kind=row.kind,
            state=row.state,
            severity=row.severity,
            document=row.document,
            opened_at=row.opened_at,
            resolved_at=row.resolved_at,
            first_window=row.first_window,
        )
        for row in connection.execute(query)
    ]
