"""What has happened to incidents since a position, in order; `positions` says what that order is."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from driftwatch.store.incidents import EventRow, build_event
from driftwatch.store.meta import read_meta
from driftwatch.store.positions import COUNTER
from driftwatch.store.tables import events, incidents, monitors

__all__ = ["FeedRow", "list_feed", "read_newest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One event at its position, with what it happened to."""

    position: int
    incident_id: int
    monitor_key: str
    event: EventRow


def list_feed(connection: sa.Connection, after: int, *, at_most: int) -> list[FeedRow]:
    """Return so many events behind a position, in order; those of incidents that were pruned are gone."""
    query = (
        sa.select(events, monitors.c.monitor_key)
        .join(incidents, incidents.c.id == events.c.incident_id)
        .join(monitors, monitors.c.id == incidents.c.monitor_id)
        .where(events.c.position > after)
        .order_by(events.c.position)
        .limit(at_most)
    )
    return [
        FeedRow(
            position=row.position,
            incident_id=row.incident_id,
            monitor_key=row.monitor_key,
            event=build_event(row),
        )
        for row in connection.execute(query)
    ]


def read_newest(connection: sa.Connection) -> int:
    """Return the position of the newest event there ever was, 0 before the first."""
    return int(read_meta(connection, COUNTER) or 0)
