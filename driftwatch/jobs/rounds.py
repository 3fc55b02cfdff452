"""When each monitor is planned for next: to look at hundreds of them at every tick would be too much.

A monitor is looked at when its next window falls due, and otherwise once a minute for what grows with time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from driftwatch.jobs.reference import Watch
from driftwatch.jobs.windows import due_at, window_at

__all__ = ["Rounds"]

_PAUSE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Turn:
    """When a monitor was looked at, and when its turn comes again."""

    watch: Watch
    looked_at: datetime
    next_at: datetime


class Rounds:
    """Remembers when each monitor was looked at; one that is new, or was taken up anew, is due at once."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    def choose(self, watches: list[Watch], now: datetime) -> list[Watch]:
        """Return the monitors whose turn it is; one that is looked at is to be noted."""
        known = {watch.monitor.id for watch in watches}
        self._turns = {name: turn for name, turn in self._turns.items() if name in known}
        return [watch for watch in watches if self._is_due(watch, now)]

    def note(self, watch: Watch, now: datetime) -> None:
        """Remember that a monitor was looked at."""
        monitor = watch.monitor
        # The window that holds the moment `delay` ago is the next one to fall due.
        falls_due = due_at(window_at(monitor.schedule, now - monitor.delay), monitor.delay)
        self._turns[monitor.id] = _Turn(watch, now, min(falls_due, now + _PAUSE))

    def _is_due(self, watch: Watch, now: datetime) -> bool:
        turn = self._turns.get(watch.monitor.id)
        # A clock that was set back makes nobody wait for its return.
        return turn is None or turn.watch is not watch or now >= turn.next_at or now < turn.looked_at
