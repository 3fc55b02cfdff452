"""Seasons: which windows are alike, so that a Sunday is compared with Sundays where that matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from zoneinfo import ZoneInfo

from driftwatch.profiles.window import Window

__all__ = ["LEAST_BLOCKS", "Scheme", "find_season", "is_usable"]

LEAST_BLOCKS = 8
"""Blocks of the reference that every season of a scheme needs."""
_SATURDAY = 5


class Scheme(StrEnum):
    """How windows are sorted into seasons, coarsest first."""

    OVERALL = "overall"
    WEEKEND = "weekend"
    WEEKDAY = "day of week"
    HOUR = "hour of day"
    HOUR_WEEKEND = "hour of day and weekend"


def find_season(window: Window, scheme: Scheme, timezone: str) -> int:
    """Return the season of `window`: a number that windows of the same season share.

    A window belongs to the local day and hour of its middle, so that one that starts a minute before
    midnight belongs to the day it lies in.

    >>> from datetime import UTC, datetime, timedelta
    >>> saturday = datetime(2013, 2, 9, tzinfo=UTC)
    >>> find_season(Window(start=saturday, end=saturday + timedelta(days=1)), Scheme.WEEKEND, "UTC")
    1
    """
    middle = (window.start + window.length / 2).astimezone(ZoneInfo(timezone))
    weekend = int(middle.weekday() >= _SATURDAY)
    seasons = {
        Scheme.OVERALL: 0,
        Scheme.WEEKEND: weekend,
        Scheme.WEEKDAY: middle.weekday(),
        Scheme.HOUR: middle.hour,
        Scheme.HOUR_WEEKEND: middle.hour + 24 * weekend,
    }
    return seasons[scheme]


def is_usable(seasons: Sequence[int], scheme: Scheme) -> bool:
    """Return whether every season that a reference has occurs often enough in it to be judged by.

    `seasons` are those of its blocks with rows.
    """
    occurs = Counter(seasons)
    return scheme is Scheme.OVERALL or (len(occurs) > 1 and min(occurs.values()) >= LEAST_BLOCKS)
