"""What settings mean once they are taken together: a date in its zone, a window as a schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from driftwatch.config.sections import Chosen
from driftwatch.config.settings import CronSettings, MonitorSettings, TimeColumnSettings
from driftwatch.config.values import Moment
from driftwatch.jobs.windows import Schedule, find_local
from driftwatch.profiles.times import TimeColumn

__all__ = ["list_time_columns", "resolve_moment", "resolve_schedule", "resolve_time"]


def resolve_moment(moment: Moment, timezone: str) -> datetime:
    """Return `moment` in UTC; without a zone of its own it is meant in `timezone`."""
    if moment.stamp.tzinfo is None:
        return find_local(moment.stamp, timezone)
    return moment.stamp.astimezone(UTC)


def resolve_schedule(monitor: MonitorSettings) -> Schedule | None:
    """Return the schedule of a monitor, None while `window` is missing.

    Raises ValueError when it makes no schedule.
    """
    window = monitor.window
    if isinstance(window, timedelta):
        return Schedule(every=window, timezone=monitor.timezone)
    if isinstance(window, CronSettings) and window.cron is not None:
        return Schedule(cron=window.cron, timezone=window.timezone or monitor.timezone)
    return None


def resolve_time(source: Chosen) -> TimeColumn | None:
    """Return the time column of a source, None where it names none."""
    named = source.extra.time_column
    if isinstance(named, TimeColumnSettings):
        columns = (named.column,) if isinstance(named.column, str) else named.column
        return TimeColumn(columns=columns, format=named.format, timezone=named.timezone)
    if named is None:
        return None
    return TimeColumn(columns=(named,) if isinstance(named, str) else named)


def list_time_columns(source: Chosen | None) -> tuple[str, ...]:
    """Return the names of the columns with the time."""
    time = resolve_time(source) if source is not None else None
    return time.columns if time is not None else ()
