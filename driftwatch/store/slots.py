"""The ledger of windows: what is due, who works on it, what became of it.

A claim is an update that must change exactly one row, and every claim has a greater token than the one
before. Whoever was overtaken (paused for longer than the lease) is refused when finishing: `Fenced`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

import sqlalchemy as sa

from driftwatch.profiles.window import Window
from driftwatch.store.claims import (
    Fenced,
    claim_values,
    end_claim,
    holds_claim,
    is_claimable,
    was_ended,
)
from driftwatch.store.inserting import insert_new
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.pauses import holds_pause
from driftwatch.store.tables import monitors, slots

__all__ = [
    "MOST_PLANNED",
    "Claim",
    "Fenced",
    "SlotRow",
    "SlotState",
    "abandon_slots",
    "claim_slot",
    "due_slots",
    "find_slot",
    "finish_slot",
    "hasten_slots",
    "holds_slot",
    "newest_slot",
    "oldest_slot",
    "open_slots",
    "plan_slots",
    "postpone_slot",
    "renew_slot",
    "reopen_slots",
    "settle_slot",
    "skip_slot",
]

MOST_PLANNED = 500
"""Slots that one transaction may plan: others wait for it."""

_KEY = ("monitor_id", "history", "window_start")


class SlotState(StrEnum):
    """Where a window stands."""

    DUE = "due"  # It waits to be read, from `next_at` on.
    CLAIMED = "claimed"  # Somebody works on it, until `claim_until`.
    DONE = "done"  # It was judged.
    SKIPPED = "skipped"  # It was given up without being read.
    DEAD = "dead"  # It could not be read or judged, and is not tried again.


_OPEN = (SlotState.DUE, SlotState.CLAIMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRow:
    """One window of one monitor."""

    monitor_key: str
    window: Window
    due_at: datetime
    state: SlotState
    attempts: int
    token: int
    owner: str | None
    claim_until: datetime | None
    next_at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to judge one window, until `until` or until somebody with a greater token took over.

    `attempts` counts this one too, and not those that `postpone_slot` took back. `reason` says why an
    earlier attempt was postponed.
    """

    monitor_id: int
    monitor_key: str
    history: int
    window: Window
    token: int
    attempts: int
    until: datetime
    reason: str | None


def plan_slots(
    connection: sa.Connection, monitor: MonitorRow, windows: Sequence[tuple[Window, datetime]]
) -> None:
    """Enter `windows` with the times they fall due; one that is entered already stays as it is.

    Raises ValueError for more than `MOST_PLANNED` at once.
    """
    if len(windows) > MOST_PLANNED:
        raise ValueError(f"{len(windows)} slots at once are too many; plan at most {MOST_PLANNED}")
    rows = [_build_slot(monitor, window, due_at) for window, due_at in windows]
    insert_new(connection, slots, rows, key=_KEY)


def skip_slot(
    connection: sa.Connection, monitor: MonitorRow, window: Window, *, due_at: datetime, reason: str
) -> bool:
    """Give `window` up, entering it where it is not; return False where it is claimed or finished already."""
    insert_new(connection, slots, [_build_slot(monitor, window, due_at)], key=_KEY)
    changed = connection.execute(
        sa.update(slots)
        .where(_is_slot(monitor.id, monitor.history, window), slots.c.state == SlotState.DUE)
        .values(state=SlotState.SKIPPED, reason=reason)
    )
    return changed.rowcount == 1


def claim_slot(
    connection: sa.Connection,
    monitor: MonitorRow,
    window: Window,
    owner: str,
    lease: timedelta,
    now: datetime,
) -> Claim | None:
    """Return the claim on `window`, or None.

    None is returned where the window is not planned, finished, claimed by somebody whose lease has not
    run out, postponed beyond `now`, where an older window of the monitor is still open, or where the monitor
    is paused.
    """
    older = slots.alias("older")
    is_behind = (
        sa.select(sa.literal(1))
        .where(
            older.c.monitor_id == monitor.id,
            older.c.history == monitor.history,
            older.c.window_start < window.start,
            older.c.state.in_(_OPEN),
        )
        .exists()
    )
    changed = connection.execute(
        sa.update(slots)
        .where(
            _is_slot(monitor.id, monitor.history, window),
            _is_claimable(now),
            ~is_behind,
            ~holds_pause(monitor.id, now),
        )
        .values(state=SlotState.CLAIMED, **claim_values(slots, owner, now + lease))
    )
    if changed.rowcount != 1:
        return None
    row = connection.execute(sa.select(slots).where(_is_slot(monitor.id, monitor.history, window))).one()
    return Claim(
        monitor_id=monitor.id,
        monitor_key=monitor.key,
        history=monitor.history,
        window=window,
        token=row.token,
        attempts=row.attempts,
        until=row.claim_until,
        reason=row.reason,
    )


