"""Pauses of monitors: while one holds, no window of its monitor can be claimed.

A pause is a row of its own, so that who paused a monitor, when and why is kept after its end. One that ends
by itself needs nobody to end it: it holds for as long as the store's time lies in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.store.monitors import MonitorRow
from driftwatch.store.tables import monitors, pauses

__all__ = ["Pause", "add_pause", "end_pauses", "find_pause", "holds_pause", "list_paused", "list_pauses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A time in which a monitor is not judged, and who wanted it.

    `until` is None where it lasts until somebody ends it. `ended_by` is who ended it before its time.
    """

    id: int
    monitor_key: str
    since: datetime
    until: datetime | None
    author: str
    reason: str
    ended_by: str | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether the monitor is paused at `moment`."""
        return self.since <= moment and (self.until is None or moment < self.until)


def add_pause(
    connection: sa.Connection,
    monitor: MonitorRow,
    *,
    since: datetime,
    until: datetime | None,
    author: str,
    reason: str,
) -> Pause:
    """Keep a pause of `monitor` and return it."""
    row = {
        "monitor_id": monitor.id,
        "starts_at": since,
        "ends_at": until,
        "author": author,
        "reason": reason,
    }
    inserted = connection.execute(sa.insert(pauses).values(row))
    number = int(inserted.inserted_primary_key[0])  # type: ignore[index]  # One row was inserted.
    return Pause(id=number, monitor_key=monitor.key, since=since, until=until, author=author, reason=reason)


def end_pauses(connection: sa.Connection, monitor: MonitorRow, who: str, now: datetime) -> int:
    """End every pause of `monitor` that holds at `now`, and return how many there were."""
    ended = sa.update(pauses).where(pauses.c.monitor_id == monitor.id, _is_now(now))
    return connection.execute(ended.values(ends_at=now, ended_by=who)).rowcount


def find_pause(connection: sa.Connection, monitor: MonitorRow, now: datetime) -> Pause | None:
    """Return the pause of `monitor` that holds at `now`, None where it is not paused."""
    query = _select().where(pauses.c.monitor_id == monitor.id, _is_now(now))
    return next(iter(_read(connection, query.limit(1))), None)


def list_paused(connection: sa.Connection, now: datetime) -> dict[str, Pause]:
    """Return the pauses that hold at `now`, by the key of their monitor."""
    return {one.monitor_key: one for one in _read(connection, _select().where(_is_now(now)))}


def list_pauses(
    connection: sa.Connection, monitor: MonitorRow, *, since: datetime | None = None, newest: int = 1_000
) -> list[Pause]:
    """Return so many of the newest pauses of `monitor`, oldest first; those that had ended by `since` not."""
    query = _select(pauses.c.id.desc()).where(pauses.c.monitor_id == monitor.id)
    if since is not None:
        query = query.where(sa.or_(pauses.c.ends_at.is_(None), pauses.c.ends_at > since))
    return _read(connection, query.limit(newest))[::-1]


def holds_pause(monitor_id: Any, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that the monitor with this id is paused at `now`."""
    return sa.exists().where(pauses.c.monitor_id == monitor_id, _is_now(now))


def _is_now(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(pauses.c.starts_at <= now, sa.or_(pauses.c.ends_at.is_(None), pauses.c.ends_at > now))


def _select(order: Any = None) -> sa.Select[Any]:
    joined = sa.select(pauses, monitors.c.monitor_key).join(monitors, monitors.c.id == pauses.c.monitor_id)
    return joined.order_by(pauses.c.id if order is None else order)


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[Pause]:
    return [
        Pause(
            id=row.id,
            monitor_key=row.monitor_key,
            since=row.starts_at,
            until=row.ends_at,
            author=row.author,
            reason=row.reason,
            ended_by=row.ended_by,
        )
        for row in connection.execute(query)
    ]
