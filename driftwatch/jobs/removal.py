"""Monitors that the configuration no longer names: told once, and ended only where a person says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import end_with_monitor
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.incident import IncidentState
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.messages import DETACHED_TYPE, build_detached_body
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.recording import Held, keep_advance
from driftwatch.store.database import Database
from driftwatch.store.delivery import DeliveryDraft
from driftwatch.store.incidents import open_incidents
from driftwatch.store.monitors import MonitorRow, find_monitor, list_monitors
from driftwatch.store.outbox import queue_delivery
from driftwatch.store.pauses import Pause, list_paused
from driftwatch.store.removal import is_removed, list_told_channels, mark_removed
from driftwatch.store.slots import abandon_slots
from driftwatch.store.standings import list_open_incidents

__all__ = ["Known", "list_known", "remove_monitor", "tell_detached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A monitor as people list it.

    `state` is `watched`, `paused`, `not started`, `detached` or `removed`.
    """

    id: str
    state: str
    since: datetime | None = None
    open_incidents: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return an entry of `driftwatch.monitors/v1`."""
        return {
            "id": self.id,
            "state": self.state,
            "since": None if self.since is None else write_stamp(self.since),
            "open_incidents": list(self.open_incidents),
        }


def list_known(database: Database, monitors: Sequence[Monitor], now: datetime) -> list[Known]:
    """Return the monitors of the configuration and those that only the store knows, by name."""

    def read(tx: sa.Connection) -> list[Known]:
        rows = {row.key: row for row in list_monitors(tx)}
        names = sorted({*rows, *(monitor.id for monitor in monitors)})
        named, live = {monitor.id for monitor in monitors}, list_open_incidents(tx)
        opened = {
            name: tuple(one.id for one in found if one.state != IncidentState.PENDING)
            for name, found in live.items()
        }
        known = (
            _describe(name, rows.get(name), opened.get(name, ()), is_named=name in named) for name in names
        )
        paused = list_paused(tx, now)
        return [_note_pause(one, paused.get(one.id)) for one in known]

    return database.read(read)


def _note_pause(known: Known, pause: Pause | None) -> Known:
    if pause is None or known.state != "watched":
        return known
    return replace(known, state="paused", since=pause.since)


def _describe(name: str, row: MonitorRow | None, incidents: tuple[int, ...], *, is_named: bool) -> Known:
    if row is None:
        return Known(id=name, state="not started")
    if is_named:
        return Known(id=name, state="watched", since=row.first_started_at, open_incidents=incidents)
    state = "removed" if is_removed(row) else "detached"
    return Known(id=name, state=state, since=row.detached_at, open_incidents=incidents)


def tell_detached(tx: sa.Connection, parts: Parts, keys: Iterable[str]) -> None:
    """Tell of monitors that were just detached, once, wherever something was told of them before."""
    now = parts.clock.now()
    for key in keys:
        row = find_monitor(tx, key)
        if row is None:
            continue
        incidents = [one.id for one in open_incidents(tx, row) if one.opened_at is not None]
        body = build_detached_body(key, incidents, now)
        for channel in _list_channels(tx, parts, row):
            draft = DeliveryDraft(channel=channel, type=DETACHED_TYPE, body=body, monitor_key=key)
            queue_delivery(tx, draft, make_id=parts.make_id, now=now)


def remove_monitor(parts: Parts, monitors: Sequence[Monitor], name: str, who: str) -> list[int]:
    """End a monitor that the configuration does not name any more; return the incidents that ended with it.

    Whoever was told of one of them is told that it is over. All that was found is kept. Raises UsageError
    where the configuration still names it, or the store does not know it.
    """
    if any(monitor.id == name for monitor in monitors):
        raise UsageError(
            f"{name} is still in the configuration and would come back at once; take it out of the file first"
        )

    def remove(tx: sa.Connection) -> list[int]:
        row = find_monitor(tx, name)
        if row is None or is_removed(row):
            what = "was removed before" if row else "is no monitor that the store knows"
            raise UsageError(f"{name!r} {what}; `driftwatch monitor list` shows those there are")
        now = parts.clock.now()
        abandon_slots(tx, row, f"the monitor was removed by {who}")
        ended = []
        for stored in open_incidents(tx, row):
            incident = decode_incident(dict(stored.document), id=stored.id)
            held = Held(incident=incident, version=stored.version)
            notify = _list_channels(tx, parts, row, incident_id=stored.id)
            step = end_with_monitor(incident, who, now)
            keep_advance(tx, parts, row, held, step, facts=MonitorFacts(id=name), notify=notify)
            ended.append(stored.id)
        mark_removed(tx, row, now)
        return ended

    return parts.database.write(remove)


def _list_channels(
    tx: sa.Connection, parts: Parts, row: MonitorRow, *, incident_id: int | None = None
) -> list[str]:
    told = list_told_channels(tx, row, incident_id=incident_id)
    return [channel for channel in told if channel in parts.channels]
