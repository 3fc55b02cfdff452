"""Maintenance windows and the heartbeat of a configuration: what they may be, and what is made of them."""

# ruff: noqa: RUF009 - setting() is dataclasses.field with words for editors.

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Final, Literal

from driftwatch.channels.heartbeat import HEARTBEAT, Heartbeat
from driftwatch.config.mistakes import Note, Path, suggest
from driftwatch.config.reading import list_good
from driftwatch.config.sections import setting
from driftwatch.config.values import Zone
from driftwatch.jobs.maintenance import Maintenance
from driftwatch.jobs.pinging import SHORTEST_BEAT
from driftwatch.net.http import check_url
from driftwatch.net.secrets import Secret

__all__ = [
    "HEARTBEAT",
    "TIME_OF_DAY",
    "HeartbeatSettings",
    "MaintenanceSettings",
    "Weekday",
    "build_heartbeat",
    "build_maintenance",
    "check_heartbeat",
    "check_maintenance",
]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

TIME_OF_DAY: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
"""A time of day such as 02:00."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceSettings:
    """A time that comes back, in which nobody is told."""

    monitors: tuple[str, ...] = setting(
        'the monitors, as names that may hold *; "*" is all', (), required=True
    )
    cron: str | None = setting("when it begins: five cron fields, such as 0 2 * * 6")
    days: tuple[Weekday, ...] = setting("in place of cron: the weekdays, such as [saturday]", ())
    at: str | None = setting("with days: the time of day, such as 02:00")
    for_: timedelta | None = setting("how long it lasts, such as 4h", required=True)
    timezone: Zone = setting("the zone of these times", Zone("UTC"))
    why: str | None = setting("why nobody is told", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSettings:
    """An address that is asked for as long as notices can be sent, and that gives alarm when it is not."""

    url: Secret | None = setting("the address of the watcher; who has it can pretend to be us", required=True)
    every: timedelta = setting("how often", timedelta(minutes=5))


def check_maintenance(windows: Sequence[MaintenanceSettings], names: Sequence[str], note: Note) -> None:
    """Record what does not fit together in maintenance windows; `names` are the monitors there are."""
    for place, one in list_good(windows):
        path: Path = ("maintenance", place)
        if not one.monitors:
            note((*path, "monitors"), 'names no monitor; "*" means every one')
        for number, wanted in list_good(one.monitors):
            if names and not any(fnmatchcase(name, wanted) for name in names):
                hint = suggest(wanted, names)
                note((*path, "monitors", number), f"{wanted!r} is the name of no monitor{hint}")
        _check_times(one, path, note)


def build_maintenance(windows: Sequence[MaintenanceSettings]) -> tuple[Maintenance, ...]:
    """Return the maintenance windows that checked settings describe."""
    return tuple(
        Maintenance(
            monitors=one.monitors,
            cron=_find_cron(one),
            length=one.for_ or timedelta(0),
            why=one.why or "",
            timezone=one.timezone,
        )
        for one in windows
    )


def check_heartbeat(heartbeat: HeartbeatSettings | None, note: Note) -> None:
    """Record what cannot be used of a heartbeat."""
    if heartbeat is None:
        return
    if heartbeat.every < SHORTEST_BEAT:
        shortest = SHORTEST_BEAT.total_seconds()
        note(("heartbeat", "every"), f"wants at least {shortest:g}s")
    if heartbeat.url is not None:
        try:
            check_url(heartbeat.url.reveal())
        except ValueError as error:
            note(("heartbeat", "url"), str(error))


def build_heartbeat(heartbeat: HeartbeatSettings | None) -> Heartbeat | None:
    """Return the channel that checked settings describe, None where there is none."""
    if heartbeat is None or heartbeat.url is None:
        return None
    return Heartbeat(url=heartbeat.url, every=heartbeat.every)


def _check_times(one: MaintenanceSettings, path: Path, note: Note) -> None:
    is_weekly = bool(one.days) or one.at is not None
    if one.cron is not None and is_weekly:
        note((*path, "cron"), "stands beside days and at; give one of the two")
    elif one.cron is None and not is_weekly:
        note(path, "wants cron, such as 0 2 * * 6, or days and at")
    elif one.cron is None and not (one.days and one.at):
        missing = "at" if one.days else "days"
        note((*path, missing), "is missing: a weekly window wants days and at")
    elif one.at is not None and not TIME_OF_DAY.fullmatch(one.at):
        note((*path, "at"), f"wants a time of day such as 02:00, not {one.at!r}")
    elif one.for_ is not None and len(list(list_good(one.days))) == len(one.days):
        try:
            build_maintenance([one])
        except ValueError as error:
            place = "for" if "length" in str(error) else "cron"
            note((*path, place), str(error))


def _find_cron(one: MaintenanceSettings) -> str:
    found = TIME_OF_DAY.fullmatch(one.at or "")
    if one.cron is not None or found is None:
        return one.cron or ""
    days = ",".join(day[:3] for day in one.days)
    return f"{int(found[2])} {int(found[1])} * * {days}"
