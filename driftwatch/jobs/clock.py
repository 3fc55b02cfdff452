"""Time as the jobs see it: injected, so that tests need not wait for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


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
