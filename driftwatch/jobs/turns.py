"""When a weekly report falls due, and that one daemon alone makes it.

Until when was reported is remembered in the store and exchanged in the transaction that queues the report:
of any number of daemons one can. Weeks that were missed are one report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from driftwatch.jobs.windows import find_local
from driftwatch.store.meta import keep_meta, swap_meta

__all__ = ["WEEKDAYS", "Weekly", "take_turn"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""The days of the week, the first as Python counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Once a week: `day` is 0 for Monday, `at` the time of day that clocks in `timezone` show."""

    day: int = 0
    at: time = time(8)
    timezone: str = "UTC"

    def find_last(self, now: datetime) -> datetime:
        """Return the last time it fell due that is not after `now`.

        >>> from datetime import UTC
        >>> Weekly().find_last(datetime(2013, 2, 6, tzinfo=UTC)).isoformat()
        '2013-02-04T08:00:00+00:00'
        """
        today = now.astimezone(ZoneInfo(self.timezone)).date()
        chosen = today - timedelta(days=(today.weekday() - self.day) % 7)
        due = find_local(datetime.combine(chosen, self.at), self.timezone)
        if due <= now:
            return due
        return find_local(datetime.combine(chosen - timedelta(weeks=1), self.at), self.timezone)


def take_turn(tx: sa.Connection, name: str, kept: str | None, document: str) -> bool:
    """Keep `document`, until when is reported, in place of `kept`; return whether the report is ours to make.

    It is not where nothing was kept, for then reporting begins, nor where another daemon was quicker.
    """
    if kept is None:
        keep_meta(tx, name, document)
        return False
    return swap_meta(tx, name, kept, document)
