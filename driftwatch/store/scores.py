"""What the false-alarm budget remembers: scores of windows, calibrations, and what is left of the promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.profiles.window import Window
from driftwatch.store.inserting import insert_new
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.tables import calibrations, ledgers, reference_scores, scores

__all__ = [
    "Ledger",
    "ScoreRow",
    "keep_block_scores",
    "list_scores",
    "load_block_scores",
    "load_calibration",
    "read_ledger",
    "record_calibration",
    "record_scores",
    "write_ledger",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreRow:
    """The stored scores of a window, and the reference it was compared with."""

    window: Window
    reference_version: int
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What is left of the promise; `outdated` asks for a new calibration before its turn."""

    level: float
    outdated: bool = False


def record_scores(
    connection: sa.Connection, monitor: MonitorRow, window: Window, version: int, document: bytes
) -> None:
    """Keep the scores of `window` in place of those of an earlier judgement; it must have a slot."""
    at = _name_window(monitor, window.start)
    connection.execute(sa.delete(scores).where(*(scores.c[name] == value for name, value in at.items())))
    row = {**at, "window_end": window.end, "reference_version": version, "document": document}
    connection.execute(sa.insert(scores).values(row))


def list_scores(
    connection: sa.Connection,
    monitor: MonitorRow,
    *,
    before: datetime,
    since: datetime | None = None,
    newest: int | None = None,
    history: int | None = None,
) -> list[ScoreRow]:
    """Return the scores of windows that start before a time, oldest first; `newest` keeps only so many.

    With `since` those that start earlier are left out. `history` is an earlier history of the monitor, its
    present one where None.
    """
    table = scores
    query = (
        sa.select(table)
        .where(
            table.c.monitor_id == monitor.id,
            table.c.history == (monitor.history if history is None else history),
            table.c.window_start < before,
            *([] if since is None else [table.c.window_start >= since]),
        )
        .order_by(table.c.window_start.desc())
        .limit(newest)
    )
    return [
        ScoreRow(
            window=Window(start=row.window_start, end=row.window_end),
            reference_version=row.reference_version,
            document=row.document,
        )
        for row in connection.execute(query).all()[::-1]
    ]


def record_calibration(
    connection: sa.Connection, monitor: MonitorRow, window: Window, version: int, document: bytes
) -> None:
    """Keep the calibration that `window` is the first to be judged with, in place of an earlier one."""
    table, at = calibrations, _name_window(monitor, window.start)
    connection.execute(sa.delete(table).where(*(table.c[name] == value for name, value in at.items())))
    connection.execute(sa.insert(table).values({**at, "reference_version": version, "document": document}))


def load_calibration(
    connection: sa.Connection, monitor: MonitorRow, window: Window, version: int
) -> tuple[datetime, bytes] | None:
    """Return the newest calibration kept at or before `window` for a reference, and from when it is."""
    table = calibrations
    query = (
        sa.select(table)
        .where(
            table.c.monitor_id == monitor.id,
            table.c.history == monitor.history,
            table.c.reference_version == version,
            table.c.window_start <= window.start,
        )
        .order_by(table.c.window_start.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.window_start, row.document)


def read_ledger(connection: sa.Connection, monitor: MonitorRow) -> Ledger | None:
    """Return the ledger of the monitor's present history, None before its first window."""
    row = connection.execute(
        sa.select(ledgers).where(ledgers.c.monitor_id == monitor.id, ledgers.c.history == monitor.history)
    ).one_or_none()
    return None if row is None else Ledger(level=row.level, outdated=row.outdated)


def write_ledger(connection: sa.Connection, monitor: MonitorRow, ledger: Ledger) -> None:
    """Keep the ledger of the monitor's present history."""
    key = {"monitor_id": monitor.id, "history": monitor.history}
    values = {"level": ledger.level, "outdated": ledger.outdated}
    change = (
        sa.update(ledgers)
        .where(ledgers.c.monitor_id == monitor.id, ledgers.c.history == monitor.history)
        .values(values)
    )
    if connection.execute(change).rowcount == 0:
        # Whoever inserts one at the same time waits here, and the later of the two stands.
        insert_new(connection, ledgers, [key | values], key=list(key))
        connection.execute(change)


def keep_block_scores(connection: sa.Connection, monitor: MonitorRow, version: int, document: bytes) -> None:
    """Keep what the blocks of a reference say of one another; the first to do so wins."""
    row = {"monitor_id": monitor.id, "version": version, "document": document}
    insert_new(connection, reference_scores, [row], key=["monitor_id", "version"])


def load_block_scores(connection: sa.Connection, monitor: MonitorRow, version: int) -> bytes | None:
    """Return what the blocks of a reference say of one another, None where nobody has looked yet."""
    table = reference_scores
    query = sa.select(table.c.document).where(table.c.monitor_id == monitor.id, table.c.version == version)
    found: Sequence[bytes] = connection.execute(query).scalars().all()
    return found[0] if found else None


def _name_window(monitor: MonitorRow, start: datetime) -> dict[str, object]:
    return {"monitor_id": monitor.id, "history": monitor.history, "window_start": start}
