"""The bounds of a range of time, in the type and the spelling of a database's time column.

Bounds may be wider than the range, never narrower: rows are filtered exactly when they have come.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from driftwatch.errors import DataError
from driftwatch.profiles.window import to_micros

__all__ = ["Bounds", "bound_dates", "bound_numbers", "bound_stamps", "bound_texts"]

_DAY: Final = timedelta(days=1)
_EPOCH_UNITS: Final = ((10**8, 10**11, 1), (10**11, 10**14, 10**3), (10**14, 10**17, 10**6))
_ISO: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:(?P<gap>[T ])\d\d:\d\d(?P<second>:\d\d(?:[.,]\d+)?)?)?"
    r"(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?"
)
_ZULU: Final = frozenset({"Z", "+00:00", "+0000", "+00"})
_PARTS: Final = ("%Y", "%m", "%d", "%H", "%M", "%S", "%f")
_ADVICE: Final = (
    "so its order as text is not the order of time; convert it in a query: "
    "SELECT … WHERE … >= :window_start AND … < :window_end"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Rows are wanted whose value is at least `low` and less than `high`.

    `slack` is how far the order of the values may be from the order of time.
    """

    low: Any
    high: Any
    slack: timedelta = timedelta(0)


def bound_stamps(low: datetime, high: datetime, zone: str | None) -> Bounds:
    """Return bounds for times of a clock in `zone`, or for absolute times where it is None.

    >>> bound_stamps(datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 2, tzinfo=UTC), "UTC").low
    datetime.datetime(2013, 1, 1, 0, 0)
    """
    if zone is None:
        return Bounds(low=low.astimezone(UTC), high=high.astimezone(UTC))
    slack = timedelta(0) if zone == "UTC" else _DAY
    return Bounds(
        low=_show_local(low, zone) - _measure_change(low, zone),
        high=_show_local(high, zone) + _measure_change(high, zone),
        slack=slack,
    )


def _show_local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _measure_change(moment: datetime, zone: str) -> timedelta:
    """Return by how much the clocks of `zone` change within a day of `moment`."""
    around = [(moment + step).astimezone(ZoneInfo(zone)).utcoffset() for step in (-_DAY, 0 * _DAY, _DAY)]
    offsets = [offset or timedelta(0) for offset in around]
    return max(offsets) - min(offsets)


def bound_dates(low: datetime, high: datetime, zone: str) -> Bounds:
    """Return bounds for whole days; the day of an edge is within them, and one more on either side."""
    first, last = _show_local(low, zone).date(), _show_local(high, zone).date()
    return Bounds(low=first - _DAY, high=last + 2 * _DAY, slack=_DAY)


def bound_numbers(low: datetime, high: datetime, sample: Sequence[Any]) -> Bounds:
    """Return bounds for seconds, milliseconds or microseconds since 1970, whichever `sample` is.

    Raises DataError when it is none of them.
    """
    typical = statistics.median(abs(float(value)) for value in sample)
    for least, most, per_second in _EPOCH_UNITS:
        if least <= typical < most:
            first, last = to_micros(low) * per_second, to_micros(high) * per_second
            return Bounds(low=first // 10**6, high=-(-last // 10**6))
    raise DataError(
        f"the time column holds numbers around {typical:g}, which are not seconds, milliseconds or "
        "microseconds since 1970; name another time_column or give its format"
    )


def bound_texts(
    low: datetime, high: datetime, zone: str, sample: Sequence[str], pattern: str | None = None
) -> Bounds:
    """Return bounds for times written as text, spelled as `sample` is; `pattern` is its strptime format.

    Raises DataError when the order of such texts is not the order of time.
    """
    if pattern is not None:
        return _bound_pattern(low, high, zone, pattern)
    spellings = {_recognise(text): text for text in sample}
    if len(spellings) > 1:
        first, second = list(spellings.values())[:2]
        raise DataError(f"the time column holds {first!r} and {second!r}, spelled differently, {_ADVICE}")
    ((spelling, _),) = spellings.items()
    gap, has_second, offset = spelling
    written = "%Y-%m-%d" + (f"{gap}%H:%M" + (":%S" if has_second else "") if gap else "")
    more = timedelta(seconds=1) if has_second else timedelta(minutes=1) if gap else _DAY
    if offset == "other":
        bounds = Bounds(low=_show_local(low, "UTC") - _DAY, high=_show_local(high, "UTC") + _DAY, slack=_DAY)
    else:
        bounds = bound_stamps(low, high, "UTC" if offset == "utc" else zone)
    return Bounds(
        low=_write(bounds.low, written),
        high=_write_above(bounds.high, written, more),
        # Within one second 00Z stands behind 00.5Z.
        slack=max(bounds.slack, timedelta(seconds=1)),
    )


def _recognise(text: str) -> tuple[str, bool, str]:
    found = _ISO.fullmatch(text)
    if found is None:
        raise DataError(
            f"the time column holds {text!r}, which does not begin with year, month and day, {_ADVICE}"
        )
    zone = found["zone"]
    offset = "local" if zone is None else "utc" if zone in _ZULU else "other"
    return found["gap"] or "", found["second"] is not None, offset


def _bound_pattern(low: datetime, high: datetime, zone: str, pattern: str) -> Bounds:
    parts = re.findall(r"%[A-Za-z]", pattern)
    in_order = [part for part in _PARTS if part in parts]
    if parts != in_order or in_order != list(_PARTS[: len(in_order)]) or not parts:
        raise DataError(f"the time column is written as {pattern!r}, {_ADVICE}")
    bounds = bound_stamps(low, high, zone)
    # The text of the upper edge stands for the beginning of its year, month or day.
    more = _DAY if len(parts) >= 3 else 366 * _DAY
    return Bounds(
        low=_write(bounds.low, pattern),
        high=_write_above(bounds.high, pattern, more),
        slack=bounds.slack,
    )


def _write_above(moment: datetime, pattern: str, more: timedelta) -> str:
    """Return the text of the first time, at or after `moment`, that `pattern` can write."""
    written = _write(moment, pattern)
    exact = datetime.strptime(written, pattern) == moment  # noqa: DTZ007 - both are local
    return written if exact else _write(moment + more, pattern)


def _write(moment: datetime | date, pattern: str) -> str:
    # Years before 1000 get fewer than four digits from some platforms' strftime.
    return moment.strftime(pattern.replace("%Y", f"{moment.year:04d}"))
