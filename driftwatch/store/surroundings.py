"""What stood beside an incident: the batches before it, and incidents of the same and of other monitors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.profiles.window import Window
from driftwatch.store.incidents import IncidentRow, read_incidents, select_incidents
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.tables import incidents, monitors, verdicts

__all__ = ["BatchSeen", "list_batches", "list_near_incidents", "list_past_incidents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSeen:
    """What came in a window: its verdict's word, its rows, and the columns that were gone or new in it."""

    window: Window
    word: str
    rows: int | None
    absent: frozenset[str]
    extra: frozenset[str]


def list_batches(
    connection: sa.Connection, monitor: MonitorRow, until: datetime, *, at_most: int
) -> list[BatchSeen]:
    """Return what came in windows that start at or before `until`: so many of the latest, oldest first."""
    names = ("window_start", "window_end", "word", "row_count", "batch")
    query = (
        sa.select(*(verdicts.c[name] for name in names))
        .where(
            verdicts.c.monitor_id == monitor.id,
            verdicts.c.history == monitor.history,
            verdicts.c.newest,
            verdicts.c.window_start <= until,
        )
        .order_by(verdicts.c.window_start.desc())
        .limit(at_most)
    )
    return [
        BatchSeen(
            window=Window(start=row.window_start, end=row.window_end),
            word=row.word,
            rows=row.row_count,
            absent=frozenset(row.batch["absent"] if row.batch else ()),
            extra=frozenset(row.batch["extra"] if row.batch else ()),
        )
        for row in connection.execute(query).all()[::-1]
    ]


def list_near_incidents(
    connection: sa.Connection, keys: Collection[str], start: datetime, end: datetime, *, at_most: int
) -> list[IncidentRow]:
    """Return incidents of these monitors that opened and whose first window starts between two times."""
    return _list(connection, keys, incidents.c.first_window.between(start, end), at_most)


def list_past_incidents(
    connection: sa.Connection, keys: Collection[str], before: int, *, at_most: int
) -> list[IncidentRow]:
    """Return incidents of these monitors that opened and have a smaller number, so many of the latest."""
    return _list(connection, keys, incidents.c.id < before, at_most)


def _list(
    connection: sa.Connection, keys: Collection[str], which: sa.ColumnElement[bool], at_most: int
) -> list[IncidentRow]:
    query = select_incidents().where(
        monitors.c.monitor_key.in_(list(keys)), incidents.c.opened_at.is_not(None), which
    )
    return read_incidents(connection, query.order_by(None).order_by(incidents.c.id.desc()).limit(at_most))
