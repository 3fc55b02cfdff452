"""Monitors as the store knows them, and the configurations they came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import configs, monitors

__all__ = [
    "MonitorRow",
    "begin_history",
    "find_monitor",
    "list_monitors",
    "mark_detached",
    "name_companion",
    "record_config",
    "register_monitor",
]


_COMPANION = " (rolling)"
"""No id of a configuration ends with it: those have no spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRow:
    """A monitor the store knows.

    `key` is its id in the configuration, `identity` the fingerprint of what it watches. `history` grows by
    one when that changes, or when another reference is to judge: slots and incidents of an earlier history
    are kept and stand still. `first_started_at` is when its present history began. `inherits` is the former
    history whose scores still count, None where it watched other data. `model` names the model that the data
    feeds and its version, None where nobody has said so yet.
    """

    id: int
    key: str
    identity: str
    config_fingerprint: str
    history: int
    first_started_at: datetime
    detached_at: datetime | None
    inherits: int | None = None
    model: str | None = None


def register_monitor(
    connection: sa.Connection,
    key: str,
    *,
    identity: str,
    config_fingerprint: str,
    now: datetime,
    model: str | None = None,
) -> MonitorRow:
    """Return the monitor called `key`, as it is in the configuration now; it is attached again.

    A changed `identity` starts a new history at `now`.
    """
    fresh = {
        "monitor_key": key,
        "identity": identity,
        "config_fingerprint": config_fingerprint,
        "history": 1,
        "first_started_at": now,
        "model": model,
    }
    insert_new(connection, monitors, [fresh], key=["monitor_key"])
    known = _need_monitor(connection, key)
    changes: dict[str, Any] = {"config_fingerprint": config_fingerprint, "detached_at": None}
    changes |= {} if model is None else {"model": model}
    if known.identity != identity:
        changes |= {"identity": identity, "history": known.history + 1, "first_started_at": now}
        changes["inherits"] = None
    # The condition keeps two processes that register at once from starting two histories.
    connection.execute(
        sa.update(monitors)
        .where(monitors.c.id == known.id, monitors.c.identity == known.identity)
        .values(changes)
    )
    return _need_monitor(connection, key)


def begin_history(connection: sa.Connection, monitor: MonitorRow, now: datetime) -> MonitorRow:
    """Return the monitor with another history of the same data, which inherits the scores of the present one.

    Raises UsageError where somebody else began one in the meantime.
    """
    changed = connection.execute(
        sa.update(monitors)
        .where(monitors.c.id == monitor.id, monitors.c.history == monitor.history)
        .values(history=monitor.history + 1, inherits=monitor.history, first_started_at=now)
    )
    if changed.rowcount != 1:
        raise UsageError(f"{monitor.key} began another history in the meantime; look at it again, and retry")
    return _need_monitor(connection, monitor.key)


def find_monitor(connection: sa.Connection, key: str) -> MonitorRow | None:
    """Return the monitor called `key`, None where the store has never met it."""
    row = connection.execute(sa.select(monitors).where(monitors.c.monitor_key == key)).one_or_none()
    return None if row is None else _build_row(row)


def list_monitors(connection: sa.Connection) -> list[MonitorRow]:
    """Return every monitor the store knows, detached ones too, by key; companions are none."""
    rows = connection.execute(sa.select(monitors).order_by(monitors.c.monitor_key))
    return [_build_row(row) for row in rows if not row.monitor_key.endswith(_COMPANION)]


def name_companion(key: str) -> str:
    """Return the key under which the rolling reference beside the monitor `key` keeps what it knows."""
    return f"{key}{_COMPANION}"


def mark_detached(connection: sa.Connection, keys: Iterable[str], now: datetime) -> list[str]:
    """Detach the monitors called `keys` and return those that were not detached before, sorted."""
    detached = []
    for key in sorted(set(keys)):
        changed = connection.execute(
            sa.update(monitors)
            .where(monitors.c.monitor_key == key, monitors.c.detached_at.is_(None))
            .values(detached_at=now)
        )
        if changed.rowcount == 1:
            detached.append(key)
    return detached


def record_config(
    connection: sa.Connection, fingerprint: str, summary: Mapping[str, Any], now: datetime
) -> None:
    """Remember that the configuration with this `fingerprint` was applied; the first time counts.

    `summary` is kept as JSON and must hold no secret.
    """
    row = {"fingerprint": fingerprint, "first_applied_at": now, "summary": dict(summary)}
    insert_new(connection, configs, [row], key=["fingerprint"])


def _need_monitor(connection: sa.Connection, key: str) -> MonitorRow:
    return _build_row(connection.execute(sa.select(monitors).where(monitors.c.monitor_key == key)).one())


def _build_row(row: sa.Row[Any]) -> MonitorRow:
    return MonitorRow(
        id=row.id,
        key=row.monitor_key,
        identity=row.identity,
        config_fingerprint=row.config_fingerprint,
        history=row.history,
        first_started_at=row.first_started_at,
        detached_at=row.detached_at,
        inherits=row.inherits,
        model=row.model,
    )
