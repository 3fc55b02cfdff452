"""What needs attention, what is late, what comes next: the state of everything on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from driftwatch.incidents.finding import VerdictWord, split_calibration
from driftwatch.incidents.incident import IncidentState, Severity
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.facts import EMPTY_BY_HABIT
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.queues import build_queues_json
from driftwatch.jobs.readiness import list_obstacles
from driftwatch.jobs.windows import due_at, next_window, window_at
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.outbox import OutboxSummary, summarise_outbox
from driftwatch.store.pauses import Pause, list_paused
from driftwatch.store.queues import Queue, list_queues
from driftwatch.store.standings import OpenIncident, Standing, list_open_incidents, list_standings

__all__ = ["MonitorStatus", "Status", "build_pause_json", "list_statuses", "read_status"]

COMPLETE = frozenset({VerdictWord.OK, VerdictWord.DRIFT, VerdictWord.DATA})
"""The verdicts on windows that were read and judged whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorStatus:
    """One monitor: its last verdict, what is open, and how late its next window is.

    `late_by` is None unless the window after the last complete one, or the first one where none is complete,
    is overdue by more than its own length. `paused` is who wants it not judged now: nothing is late then.
    """

    id: str
    verdict: str | None
    last_window: Window | None
    last_complete_window: Window | None
    next_due: datetime | None
    late_by: timedelta | None
    open_incidents: tuple[int, ...]
    worst: Severity | None
    calibration: str | None = None
    mode: str = "live"
    paused: Pause | None = None

    @property
    def healthy(self) -> bool:
        """Whether it is judged, a whole window was, on time, and nothing that people are told of is open."""
        if self.paused is not None or self.late_by is not None:
            return False
        is_told = self.worst is not None and self.worst > Severity.MINOR
        return self.last_complete_window is not None and not is_told

    def to_json(self) -> dict[str, Any]:
        """Return the entry of `driftwatch.status/v1`."""
        return {
            "id": self.id,
            "verdict": self.verdict,
            "last_window": self.last_window and write_stamp(self.last_window.start),
            "last_complete_window": self.last_complete_window
            and write_stamp(self.last_complete_window.start),
            "next_due": self.next_due and write_stamp(self.next_due),
            "late_by": None if self.late_by is None else self.late_by.total_seconds(),
            "open_incidents": list(self.open_incidents),
            "calibration": split_calibration(self.calibration)[0],
            "calibration_note": split_calibration(self.calibration)[1],
            "mode": self.mode,
            "paused": None if self.paused is None else build_pause_json(self.paused),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Every monitor of the configuration, the outbox, and why the daemon cannot be relied on, if so."""

    now: datetime
    monitors: tuple[MonitorStatus, ...]
    outbox: OutboxSummary
    obstacles: tuple[str, ...] = ()
    queues: tuple[Queue, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether every monitor is healthy, no delivery has failed and no channel is disabled."""
        is_told = not self.outbox.failed and not any(queue.disabled for queue in self.queues)
        return all(monitor.healthy for monitor in self.monitors) and is_told

    def to_json(self) -> dict[str, Any]:
        """Return the shape of `driftwatch.status/v1`; ages are in seconds."""
        oldest = self.outbox.oldest_age
        return {
            "schema": "driftwatch.status/v1",
            "now": write_stamp(self.now.replace(microsecond=0)),
            "healthy": self.healthy,
            "ready": not self.obstacles,
            "not_ready": list(self.obstacles),
            "monitors": [monitor.to_json() for monitor in self.monitors],
            "outbox": {
                "pending": self.outbox.pending,
                "failed": self.outbox.failed,
                "oldest_age": None if oldest is None else oldest.total_seconds(),
            },
            "destinations": build_queues_json(self.queues),
        }


def read_status(database: Database, monitors: Sequence[Monitor], now: datetime) -> Status:
    """Return the status of `monitors` as the store has it; nothing is judged.

    However many there are, the store is asked a handful of questions.
    """

    def read(tx: sa.Connection) -> Status:
        return Status(
            now=now,
            monitors=list_statuses(tx, monitors, now),
            outbox=summarise_outbox(tx, now),
            obstacles=list_obstacles(tx, now),
            queues=tuple(list_queues(tx, now)),
        )

    return database.read(read)


def list_statuses(tx: sa.Connection, monitors: Sequence[Monitor], now: datetime) -> tuple[MonitorStatus, ...]:
    """Return how each of `monitors` is, in their order."""
    standings, opened, paused = _list_standings(tx), list_open_incidents(tx), list_paused(tx, now)
    return tuple(
        _describe_monitor(
            one, standings.get(one.id, Standing()), opened.get(one.id, ()), now, paused=paused.get(one.id)
        )
        for one in monitors
    )


def _list_standings(tx: sa.Connection) -> dict[str, Standing]:
    # Rows of a thin window came in time; they wait for more.
    return list_standings(tx, complete=COMPLETE, settled=COMPLETE | {VerdictWord.THIN}, reason=EMPTY_BY_HABIT)


def build_pause_json(pause: Pause) -> dict[str, Any]:
    """Return who paused a monitor, why and for how long, as `driftwatch.status/v1` has it."""
    return {
        "by": pause.author,
        "why": pause.reason,
        "since": write_stamp(pause.since),
        "until": pause.until and write_stamp(pause.until),
    }


def _describe_monitor(
    monitor: Monitor,
    standing: Standing,
    incidents: Sequence[OpenIncident],
    now: datetime,
    *,
    paused: Pause | None,
) -> MonitorStatus:
    opened = [one for one in incidents if one.state != IncidentState.PENDING]
    return MonitorStatus(
        id=monitor.id,
        verdict=standing.word,
        last_window=standing.last,
        last_complete_window=standing.complete,
        next_due=_find_next_due(monitor, standing.last, now),
        late_by=None if paused else _measure_lateness(monitor, standing, now),
        open_incidents=tuple(one.id for one in opened),
        calibration=standing.calibration,
        worst=max((Severity(one.severity) for one in opened), default=None),
        mode=monitor.mode,
        paused=paused,
    )


def _find_next_due(monitor: Monitor, last: Window | None, now: datetime) -> datetime:
    window = window_at(monitor.schedule, now) if last is None else next_window(monitor.schedule, last)
    return due_at(window, monitor.delay)


def _measure_lateness(monitor: Monitor, standing: Standing, now: datetime) -> timedelta | None:
    """Return how long the oldest window after the last complete one is overdue, None within its length.

    A window that is empty by habit is as good as a complete one here.
    """
    if standing.settled is not None:
        window = next_window(monitor.schedule, standing.settled)
    elif standing.first is not None:
        window = standing.first
    else:
        return None
    late = now - due_at(window, monitor.delay)
    return late if late > window.length else None
