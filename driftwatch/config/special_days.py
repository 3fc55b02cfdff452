"""The `calendar` section: days that are named, and the holidays of a country.

*Why all years at once:* a daemon lives on into years that its file does not name, and a century takes
milliseconds.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from driftwatch.config.mistakes import Note, Path
from driftwatch.config.reading import list_good
from driftwatch.config.settings import CalendarSettings, DaySettings, MonitorSettings
from driftwatch.config.values import Moment

__all__ = ["build_special_days", "check_calendar"]

_YEARS: Final = range(1970, 2101)
_MOST_DAYS: Final = 366
_INSTALL: Final = "needs the package holidays, which is not installed: pip install 'driftwatch[calendar]'"


def check_calendar(monitor: MonitorSettings, path: Path, note: Note) -> None:
    """Record what is wrong in the `calendar` section of the monitor at `path`."""
    calendar = monitor.calendar
    if calendar is None:
        return
    path = (*path, "calendar")
    for place, day in list_good(calendar.days):
        _check_day(day, (*path, "days", place), note)
    for place, code in enumerate(_list_codes(calendar)):
        try:
            _find_holidays(code)
        except ValueError as error:
            single = isinstance(calendar.holidays, str)
            note((*path, "holidays") if single else (*path, "holidays", place), str(error))


def build_special_days(calendar: CalendarSettings | None) -> Mapping[date, str]:
    """Return the special days of a checked `calendar` by date; a day that is named there has that name."""
    if calendar is None:
        return {}
    days: dict[date, str] = {}
    for code in _list_codes(calendar):
        days |= _find_holidays(code)
    for one in calendar.days:
        days |= dict.fromkeys(_list_dates(one), one.name or "")
    return dict(sorted(days.items()))


def _list_codes(calendar: CalendarSettings) -> tuple[str, ...]:
    if isinstance(calendar.holidays, str):
        return (calendar.holidays,)
    return tuple(code for _, code in list_good(calendar.holidays or ()))


def _check_day(day: DaySettings, path: Path, note: Note) -> None:
    moments = {"date": day.date, "from": day.from_, "to": day.to}
    for key, moment in moments.items():
        if moment is not None and not _is_date(moment):
            note((*path, key), "wants a whole day such as 2013-11-28, without a time")
    if day.date is not None and (day.from_ is not None or day.to is not None):
        note((*path, "date"), "stands beside from and to; a special day has one form")
    elif day.date is None and (day.from_ is None or day.to is None):
        note(path, "wants a date, or from and to in place of it")
    elif day.from_ is not None and day.to is not None:
        length = day.to.stamp.date() - day.from_.stamp.date()
        if length < timedelta(days=1):
            note((*path, "to"), "must be after from; it is exclusive")
        elif length > timedelta(days=_MOST_DAYS):
            note((*path, "to"), f"wants at most {_MOST_DAYS} days in a row")


def _is_date(moment: Moment) -> bool:
    stamp = moment.stamp
    return stamp.tzinfo is None and stamp.time() == stamp.time().min


def _list_dates(day: DaySettings) -> Iterator[date]:
    first = day.date or day.from_
    if first is None:
        return
    start = first.stamp.date()
    end = start + timedelta(days=1) if day.to is None else day.to.stamp.date()
    yield from (start + timedelta(days=shift) for shift in range((end - start).days))


@lru_cache(maxsize=32)
def _find_holidays(code: str) -> Mapping[date, str]:
    """Return the holidays of a country such as US, or of a part of it such as US-NY.

    Raises ValueError where there is no such country or part, or nothing to look it up in.
    """
    try:
        import holidays
    except ImportError:
        raise ValueError(_INSTALL) from None
    country, _, part = code.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        raise ValueError(f"no holidays are known of {country!r}{_suggest_country(country, known)}")
    if part and part not in known[country]:
        names = ", ".join(known[country]) or "none"
        raise ValueError(f"no holidays are known of {code!r}; the parts of {country} are {names}")
    with warnings.catch_warnings():
        # Of some countries it knows fewer years, and says so at every look.
        warnings.simplefilter("ignore")
        found = holidays.country_holidays(country, subdiv=part or None, years=_YEARS)
    return dict(found.items())


def _suggest_country(country: str, known: Collection[str]) -> str:
    if country.upper() in known:
        return f" (did you mean {country.upper()}?)"
    return "; countries are written as in ISO 3166, such as US or DE, their parts such as US-NY"
