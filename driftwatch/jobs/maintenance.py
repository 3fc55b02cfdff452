"""Maintenance windows: silences that come back, by the wall clock of a time zone (pure).

A window begins when its cron line fires and lasts for so much time, whatever the clocks do meanwhile: a start
that the clocks jump over happens at the jump, one that they repeat happens once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from driftwatch.incidents.silences import LONGEST_SILENCE, Hide
from driftwatch.incidents.words import say_moment
from driftwatch.jobs.windows import Schedule, window_at

__all__ = ["GateRules", "Maintenance", "find_maintenance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """Nothing is told of `monitors`, names that may hold `*`, for `length` from every fire of `cron` on.

    Raises ValueError when the cron line cannot be used, or it would last longer than a silence may.

    >>> from datetime import UTC
    >>> saturdays = Maintenance(monitors=("*",), cron="0 2 * * 6", length=timedelta(hours=4), why="backups")
    >>> hide = find_maintenance([saturdays], "flights", datetime(2013, 2, 9, 3, tzinfo=UTC))
    >>> hide.words
    'maintenance until 2013-02-09 06:00 UTC: backups'
    """

    monitors: tuple[str, ...]
    cron: str
    length: timedelta
    why: str
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        Schedule(cron=self.cron, timezone=self.timezone)
        if not timedelta(0) < self.length <= LONGEST_SILENCE:
            raise ValueError(f"wants a length of more than nothing and at most {LONGEST_SILENCE.days}d")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """What the configuration says about when nobody is told.

    `shadowed` are the monitors in shadow mode. `collapses`: of an incident that was over before anybody could
    be told, nothing is sent. `sources` has the fingerprint of each monitor's source: those with the same one
    break together, and what opens there within `group_wait` is told together; None: each by itself.
    """

    maintenance: tuple[Maintenance, ...] = ()
    shadowed: frozenset[str] = frozenset()
    collapses: bool = True
    sources: Mapping[str, str] = field(default_factory=dict)
    group_wait: timedelta | None = None

    def list_same_source(self, monitor: str) -> list[str]:
        """Return the monitors that read the same source as `monitor`, itself first."""
        source = self.sources.get(monitor)
        same = (name for name, one in self.sources.items() if source is not None and one == source)
        return [monitor, *(name for name in same if name != monitor)]


def find_maintenance(windows: Iterable[Maintenance], monitor: str, now: datetime) -> Hide | None:
    """Return the window that hides `monitor` at `now`, the longest of several; None where there is none."""
    found = [
        hide
        for one in windows
        if any(fnmatchcase(monitor, wanted) for wanted in one.monitors)
        and (hide := _find(one, now)) is not None
    ]
    return max(found, key=lambda hide: hide.until, default=None)


def _find(maintenance: Maintenance, now: datetime) -> Hide | None:
    schedule = Schedule(cron=maintenance.cron, timezone=maintenance.timezone)
    began = window_at(schedule, now).start
    ends = began + maintenance.length
    if ends <= now:
        return None
    words = f"maintenance until {say_moment(ends)}: {maintenance.why}"
    return Hide(words=words, since=began, until=ends)