def finish_slot(
    connection: sa.Connection,
    claim: Claim,
    state: Literal[SlotState.DONE, SlotState.SKIPPED, SlotState.DEAD],
    reason: str | None = None,
) -> None:
    """Close the claimed slot. Raises Fenced, and the caller rolls back, where it is not ours any more."""
    _leave(connection, claim, {"state": state, "reason": reason})


def postpone_slot(
    connection: sa.Connection, claim: Claim, next_at: datetime, reason: str, *, attempts: int | None = None
) -> None:
    """Give the claimed slot back, to be tried again from `next_at` on. Raises Fenced like `finish_slot`.

    `attempts` is how many count so far: all of them, this one too, where it is None.
    """
    counted = claim.attempts if attempts is None else attempts
    changes = {"state": SlotState.DUE, "next_at": next_at, "reason": reason, "attempts": counted}
    _leave(connection, claim, changes)


def renew_slot(connection: sa.Connection, claim: Claim, until: datetime) -> bool:
    """Keep the claimed slot from others until then; return False where it is not ours any more."""
    renewed = sa.update(slots).where(_is_claimed(claim)).values(claim_until=until)
    return connection.execute(renewed).rowcount == 1


def holds_slot(connection: sa.Connection, claim: Claim) -> bool:
    """Return whether the slot is claimed as `claim` says; it stays so until the commit."""
    return holds_claim(connection, slots, _is_claimed(claim))


def settle_slot(connection: sa.Connection, claim: Claim) -> bool:
    """Return whether the end of `claim` was committed. Raises Fenced where somebody else has the slot now."""
    row = _is_slot(claim.monitor_id, claim.history, claim.window)
    return was_ended(connection, slots, row=row, claimed=_is_claimed(claim), token=claim.token)


def reopen_slots(connection: sa.Connection, monitor: MonitorRow, windows: Sequence[Window]) -> None:
    """Make finished or postponed slots due again, to be judged once more; claimed ones stay claimed."""
    connection.execute(
        sa.update(slots)
        .where(
            _is_of(monitor),
            slots.c.window_start.in_([window.start for window in windows]),
            slots.c.state != SlotState.CLAIMED,
        )
        .values(state=SlotState.DUE, next_at=slots.c.due_at, attempts=0)
    )


def hasten_slots(connection: sa.Connection, monitor: MonitorRow, now: datetime) -> int:
    """Let postponed slots whose window has fallen due be claimed at once; return how many there were."""
    hastened = sa.update(slots).where(
        _is_of(monitor), slots.c.state == SlotState.DUE, slots.c.due_at <= now, slots.c.next_at > now
    )
    return connection.execute(hastened.values(next_at=now)).rowcount


def abandon_slots(connection: sa.Connection, monitor: MonitorRow, reason: str) -> None:
    """Give up what is due or claimed: whoever is at work on a window of this history is fenced."""
    connection.execute(
        sa.update(slots)
        .where(_is_of(monitor), slots.c.state.in_(_OPEN))
        .values(state=SlotState.SKIPPED, owner=None, claim_until=None, reason=reason)
    )


