"""Special days: windows that the calendar expects to be unlike others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from driftwatch.profiles.window import Window

__all__ = ["find_special_day"]

_DAY = timedelta(days=1)


def find_special_day(window: Window, days: Mapping[date, str], timezone: str) -> str | None:
    """Return the name of the special day that `window` is about, None where it is an ordinary one.

    Parameters
    ----------
    window
        Any window, shorter or longer than a day.
    days
        The special days by their dates, each with its name.
    timezone
        The zone in which a date is a day.

    Returns
    -------
    str or None
        The name of the day that most of the window lies in, the earlier of two.

    Notes
    -----
    A window is special where at least half of its time is: the hours of a special day are, and its day in
    another zone, and a night that begins in it; a week or a month is not for a single day in it, for then
    hardly one would ever be ordinary.

    Examples
    --------
    >>> days = {date(2013, 11, 28): "Thanksgiving"}
    >>> hour = datetime(2013, 11, 28, 23, tzinfo=UTC)
    >>> find_special_day(Window(start=hour, end=hour + timedelta(hours=1)), days, "UTC")
    'Thanksgiving'
    >>> find_special_day(Window(start=hour, end=hour + timedelta(days=7)), days, "UTC") is None
    True
    """
    if not days:
        return None
    covered: dict[str, timedelta] = defaultdict(timedelta)
    for day, span in _list_days(window, timezone):
        if day in days:
            covered[days[day]] += span
    if sum(covered.values(), timedelta()) * 2 < window.length or not covered:
        return None
    return max(covered, key=lambda name: covered[name])


def _list_days(window: Window, timezone: str) -> Iterator[tuple[date, timedelta]]:
    """Yield the local days that a window touches, each with how much of the window lies in it."""
    zone = ZoneInfo(timezone)
    day = window.start.astimezone(zone).date()
    reached = window.start
    while reached < window.end:
        midnight = datetime.combine(day + _DAY, time(), zone).astimezone(UTC)
        until = min(window.end, max(midnight, reached))
        yield day, until - reached
        reached, day = until, day + _DAY
