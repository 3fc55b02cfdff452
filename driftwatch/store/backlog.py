"""What a monitor has left behind: windows that still wait, and those that were given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.finding import VerdictWord
from driftwatch.profiles.window import Window
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.slots import SlotState
from driftwatch.store.tables import slots, verdicts

__all__ = ["Finished", "GivenUp", "find_next_open", "list_finished", "list_judged", "sum_given_up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A window that has a verdict: when it was looked at first, and when the newest verdict was reached."""

    window: Window
    looked_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """Windows that were never judged: how many, and where the first and the last of them start."""

    windows: int
    first: datetime
    last: datetime


def find_next_open(connection: sa.Connection, monitor: MonitorRow, window: Window) -> Window | None:
    """Return the first window after `window` that is due or claimed; None where none is."""
    query = (
        sa.select(slots.c.window_start, slots.c.window_end)
        .where(
            slots.c.monitor_id == monitor.id,
            slots.c.history == monitor.history,
            slots.c.window_start > window.start,
            slots.c.state.in_((SlotState.DUE, SlotState.CLAIMED)),
        )
        .order_by(slots.c.window_start)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Window(start=row.window_start, end=row.window_end)


def list_finished(
    connection: sa.Connection, monitor: MonitorRow, window: Window, newest: int
) -> list[Finished]:
    """Return the last `newest` windows up to `window` that have a verdict, the latest first.

    Those that were given up are none of them.
    """
    first = verdicts.alias("first")
    key = ("monitor_id", "history", "window_start")
    query = (
        sa.select(
            verdicts.c.window_start,
            verdicts.c.window_end,
            verdicts.c.finished_at,
            first.c.finished_at.label("looked_at"),
        )
        .join(first, sa.and_(first.c.revision == 1, *(first.c[name] == verdicts.c[name] for name in key)))
        .where(
            _is_of(monitor),
            verdicts.c.newest,
            verdicts.c.word != VerdictWord.NOT_EVALUATED,
            verdicts.c.window_start <= window.start,
        )
        .order_by(verdicts.c.window_start.desc())
        .limit(newest)
    )
    return [
        Finished(
            window=Window(start=row.window_start, end=row.window_end),
            looked_at=row.looked_at,
            finished_at=row.finished_at,
        )
        for row in connection.execute(query)
    ]


def list_judged(
    connection: sa.Connection, monitor: MonitorRow, window: Window, newest: int
) -> list[datetime]:
    """Return the starts of the last `newest` windows before `window` that are evidence, the latest first."""
    query = (
        sa.select(verdicts.c.window_start)
        .where(
            _is_of(monitor),
            verdicts.c.newest,
            verdicts.c.word.in_(JUDGED_WORDS),
            verdicts.c.window_start < window.start,
        )
        .order_by(verdicts.c.window_start.desc())
        .limit(newest)
    )
    return list(connection.execute(query).scalars().all())


def sum_given_up(connection: sa.Connection, monitor: MonitorRow, since: datetime) -> GivenUp | None:
    """Return the windows given up from the one that starts at `since` on; None where there are none."""
    start = verdicts.c.window_start
    query = sa.select(sa.func.count(), sa.func.min(start), sa.func.max(start)).where(
        _is_of(monitor), verdicts.c.newest, verdicts.c.word == VerdictWord.NOT_EVALUATED, start >= since
    )
    count, first, last = connection.execute(query).one()
    return GivenUp(windows=int(count), first=first, last=last) if count else None


def _is_of(monitor: MonitorRow) -> sa.ColumnElement[bool]:
    return sa.and_(verdicts.c.monitor_id == monitor.id, verdicts.c.history == monitor.history)