def due_slots(connection: sa.Connection, now: datetime, limit: int) -> list[SlotRow]:
    """Return the slots that can be claimed at `now`, longest due first: at most one a monitor, its oldest.

    Detached and paused monitors and earlier histories have none.
    """
    oldest = (
        sa.select(
            slots.c.monitor_id, slots.c.history, sa.func.min(slots.c.window_start).label("window_start")
        )
        .where(slots.c.state.in_(_OPEN))
        .group_by(slots.c.monitor_id, slots.c.history)
        .subquery()
    )
    query = (
        _select_slots()
        .join(oldest, sa.and_(*(slots.c[name] == oldest.c[name] for name in _KEY)))
        .where(
            monitors.c.history == slots.c.history,
            monitors.c.detached_at.is_(None),
            _is_claimable(now),
            ~holds_pause(slots.c.monitor_id, now),
        )
        .order_by(slots.c.next_at, slots.c.monitor_id)
        .limit(limit)
    )
    return [_build_row(row) for row in connection.execute(query)]


def newest_slot(connection: sa.Connection, monitor: MonitorRow) -> SlotRow | None:
    """Return the latest window that was ever planned in the monitor's present history."""
    query = _select_slots().where(_is_of(monitor)).order_by(slots.c.window_start.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _build_row(row)


def oldest_slot(connection: sa.Connection, monitor: MonitorRow) -> SlotRow | None:
    """Return the earliest window that is kept of the monitor's present history."""
    query = _select_slots().where(_is_of(monitor)).order_by(slots.c.window_start).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _build_row(row)


def find_slot(connection: sa.Connection, monitor: MonitorRow, window: Window) -> SlotRow | None:
    """Return where `window` stands in the monitor's present history, None where it was never planned."""
    query = _select_slots().where(_is_slot(monitor.id, monitor.history, window))
    row = connection.execute(query).one_or_none()
    return None if row is None else _build_row(row)


def open_slots(connection: sa.Connection, monitor: MonitorRow) -> list[SlotRow]:
    """Return the monitor's slots that are due or claimed, oldest window first."""
    query = _select_slots().where(_is_of(monitor), slots.c.state.in_(_OPEN)).order_by(slots.c.window_start)
    return [_build_row(row) for row in connection.execute(query)]


def _leave(connection: sa.Connection, claim: Claim, changes: dict[str, Any]) -> None:
    if not end_claim(connection, slots, _is_claimed(claim), changes):
        raise Fenced(
            f"{claim.monitor_key}, window {claim.window}: somebody else took this window over after "
            f"{claim.until.isoformat()}; what was worked out here is dropped"
        )


def _build_slot(monitor: MonitorRow, window: Window, due_at: datetime) -> dict[str, Any]:
    return {
        "monitor_id": monitor.id,
        "history": monitor.history,
        "window_start": window.start,
        "window_end": window.end,
        "due_at": due_at,
        "state": SlotState.DUE,
        "next_at": due_at,
    }


def _is_of(monitor: MonitorRow) -> sa.ColumnElement[bool]:
    return sa.and_(slots.c.monitor_id == monitor.id, slots.c.history == monitor.history)


def _is_slot(monitor_id: int, history: int, window: Window) -> sa.ColumnElement[bool]:
    return sa.and_(
        slots.c.monitor_id == monitor_id,
        slots.c.history == history,
        slots.c.window_start == window.start,
        slots.c.window_end == window.end,
    )


def _is_claimed(claim: Claim) -> sa.ColumnElement[bool]:
    return sa.and_(
        _is_slot(claim.monitor_id, claim.history, claim.window),
        slots.c.state == SlotState.CLAIMED,
        slots.c.token == claim.token,
    )


def _is_claimable(now: datetime) -> sa.ColumnElement[bool]:
    return is_claimable(slots, waiting=SlotState.DUE, working=SlotState.CLAIMED, now=now)


def _select_slots() -> sa.Select[Any]:
    return sa.select(slots, monitors.c.monitor_key).join(monitors, monitors.c.id == slots.c.monitor_id)


def _build_row(row: sa.Row[Any]) -> SlotRow:
    return SlotRow(
        monitor_key=row.monitor_key,
        window=Window(start=row.window_start, end=row.window_end),
        due_at=row.due_at,
        state=SlotState(row.state),
        attempts=row.attempts,
        token=row.token,
        owner=row.owner,
        claim_until=row.claim_until,
        next_at=row.next_at,
        reason=row.reason,
    )
