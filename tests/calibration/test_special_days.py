"""Which windows are about a special day, whatever their length and zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.calibration.special_days import find_special_day
from driftwatch.profiles.window import Window

NOVEMBER = {date(2013, 11, 28): "Thanksgiving", date(2013, 11, 29): "Black Friday"}
HOUR = timedelta(hours=1)


def window(start: str, hours: float, zone: str = "UTC") -> Window:
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return Window(start=begin, end=begin + hours * HOUR)


@pytest.mark.parametrize(
    ("start", "hours", "name"),
    [
        ("2013-11-27", 24, None),
        ("2013-11-28", 24, "Thanksgiving"),
        ("2013-11-29", 24, "Black Friday"),
        ("2013-11-30", 24, None),
        ("2013-11-27T23:00", 1, None),
        ("2013-11-28T00:00", 1, "Thanksgiving"),
        ("2013-11-28T23:00", 1, "Thanksgiving"),
        # From six to six: most of the first day, little of the one before.
        ("2013-11-28T06:00", 24, "Thanksgiving"),
        ("2013-11-27T06:00", 24, None),
        ("2013-11-27T12:00", 24, "Thanksgiving"),
        ("2013-11-28T18:00", 24, "Black Friday"),
        ("2013-11-28T12:00", 24, "Thanksgiving"),
        # A week is not special for two days in it, four days are.
        ("2013-11-25", 7 * 24, None),
        ("2013-11-27", 4 * 24, "Thanksgiving"),
        ("2013-11-27", 4 * 24 + 1, None),
    ],
)
def test_a_window_is_special_where_half_of_its_time_is(start: str, hours: float, name: str | None) -> None:
    assert find_special_day(window(start, hours), NOVEMBER, "UTC") == name


@pytest.mark.parametrize(
    ("zone", "hours", "name"),
    [
        ("America/New_York", 24, "Thanksgiving"),
        ("Pacific/Kiritimati", 24, "Thanksgiving"),
        ("Pacific/Pago_Pago", 24, "Thanksgiving"),
    ],
)
def test_a_day_is_one_of_the_monitors_zone(zone: str, hours: float, name: str) -> None:
    assert find_special_day(window("2013-11-28", hours, zone), NOVEMBER, zone) == name
    assert find_special_day(window("2013-11-27", hours, zone), NOVEMBER, zone) is None


@pytest.mark.parametrize(("day", "hours"), [(date(2013, 3, 10), 23), (date(2013, 11, 3), 25)])
def test_days_on_which_clocks_change_are_whole(day: date, hours: int) -> None:
    whole = window(day.isoformat(), hours, "America/New_York")
    next_one = Window(start=whole.end, end=whole.end + 24 * HOUR)

    assert find_special_day(whole, {day: "clocks"}, "America/New_York") == "clocks"
    assert find_special_day(next_one, {day: "clocks"}, "America/New_York") is None


def test_a_day_that_begins_after_midnight_is_found() -> None:
    # In São Paulo clocks jumped from midnight to one.
    day, zone = date(2013, 10, 20), "America/Sao_Paulo"
    start = datetime(2013, 10, 20, 3, tzinfo=UTC)

    assert find_special_day(Window(start=start, end=start + 23 * HOUR), {day: "summer"}, zone) == "summer"


def test_days_of_one_name_count_together() -> None:
    days = dict.fromkeys([date(2013, 12, day) for day in range(23, 27)], "Christmas")

    assert find_special_day(window("2013-12-23", 7 * 24), days, "UTC") == "Christmas"


def test_without_special_days_none_is() -> None:
    assert find_special_day(window("2013-11-28", 24), {}, "UTC") is None


@given(
    st.datetimes(datetime(2013, 1, 1), datetime(2014, 1, 1)),
    st.integers(1, 24),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_a_window_within_one_day_is_what_that_day_is(start: datetime, hours: int, zone: str) -> None:
    begin = start.replace(tzinfo=UTC, microsecond=0)
    last = begin + hours * HOUR - timedelta(seconds=1)
    first_day, last_day = (moment.astimezone(ZoneInfo(zone)).date() for moment in (begin, last))
    one = Window(start=begin, end=begin + hours * HOUR)

    found = find_special_day(one, {first_day: "first"}, zone)

    if first_day == last_day:
        assert found == "first"
    assert find_special_day(one, {first_day - timedelta(days=1): "before"}, zone) is None
