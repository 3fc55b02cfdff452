"""Times as people and programs write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from driftwatch.errors import UsageError
from driftwatch.jobs.monitor import Monitor

__all__ = ["choose_zone", "parse_moment"]

_YEARS: Final = range(1903, 2900)
"""The years that windows are cut in, without the first and the last: zones shift a time by up to a day."""


def choose_zone(monitors: Sequence[Monitor], name: str | None) -> str:
    """Return the zone of times that name none: that of the one monitor they are about, else UTC."""
    return next((one.timezone for one in monitors if one.id == name), "UTC")


def parse_moment(text: str, timezone: str = "UTC") -> datetime:
    """Return a time in UTC, written in `timezone` where it names none. Raises UsageError where it is none.

    >>> parse_moment("2013-02-08", "Europe/Paris").isoformat()
    '2013-02-07T23:00:00+00:00'
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a time; write 2013-02-08 or 2013-02-08T06:00:00Z") from None
    if moment.year not in _YEARS:
        raise UsageError(f"{text!r} is no time that is judged: those are of {_YEARS[0]} to {_YEARS[-1]}")
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
    return aware.astimezone(UTC)
