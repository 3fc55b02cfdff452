"""Monitors that a person removed: what they found is kept, and nothing of it goes on."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from driftwatch.store.monitors import MonitorRow
from driftwatch.store.tables import deliveries, monitors

__all__ = ["is_removed", "list_told_channels", "mark_removed"]

_REMOVED: Final = "removed"
"""The identity of a monitor that watches nothing: named again, it begins another history."""


def mark_removed(connection: sa.Connection, monitor: MonitorRow, now: datetime) -> None:
    """Let the monitor watch nothing any more; it is detached too."""
    connection.execute(
        sa.update(monitors)
        .where(monitors.c.id == monitor.id)
        .values(identity=_REMOVED, detached_at=monitor.detached_at or now)
    )


def is_removed(monitor: MonitorRow) -> bool:
    """Return whether a person removed the monitor, and no configuration has named it since."""
    return monitor.identity == _REMOVED


def list_told_channels(
    connection: sa.Connection, monitor: MonitorRow, *, incident_id: int | None = None
) -> list[str]:
    """Return the channels that anything of the monitor, or of one incident of it, was queued for, sorted."""
    query = sa.select(deliveries.c.channel).distinct().where(deliveries.c.monitor_key == monitor.key)
    if incident_id is not None:
        query = query.where(deliveries.c.incident_id == incident_id)
    return sorted(connection.execute(query).scalars().all())
