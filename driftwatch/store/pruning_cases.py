"""Old incidents, what was told, and references that nothing refers to: dropped a few rows at a time.

An incident that is not resolved, one that a retrain was requested for and one of which something is still to
be told are kept, however old: what keeps anything from being told or requested twice rests on them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.store.outbox import DeliveryState
from driftwatch.store.pruning import MOST_ROWS
from driftwatch.store.references import ReferenceState
from driftwatch.store.tables import (
    attempts,
    calibrations,
    deliveries,
    escalations,
    events,
    incidents,
    monitors,
    reference_blocks,
    reference_columns,
    reference_counts,
    reference_scores,
    reference_versions,
    retrains,
    scores,
    slice_searches,
    verdicts,
)

__all__ = [
    "OldIncident",
    "begin_dropping",
    "delete_deliveries",
    "delete_incident_parts",
    "delete_incidents",
    "delete_reference_parts",
    "is_reference_used",
    "list_old_deliveries",
    "list_old_incidents",
]

_RESOLVED = "resolved"
_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING)
_INCIDENTS_AT_ONCE = 100
_DELIVERIES_AT_ONCE = 100
_DROPPED = 0
"""The history of a version that is being dropped: no monitor ever has it, so that nobody can promote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldIncident:
    """An incident that was resolved long ago, as it was stored."""

    id: int
    history: int
    document: Mapping[str, Any]


def list_old_incidents(
    connection: sa.Connection, monitor_id: int, *, before: datetime, after: int = 0
) -> list[OldIncident]:
    """Return incidents that were resolved `before` a time and are not needed any more, at most 100.

    Those with an id greater than `after`, in order.
    """
    is_needed = sa.or_(
        sa.exists().where(retrains.c.incident_id == incidents.c.id),
        sa.exists().where(deliveries.c.incident_id == incidents.c.id, deliveries.c.state.in_(_WAITING)),
    )
    query = (
        sa.select(incidents.c.id, incidents.c.history, incidents.c.document)
        .where(
            incidents.c.monitor_id == monitor_id,
            incidents.c.state == _RESOLVED,
            incidents.c.resolved_at < before,
            incidents.c.id > after,
            ~is_needed,
        )
        .order_by(incidents.c.id)
        .limit(_INCIDENTS_AT_ONCE)
    )
    return [
        OldIncident(id=row.id, history=row.history, document=row.document)
        for row in connection.execute(query)
    ]


def delete_incident_parts(connection: sa.Connection, incident_id: int) -> int:
    """Delete some of what is kept beside an incident and return how many deliveries and events that were.

    0 where nothing is left, so that the incident itself can go.
    """
    query = sa.select(deliveries.c.id).where(deliveries.c.incident_id == incident_id)
    told = connection.execute(query.limit(_DELIVERIES_AT_ONCE)).scalars().all()
    if told:
        delete_deliveries(connection, told)
        return len(told)
    steps = sa.select(events.c.seq).where(events.c.incident_id == incident_id).order_by(events.c.seq)
    last = connection.execute(steps.limit(MOST_ROWS)).scalars().all()[-1:]
    for part in (escalations, slice_searches):
        connection.execute(sa.delete(part).where(part.c.incident_id == incident_id))
    if not last:
        return 0
    gone = sa.delete(events).where(events.c.incident_id == incident_id, events.c.seq <= last[0])
    return connection.execute(gone).rowcount


def delete_incidents(connection: sa.Connection, ids: Collection[int]) -> int:
    """Delete incidents of which nothing else is left, unless they are live again; return how many went."""
    gone = sa.delete(incidents).where(incidents.c.id.in_(list(ids)), incidents.c.state == _RESOLVED)
    return connection.execute(gone).rowcount


def list_old_deliveries(
    connection: sa.Connection, *, before: datetime, monitor: str | None, others: Collection[str] = ()
) -> list[str]:
    """Return the ids of what was told long ago beside any incident and waits no more, at most 100.

    Of the monitor with this key; where that is None, of every one but `others`.
    """
    is_ours = deliveries.c.monitor_key == monitor
    if monitor is None:
        key = deliveries.c.monitor_key
        is_ours = sa.or_(key.is_(None), key.not_in(list(others)))
    query = sa.select(deliveries.c.id).where(
        deliveries.c.incident_id.is_(None),
        deliveries.c.state.not_in(_WAITING),
        deliveries.c.created_at < before,
        is_ours,
    )
    return [str(found) for found in connection.execute(query.limit(_DELIVERIES_AT_ONCE)).scalars()]


def delete_deliveries(connection: sa.Connection, ids: Collection[str]) -> None:
    """Delete deliveries with their attempts."""
    connection.execute(sa.delete(attempts).where(attempts.c.delivery_id.in_(list(ids))))
    connection.execute(sa.delete(deliveries).where(deliveries.c.id.in_(list(ids))))


def is_reference_used(connection: sa.Connection, monitor_id: int, version: int) -> bool:
    """Return whether a verdict or scores rest on a version of a monitor's reference."""
    for table in (verdicts, scores):
        is_of = sa.and_(table.c.monitor_id == monitor_id, table.c.reference_version == version)
        if connection.execute(sa.select(sa.literal(1)).where(is_of).limit(1)).scalar() is not None:
            return True
    return False


def begin_dropping(connection: sa.Connection, monitor_id: int, version: int) -> bool:
    """Keep a version that is retired, or of an earlier history, from being promoted; False for others."""
    table = reference_versions
    present = sa.select(monitors.c.history).where(monitors.c.id == monitor_id).scalar_subquery()
    marked = connection.execute(
        sa.update(table)
        .where(
            table.c.monitor_id == monitor_id,
            table.c.version == version,
            sa.or_(table.c.state == ReferenceState.RETIRED, table.c.history != present),
        )
        .values(history=_DROPPED)
    )
    return marked.rowcount == 1


def delete_reference_parts(connection: sa.Connection, monitor_id: int, version: int) -> bool:
    """Delete some of a version that `begin_dropping` marked; return whether nothing of it is left."""
    if not begin_dropping(connection, monitor_id, version):
        return True
    table = reference_counts
    is_of = sa.and_(table.c.monitor_id == monitor_id, table.c.version == version)
    found = sa.select(table.c.block).where(is_of).order_by(table.c.block)
    block = connection.execute(found.limit(1)).scalar()
    if block is not None:
        connection.execute(sa.delete(table).where(is_of, table.c.block == block))
        return False
    judged_with = sa.and_(
        calibrations.c.monitor_id == monitor_id, calibrations.c.reference_version == version
    )
    connection.execute(sa.delete(calibrations).where(judged_with))
    for part in (reference_blocks, reference_columns, reference_scores, reference_versions):
        connection.execute(sa.delete(part).where(part.c.monitor_id == monitor_id, part.c.version == version))
    return True
