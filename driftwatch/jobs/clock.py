"""Time as the jobs see it: injected, so that tests need not wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "JumpGuard", "StoreClock", "SystemClock", "read_running"]

_JUMP = timedelta(seconds=60)
_BELIEVED_AFTER = 300.0


class Clock(Protocol):
    """Tells the time of day, and seconds that never run backwards."""

    def now(self) -> datetime:
        """Return the present time, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some moment in the past, never less than before."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present time, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the seconds of the machine's monotonic clock."""
        return time.monotonic()


class StoreClock:
    """A clock that is set by the store's, so that replicas on several machines agree."""

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self._offset = timedelta(0)

    @property
    def offset(self) -> timedelta:
        """By how much the store was ahead when it was asked last."""
        return self._offset

    def set_by(self, measure: Callable[[Callable[[], datetime]], timedelta]) -> None:
        """Ask `measure` by how much the store is ahead of the clock that it is given, and go by it."""
        self._offset = measure(self._inner.now)

    def now(self) -> datetime:
        """Return the present time as the store has it, aware and in UTC."""
        return self._inner.now() + self._offset

    def monotonic(self) -> float:
        """Return the seconds of the machine's monotonic clock."""
        return self._inner.monotonic()


class JumpGuard:
    """Notices when the time of day jumps, by seconds that run evenly, a suspended machine's included.

    A jump of more than a minute is not believed before it has lasted five: a wrong clock that is set right
    soon must not let windows be given up that nobody missed.
    """

    def __init__(self) -> None:
        self._usual: datetime | None = None
        self._since: float | None = None

    def look(self, wall: datetime, running: float) -> timedelta | None:
        """Return by how much `wall` has jumped since it was believed last; None where it can be believed.

        `running` are seconds since some moment in the past.
        """
        began = wall - timedelta(seconds=running)
        if self._usual is None or abs(began - self._usual) <= _JUMP:
            self._usual, self._since = began, None
            return None
        jump = began - self._usual
        self._since = running if self._since is None else self._since
        if running - self._since >= _BELIEVED_AFTER:
            self._usual, self._since = began, None
        return jump


def read_running() -> float:
    """Return seconds since the machine started, those it was suspended included."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
