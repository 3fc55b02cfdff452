"""A clock that runs faster than time: windows of a minute fall due every second."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from driftwatch.store import clock as store_clock

__all__ = ["TimeLapse"]


_SLOWLY = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLapse:
    """The time of day `speed` times as fast since `began`, when it was `origin`.

    From `ends` on, a moment of its own, it runs six times as fast at most: what was promised is still kept
    before long, and little more falls due meanwhile. It is a clock for the jobs, and a reader of the store's
    time: both say the same where the machine and the store agree.
    """

    origin: datetime
    began: datetime
    speed: float
    ends: datetime

    def now(self) -> datetime:
        """Return the present time, aware and in UTC."""
        return self.hurry(datetime.now(UTC))

    def monotonic(self) -> float:
        """Return the seconds of the machine's monotonic clock: what is waited for takes its time."""
        return time.monotonic()

    def read_time(self, connection: sa.Connection) -> datetime:
        """Return the present time by the clock of the database."""
        return self.hurry(store_clock.read_time(connection))

    def hurry(self, moment: datetime) -> datetime:
        """Return what time it is when it is really `moment`."""
        quick = self.origin + (moment - self.began) * self.speed
        if quick <= self.ends:
            return quick
        return self.ends + (quick - self.ends) / self.speed * min(self.speed, _SLOWLY)
