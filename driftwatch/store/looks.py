"""When judged windows are looked at again, for rows that arrived late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.profiles.window import Window
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.slots import SlotState
from driftwatch.store.tables import slots, verdicts

__all__ = ["Look", "list_looks", "plan_look", "take_look"]

_FINISHED = (SlotState.DONE, SlotState.DEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A judged window that is to be looked at again at `at`.

    `rows` is how many it had when it was judged last, None where it could not be read.
    """

    window: Window
    due_at: datetime
    at: datetime
    rows: int | None


def plan_look(connection: sa.Connection, monitor: MonitorRow, window: Window, at: datetime | None) -> None:
    """Have `window` looked at again at a time; never, where that is None."""
    connection.execute(sa.update(slots).where(_is_slot(monitor, window)).values(look_at=at))


def list_looks(connection: sa.Connection, monitor: MonitorRow, now: datetime, limit: int) -> list[Look]:
    """Return the windows of the present history whose time has come, oldest window first, at most `limit`."""
    same = (slots.c[name] == verdicts.c[name] for name in ("monitor_id", "history", "window_start"))
    query = (
        sa.select(slots.c.window_start, slots.c.window_end, slots.c.due_at, slots.c.look_at, verdicts.c.batch)
        .join(verdicts, sa.and_(*same, verdicts.c.newest))
        .where(
            slots.c.monitor_id == monitor.id,
            slots.c.history == monitor.history,
            slots.c.look_at <= now,
            slots.c.state.in_(_FINISHED),
        )
        .order_by(slots.c.window_start)
        .limit(limit)
    )
    return [
        Look(
            window=Window(start=row.window_start, end=row.window_end),
            due_at=row.due_at,
            at=row.look_at,
            rows=None if row.batch is None else int(row.batch["rows"]),
        )
        for row in connection.execute(query)
    ]


def take_look(connection: sa.Connection, monitor: MonitorRow, look: Look, until: datetime) -> bool:
    """Return whether the look is ours: nobody else takes it before `until`, when its turn comes again."""
    taken = (
        sa.update(slots)
        .where(_is_slot(monitor, look.window), slots.c.look_at == look.at, slots.c.state.in_(_FINISHED))
        .values(look_at=until)
    )
    return connection.execute(taken).rowcount == 1


def _is_slot(monitor: MonitorRow, window: Window) -> sa.ColumnElement[bool]:
    return sa.and_(
        slots.c.monitor_id == monitor.id,
        slots.c.history == monitor.history,
        slots.c.window_start == window.start,
    )
