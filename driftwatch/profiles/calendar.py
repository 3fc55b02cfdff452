"""Columns that only tell the time: a part of the time column, or a counter that grows with it.

They change in every window by their nature, so they are not judged unless the user includes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.times import NO_TIME, shift_to_local

__all__ = ["Calendar", "grows_with_time", "may_spell_calendar", "name_calendar_part"]

_SPELT = re.compile(r"\d{4}-\d\d(-\d\d)?|q[1-4]")
# Months and hours in two digits are names: a leading zero makes a code, not a number.
_DIGITS = re.compile(r"\s*\d{1,8}\s*", re.ASCII)
_DAY = 86_400_000_000
_HOUR = 3_600_000_000
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# A part that is constant in the reference proves nothing by its values: the column's name must say it too.
_NAMES = {
    "year": ("year", "yr"),
    "quarter": ("quarter", "qtr"),
    "month": ("month", "mnth", "mon"),
    "week": ("week", "wk"),
    "day": ("day", "mday", "dom"),
    "day of the year": ("yday", "doy", "dayofyear", "day_of_year"),
    "weekday": ("weekday", "dow", "wday", "day_of_week", "dayofweek"),
    "hour": ("hour", "hr"),
    "minute": ("minute", "min"),
    "date": ("date", "day", "dt"),
}

Numbers = NDArray[np.float64]


class Calendar:
    """The parts of the event times of a reference, in the monitor's time zone."""

    def __init__(self, utc: NDArray[np.int64], timezone: str = "UTC") -> None:
        self.timezone = timezone
        self.utc = utc[utc != NO_TIME]
        self.local = shift_to_local(self.utc, timezone)
        self.days = self.local // _DAY

    def list_parts(self) -> Iterator[tuple[str, Numbers]]:
        """Yield (part, its value in every row), numbers only, in the spellings in use."""
        days = self.days.astype("datetime64[D]")
        month = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
        year = days.astype("datetime64[Y]").astype(np.int64) + 1970
        day = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
        of_year = (days - days.astype("datetime64[Y]")).astype(np.int64) + 1
        weekday = (self.days + 3) % 7
        thursday = (self.days - weekday + 3).astype("datetime64[D]")
        week = (thursday - thursday.astype("datetime64[Y]")).astype(np.int64) // 7 + 1
        hour = self.local // _HOUR % 24
        for name, part in (
            ("year", year),
            ("year", year % 100),
            ("year", year - year.min(initial=9999)),
            ("quarter", (month - 1) // 3 + 1),
            ("month", month),
            ("week", week),
            ("day", day),
            ("day of the year", of_year),
            ("weekday", weekday),
            ("weekday", weekday + 1),
            ("weekday", (weekday + 1) % 7),
            ("weekday", (weekday + 1) % 7 + 1),
            ("hour", hour),
            ("hour", hour + 1),
            ("minute", self.local // 60_000_000 % 60),
            ("date", year * 10_000 + month * 100 + day),
        ):
            yield name, part.astype(np.float64)

    def spell_parts(self) -> Iterator[tuple[str, list[str]]]:
        """Yield (part, its spelling in every row), in small letters."""
        days = self.days.astype("datetime64[D]")
        month = days.astype("datetime64[M]").astype(np.int64) % 12
        weekday = (self.days + 3) % 7
        for length in (None, 3):
            yield "month", [_MONTHS[at][:length] for at in month.tolist()]
            yield "weekday", [_WEEKDAYS[at][:length] for at in weekday.tolist()]
        months = days.astype("datetime64[M]")
        yield "date", np.datetime_as_string(days).tolist()
        yield "month", np.datetime_as_string(months).tolist()
        yield "quarter", [f"q{at // 3 + 1}" for at in month.tolist()]


def name_calendar_part(name: str, values: Numbers | list[str], calendar: Calendar) -> str | None:
    """Return the part of the time column that column `name` equals in every row, or None.

    A column with missing values has fewer `values` than there are times, and is no calendar column.
    """
    if len(values) == 0 or len(values) != len(calendar.days):
        return None
    if isinstance(values, list):
        small = [value.strip().lower() for value in values]
        return next((part for part, spelt in calendar.spell_parts() if spelt == small), None)
    for part, expected in calendar.list_parts():
        if np.array_equal(values, expected) and (np.ptp(expected) > 1 or _is_named(name, part)):
            return part
    return None


def may_spell_calendar(names: list[str]) -> bool:
    """Return whether distinct `names` could all be parts of times: worth a look row by row.

    >>> may_spell_calendar(["Mon", "Tuesday"]), may_spell_calendar(["01", "12"]), may_spell_calendar(["JFK"])
    (True, True, False)
    """
    known = {*_MONTHS, *_WEEKDAYS, *(name[:3] for name in (*_MONTHS, *_WEEKDAYS))}
    return all(
        name.strip().lower() in known or _SPELT.fullmatch(name.strip().lower()) or _DIGITS.fullmatch(name)
        for name in names
    )


def _is_named(name: str, part: str) -> bool:
    return any(word in name.lower() for word in _NAMES[part])


def grows_with_time(blocks: list[tuple[float, float]]) -> bool:
    """Return whether each block's smallest value lies above the largest of the block before.

    `blocks` are (smallest, largest) in order of time; fewer than three show nothing.

    >>> grows_with_time([(1, 5), (6, 9), (10, 12)])
    True
    """
    return len(blocks) >= 3 and all(low > high for (_, high), (low, _) in pairwise(blocks))
