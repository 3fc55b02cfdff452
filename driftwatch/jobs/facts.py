"""What notices say about a monitor, and which windows are empty by habit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from driftwatch.incidents.conditions import Age
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.jobs.monitor import Monitor
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.retraining.policy import describe_policy

__all__ = ["EMPTY_BY_HABIT", "build_facts", "is_empty_by_habit", "list_ages"]

EMPTY_BY_HABIT = "no rows, as in the reference at this time of the week"
"""The reason of a verdict on a window without rows that is expected to have none."""

_HALF_A_DAY: Final = timedelta(hours=12)


def build_facts(monitor: Monitor) -> MonitorFacts:
    """Return what people are told about `monitor` beside what happened to it."""
    shadow = monitor.mode == "shadow"
    return MonitorFacts(
        id=monitor.id,
        title=monitor.title,
        description=monitor.description,
        owner=monitor.owner,
        runbook=monitor.runbook,
        model=monitor.model.name if monitor.model else None,
        model_version=monitor.model.version if monitor.model else None,
        retraining=describe_policy(monitor.retrain) if monitor.retrain and not shadow else None,
        resolve_after=monitor.policy.resolve_after,
        shadow=shadow,
    )


def list_ages(monitor: Monitor, reference: Reference, now: datetime) -> list[Age]:
    """Return how old the model and the reference are, where the monitor limits it."""
    limits = monitor.policy.ages
    ages = []
    if limits.model is not None and monitor.model and monitor.model.trained_at:
        ages.append(Age(of="model", age=now - monitor.model.trained_at, limit=limits.model))
    ends = [block.window.end for block in reference.blocks if block.window]
    if limits.reference is not None and ends:
        ages.append(Age(of="reference", age=now - max(ends), limit=limits.reference))
    return ages


def is_empty_by_habit(reference: Reference, window: Window, timezone: str) -> bool:
    """Return whether every reference block of that weekday and time of day is empty too, and there is one.

    Windows of about a day and longer go by the weekday alone: clocks that jump over midnight change no habit.
    Shorter ones at a time of the week that the reference does not have go by the time of day.
    """
    weekday, time = _name_time(window, timezone)
    blocks = [(_name_time(b.window, timezone), b.profile.rows) for b in reference.blocks if b.window]
    if window.length > _HALF_A_DAY:
        alike = [rows for name, rows in blocks if name[0] == weekday]
    else:
        alike = [rows for name, rows in blocks if name == (weekday, time)]
        alike = alike or [rows for name, rows in blocks if name[1] == time]
    return bool(alike) and not any(alike)


def _name_time(window: Window, timezone: str) -> tuple[int, tuple[int, int]]:
    local = window.start.astimezone(ZoneInfo(timezone))
    return local.weekday(), (local.hour, local.minute)
