"""A clock that stands still until it is moved by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["FakeClock"]


class FakeClock:
    """Shows the time it was told; the seconds of its monotonic clock never run backwards."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._seconds = 1000.0

    def now(self) -> datetime:
        """Return the time it was moved to last."""
        return self._now

    def monotonic(self) -> float:
        """Return how many seconds it was moved forward in all."""
        return self._seconds

    def advance(self, by: timedelta) -> None:
        """Move on by a stretch of time; a negative one sets the time of day back."""
        self._now += by
        self._seconds += max(0.0, by.total_seconds())

    def move_to(self, moment: datetime) -> None:
        """Move to a time."""
        self.advance(moment - self._now)
