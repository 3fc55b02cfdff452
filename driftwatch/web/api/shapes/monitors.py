"""Monitors and how they are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from driftwatch.incidents.finding import VerdictWord
from driftwatch.web.api.shapes.deliveries import Destination
from driftwatch.web.api.shapes.shape import Shape

__all__ = ["FoundMonitor", "Monitor", "MonitorStatus", "Monitors", "Outbox", "Status"]


class Monitor(Shape):
    """A monitor of the configuration, or one that only the store knows."""

    id: str
    state: Literal["watched", "paused", "not started", "detached", "removed"]
    since: str | None
    open_incidents: list[int]


class Monitors(Shape):
    """Monitors by their ids."""

    schema_: Literal["driftwatch.monitors/v1"] = Field(alias="schema")
    monitors: list[Monitor]
    total: int
    next: str | None
    """The address of those after them; null where there are none."""


class WatchedMonitor(Shape):
    """What the configuration says of a monitor."""

    id: str
    title: str | None
    description: str | None
    owner: str | None
    runbook: str | None
    mode: Literal["live", "shadow"]
    window: str
    """How long a window is, or the cron fields between whose times it lies."""
    timezone: str
    delay: float
    """How many seconds after its end a window is read."""
    notify: list[str]
    """The channels that are told."""


class Pause(Shape):
    """A time in which a monitor is not judged."""

    by: str
    why: str
    since: str
    until: str | None
    """Null where it lasts until somebody ends it."""


class MonitorStatus(Shape):
    """How a monitor is."""

    id: str
    verdict: VerdictWord | None
    last_window: str | None
    last_complete_window: str | None
    next_due: str | None
    late_by: float | None
    """In seconds; null unless the next whole window is overdue by more than its own length."""
    open_incidents: list[int]
    calibration: str | None
    calibration_note: str | None
    mode: Literal["live", "shadow"]
    paused: Pause | None
    """Who wants it not judged now; nothing is late then."""


class FoundMonitor(Shape):
    """One monitor: what the configuration says of it, and how it is."""

    schema_: Literal["driftwatch.monitor/v1"] = Field(alias="schema")
    monitor: WatchedMonitor
    status: MonitorStatus


class Outbox(Shape):
    """What is on its way to people."""

    pending: int
    failed: int
    oldest_age: float | None
    """In seconds."""


class Status(Shape):
    """What needs attention, what is late, what comes next."""

    schema_: Literal["driftwatch.status/v1"] = Field(alias="schema")
    now: str
    healthy: bool
    ready: bool
    not_ready: list[str]
    monitors: list[MonitorStatus]
    outbox: Outbox
    destinations: list[Destination]
