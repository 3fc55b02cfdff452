"""Numbers, times and lists in words for people who do not read statistics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import floor

from driftwatch.profiles.window import Window

__all__ = [
    "join_words",
    "say_count",
    "say_duration",
    "say_moment",
    "say_number",
    "say_odds",
    "say_percent",
    "say_window",
    "shorten",
]

_WRITTEN_OUT = 1e9
_DAY = timedelta(days=1)
_LEAST = 1e-6


def say_percent(share: float) -> str:
    """Return a share, 0 to 1, in per cent, rounded down so that "at least" stays true.

    >>> say_percent(0.074), say_percent(0.0049), say_percent(0.29), say_percent(0.0002), say_percent(0.0)
    ('7 %', '0.4 %', '29 %', 'under 0.1 %', '0 %')
    """
    if share == 0:
        return "0 %"
    # A hundredth of a millionth makes up for 0.29 × 100 being a hair under 29.
    percent = share * 100 + 1e-8
    if percent >= 1:
        return f"{floor(percent)} %"
    tenths = floor(percent * 10)
    return f"0.{tenths} %" if tenths else "under 0.1 %"


def say_odds(share: float) -> str:
    """Return a share, 0 to 1, as a natural frequency.

    >>> [say_odds(share) for share in (0.074, 0.2, 0.5, 0.63, 0.999)]
    ['about 1 in 14', 'about 1 in 5', 'about half', 'about 6 in 10', 'nearly all']
    >>> say_odds(2e-310)
    'fewer than 1 in a million'
    """
    if share <= 0:
        return "none"
    if share < _LEAST:
        return "fewer than 1 in a million"
    if share < 0.35:
        return f"about 1 in {round(1 / share):,}"
    tenths = round(share * 10)
    if tenths == 5:
        return "about half"
    return f"about {tenths} in 10" if tenths < 10 else "nearly all"


def say_count(count: int, noun: str) -> str:
    """Return a count and its noun.

    >>> say_count(1, "window"), say_count(3, "window")
    ('1 window', '3 windows')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def say_duration(duration: timedelta) -> str:
    """Return a duration in its largest fitting unit, rounded down; from two days on in days.

    >>> say_duration(timedelta(hours=7, minutes=50)), say_duration(timedelta(days=95))
    ('7 hours', '95 days')
    """
    seconds = max(0, floor(duration.total_seconds()))
    if seconds >= 2 * 86_400:
        return say_count(seconds // 86_400, "day")
    for length, noun in ((3_600, "hour"), (60, "minute")):
        if seconds >= length:
            return say_count(seconds // length, noun)
    return say_count(seconds, "second")


def say_moment(moment: datetime) -> str:
    """Return an aware time in UTC, to the minute.

    >>> say_moment(datetime(2013, 2, 8, 14, 12, 9, tzinfo=UTC))
    '2013-02-08 14:12 UTC'
    """
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def say_window(window: Window) -> str:
    """Return a day by its date, any other window by its start.

    >>> say_window(Window(start=datetime(2013, 2, 8, tzinfo=UTC), end=datetime(2013, 2, 9, tzinfo=UTC)))
    '2013-02-08'
    """
    start = window.start.astimezone(UTC)
    is_day = window.length == _DAY and (start.hour, start.minute, start.second, start.microsecond) == (0,) * 4
    return f"{start:%Y-%m-%d}" if is_day else say_moment(start)


def say_number(value: float | None) -> str:
    """Return a number to three digits; of one from a thousand to a thousand million every whole digit.

    >>> say_number(0.07412), say_number(1_234.5), say_number(-2e12), say_number(None)
    ('0.0741', '1,234', '-2e+12', 'unknown')
    """
    if value is None:
        return "unknown"
    # From 999.5 on three digits would be written as a power of ten.
    return f"{value:,.0f}" if 999.5 <= abs(value) < _WRITTEN_OUT else f"{value:.3g}"


def join_words(words: Sequence[str], *, at_most: int = 3) -> str:
    """Return a list as a phrase; beyond `at_most` the rest is counted.

    >>> join_words(["a", "b", "c"]), join_words(["a", "b", "c", "d", "e"])
    ('a, b and c', 'a, b, c and 2 more')
    """
    shown = list(words[:at_most])
    if len(words) > at_most:
        shown.append(f"{len(words) - at_most:,} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def shorten(text: str, length: int) -> str:
    r"""Return `text` on one line and at most `length` characters long, without unprintable characters.

    >>> shorten("one\ntwo three", 9)
    'one two …'
    """
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= length else line[: length - 1] + "…"
