"""What a single value of the configuration may be: durations, dates, zones, numbers, words.

Every reader takes text and returns a value, or raises ValueError that says what is wanted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NewType
from zoneinfo import ZoneInfo, available_timezones

from driftwatch.config.mistakes import suggest

__all__ = [
    "DURATION",
    "LONGEST_DURATION",
    "NUMBERS",
    "SIZE",
    "VALUES",
    "Key",
    "Moment",
    "Share",
    "Size",
    "ValueReader",
    "Zone",
    "format_duration",
    "parse_duration",
    "parse_moment",
    "parse_size",
    "parse_zone",
]

Zone = NewType("Zone", str)
"""A time zone by its name in the IANA database."""
Key = NewType("Key", str)
"""A name that other settings and commands refer to: letters, digits, `.`, `_` and `-`."""
Share = NewType("Share", float)
"""A part of the rows, 0 to 1."""
Size = NewType("Size", int)
"""A number of bytes."""

DURATION: Final = r"[0-9]{1,9}[smhdwy]"
SIZE: Final = r"[0-9]{1,6}(KiB|MiB|GiB|TiB)"
LONGEST_DURATION: Final = timedelta(days=3650)
_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_YEAR: Final = 365 * 86_400
_STAMP: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?( ?Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_NUMBER: Final = re.compile(r"[+-]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][+-]?[0-9]+)?")
_TRUTH: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

ValueReader = Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A date or time as written: without a zone it is meant in the monitor's."""

    stamp: datetime


def parse_duration(text: str) -> timedelta:
    """Return the duration `text` means: a whole number and s, m, h, d, w or y (365 days).

    >>> parse_duration("36h")
    datetime.timedelta(days=1, seconds=43200)
    """
    if not re.fullmatch(DURATION, text):
        raise ValueError("wants a duration, a whole number and a unit such as 90s, 30m, 12h, 1d or 2w")
    length = timedelta(seconds=int(text[:-1]) * {**_SECONDS, "y": _YEAR}[text[-1]])
    if length > LONGEST_DURATION:
        raise ValueError(f"wants at most {LONGEST_DURATION.days}d")
    return length


def format_duration(length: timedelta) -> str:
    """Return `length`, whole seconds, as the configuration writes it.

    >>> format_duration(timedelta(hours=36))
    '36h'
    """
    seconds = length // timedelta(seconds=1)
    unit = next(name for name, size in _SECONDS.items() if seconds % size == 0 and (seconds or size == 1))
    return f"{seconds // _SECONDS[unit]}{unit}"


def parse_size(text: str) -> Size:
    """Return the number of bytes that `text` means: a whole number and KiB, MiB, GiB or TiB.

    >>> parse_size("512MiB") == 512 * 1024**2
    True
    """
    if not re.fullmatch(SIZE, text):
        raise ValueError("wants a size, a whole number and a unit such as 512MiB or 2GiB")
    return Size(int(text[:-3]) * 1024 ** (1 + "KMGT".index(text[-3])))


def parse_moment(text: str) -> Moment:
    """Return the date or time that `text` means.

    >>> parse_moment("2013-01-31").stamp
    datetime.datetime(2013, 1, 31, 0, 0)
    """
    wanted = "wants a date such as 2013-01-31, or a time such as 2013-01-31T06:00Z"
    if not _STAMP.fullmatch(text):
        raise ValueError(wanted)
    try:
        stamp = datetime.fromisoformat(text.replace(" Z", "Z"))
    except ValueError:
        raise ValueError(f"{wanted}; there is no such day or time") from None
    if not 1902 < stamp.year < 2900:
        raise ValueError("wants a date between 1903 and 2899")
    return Moment(stamp=stamp)


_MOST_ZONE_LETTERS: Final = 100


def parse_zone(text: str) -> Zone:
    """Return `text` if it names a time zone."""
    try:
        # Where there is no such zone, zoneinfo looks for it by calling itself for every folder in the name.
        ZoneInfo(text if len(text) <= _MOST_ZONE_LETTERS else "")
    except (KeyError, ValueError, OSError):
        raise ValueError(f"wants a time zone such as UTC or Europe/Paris{_suggest_zone(text)}") from None
    return Zone(text)


@lru_cache(maxsize=1)
def _list_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _suggest_zone(text: str) -> str:
    names = {name.lower(): name for name in _list_zones()}
    if text.lower() in names:
        return f" (did you mean {names[text.lower()]}?)"
    tails = {name.rpartition("/")[2].lower(): name for name in sorted(_list_zones())}
    tail = tails.get(text.lower().replace(" ", "_"))
    return f" (did you mean {tail}?)" if tail else suggest(text, _list_zones())


def _parse_text(text: str) -> str:
    if not text:
        raise ValueError("wants a text, and is empty")
    return text


def _parse_key(text: str) -> Key:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", text):
        raise ValueError("wants a name of letters, digits, '.', '_' and '-', at most 100 of them")
    return Key(text)


def _parse_whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", text):
        raise ValueError("wants a whole number")
    return int(text)


def _parse_number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError("wants a number")
    return float(text)


def _parse_share(text: str) -> Share:
    if not _NUMBER.fullmatch(text) or not 0 <= float(text) < 1:
        raise ValueError("wants a share of the rows, from 0 to below 1")
    return Share(float(text))


def _parse_truth(text: str) -> bool:
    if text not in _TRUTH:
        raise ValueError("wants true or false")
    return _TRUTH[text]


VALUES: Final[Mapping[Any, ValueReader]] = {
    str: _parse_text,
    int: _parse_whole,
    float: _parse_number,
    bool: _parse_truth,
    timedelta: parse_duration,
    Path: lambda text: Path(_parse_text(text)),
    Moment: parse_moment,
    Zone: parse_zone,
    Key: _parse_key,
    Share: _parse_share,
    Size: parse_size,
}
"""The reader of each type that a single value can have."""

NUMBERS: Final = frozenset({int, float, bool, Share})
"""The types of which a value in quotes is not one."""
