from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.jobs.windows import (
    Schedule,
    due_at,
    find_local,
    next_window,
    season_cycle,
    window_at,
    windows_between,
)
from driftwatch.profiles.window import Window

# Clocks that jump by one hour at 01:00 or 02:00, at midnight, at one minute past midnight, by half an
# hour, by two hours, and over a whole day; a zone without change and one far east.
ZONES = [
    "UTC",
    "Europe/Paris",
    "Europe/Dublin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Tehran",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
]
LENGTHS = ["1m", "15m", "90s", "1h", "2h", "6h", "12h", "1d", "1w", "5h", "2d", "2w", "7m", "30d"]
CRONS = [
    "0 6 * * 1-5",
    "0 0 * * *",
    "30 2 * * *",
    "*/15 * * * *",
    "0 0 1 * *",
    "15,45 1-2 * * 0",
    "0 0 * * MON",
]
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def every(length: str, timezone: str = "UTC") -> Schedule:
    return Schedule(every=timedelta(**{UNITS[length[-1]]: int(length[:-1])}), timezone=timezone)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def on_clock(text: str) -> datetime:
    return datetime.fromisoformat(text)


schedules = st.builds(every, st.sampled_from(LENGTHS), st.sampled_from(ZONES)) | st.builds(
    lambda cron, zone: Schedule(cron=cron, timezone=zone), st.sampled_from(CRONS), st.sampled_from(ZONES)
)
moments = st.datetimes(on_clock("1975-01-01"), on_clock("2040-01-01"), timezones=st.just(UTC))


def find_changes(zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Return the minutes at which the offset of `zone` changes, by halving every 12 hours it differs over."""
    step, found = timedelta(hours=12), []
    while start < end:
        low, high = start, start + step
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // timedelta(minutes=2) * timedelta(minutes=1)
                same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
        start += step
    return found


def walk_minutes(zone: ZoneInfo, start: datetime, minutes: int) -> Iterator[tuple[datetime, datetime]]:
    for count in range(minutes):
        moment = start + timedelta(minutes=count)
        yield moment, moment.astimezone(zone).replace(tzinfo=None, fold=0)


def find_day_starts(zone: ZoneInfo, start: datetime, minutes: int) -> list[datetime]:
    """Return the minutes at which a local date is shown for the first time."""
    latest, found = date.min, []
    for moment, wall in walk_minutes(zone, start, minutes):
        if wall.date() > latest:
            found.append(moment)
            latest = wall.date()
    return found[1:]


def find_part_starts(zone: ZoneInfo, length: timedelta, start: datetime, minutes: int) -> list[datetime]:
    """Return the minutes at which the wall clock shows, or has just jumped over, a multiple of `length`.

    Not those at which it shows one again before a whole `length` has passed.
    """
    midnight, found = on_clock("1970-01-01"), []
    shown_at: dict[datetime, datetime] = {}
    for (_, before), (moment, wall) in pairwise(walk_minutes(zone, start, minutes)):
        shows = (wall - midnight) % length == timedelta(0)
        jumped = wall > before and (wall - midnight) // length > (before - midnight) // length
        again_after = moment - shown_at.get(wall, datetime.min.replace(tzinfo=UTC))
        if (shows or jumped) and again_after >= length:
            found.append(moment)
        shown_at[wall] = moment
    return found


@given(schedules, moments)
@settings(max_examples=300, deadline=None)
def test_the_window_at_a_moment_contains_it(schedule: Schedule, moment: datetime) -> None:
    window = window_at(schedule, moment)

    assert window.start <= moment < window.end
    assert window.start.tzinfo is UTC
    assert window.end.tzinfo is UTC


@given(schedules, moments)
@settings(max_examples=300, deadline=None)
def test_windows_follow_each_other_without_gap_or_overlap(schedule: Schedule, moment: datetime) -> None:
    window = window_at(schedule, moment)
    following = next_window(schedule, window)
    previous = window_at(schedule, window.start - timedelta(microseconds=1))

    assert following.start == window.end
    assert previous.end == window.start
    assert window_at(schedule, window.start) == window
    assert window_at(schedule, window.end - timedelta(microseconds=1)) == window


@given(schedules, moments, st.integers(0, 40), st.timedeltas(timedelta(0), timedelta(days=1)))
@settings(max_examples=200, deadline=None)
def test_windows_between_are_those_that_lie_wholly_between(
    schedule: Schedule, start: datetime, steps: int, rest: timedelta
) -> None:
    walked = [window_at(schedule, start)]
    while len(walked) <= steps:
        walked.append(next_window(schedule, walked[-1]))
    end = min(walked[-1].start + rest, walked[-1].end)

    found = list(windows_between(schedule, start, end))

    assert found == [window for window in walked if window.start >= start and window.end <= end]


@pytest.mark.parametrize("name", ZONES)
def test_days_start_when_a_local_date_is_first_shown(name: str) -> None:
    zone = ZoneInfo(name)
    changes = find_changes(zone, at("2009-01-01"), at("2027-01-01")) or [at("2013-06-01")]
    for change in changes[:: max(1, len(changes) // 6)]:
        start = change - timedelta(days=2)
        expected = find_day_starts(zone, start, 5 * 1440)

        found = list(windows_between(every("1d", name), expected[0], expected[-1]))

        assert [window.start for window in found] == expected[:-1]
        assert [window.end for window in found] == expected[1:]


@pytest.mark.parametrize("length", ["15m", "30m", "1h", "2h", "6h", "12h"])
@pytest.mark.parametrize("name", ZONES)
def test_parts_of_a_day_start_by_the_wall_clock_on_days_of_change(name: str, length: str) -> None:
    zone, schedule = ZoneInfo(name), every(length, name)
    assert schedule.every is not None
    changes = find_changes(zone, at("2009-01-01"), at("2027-01-01")) or [at("2013-06-01")]
    for change in changes[:: max(1, len(changes) // 3)]:
        expected = find_part_starts(zone, schedule.every, change - timedelta(days=1), 3 * 1440)

        found = list(windows_between(schedule, expected[0], expected[-1]))

        assert [window.start for window in found] == expected[:-1]


def test_every_time_zone_has_days_without_gap() -> None:
    for name in sorted(available_timezones()):
        days = list(windows_between(every("1d", name), at("2020-01-01"), at("2022-01-01")))

        assert 729 <= len(days) <= 731, name
        assert all(before.end == after.start for before, after in pairwise(days)), name
        assert all(timedelta(hours=20) <= day.length <= timedelta(hours=28) for day in days), name


@pytest.mark.parametrize(
    ("length", "zone", "moment", "start", "end"),
    [
        # Published changes of the clocks: Paris 2024-03-31 01:00Z forward, 2024-10-27 01:00Z back.
        ("1d", "Europe/Paris", "2024-03-31T12:00", "2024-03-30T23:00", "2024-03-31T22:00"),
        ("1d", "Europe/Paris", "2024-10-27T12:00", "2024-10-26T22:00", "2024-10-27T23:00"),
        ("12h", "Europe/Paris", "2024-10-27T05:00", "2024-10-26T22:00", "2024-10-27T11:00"),
        ("12h", "Europe/Paris", "2024-03-31T05:00", "2024-03-30T23:00", "2024-03-31T10:00"),
        ("1h", "Europe/Paris", "2024-10-27T00:30", "2024-10-27T00:00", "2024-10-27T01:00"),
        ("1h", "Europe/Paris", "2024-10-27T01:30", "2024-10-27T01:00", "2024-10-27T02:00"),
        ("2h", "Europe/Paris", "2024-03-31T00:30", "2024-03-30T23:00", "2024-03-31T01:00"),
        ("2h", "Europe/Paris", "2024-03-31T01:30", "2024-03-31T01:00", "2024-03-31T02:00"),
        # Havana repeats the hour after midnight: the day starts at the first one.
        ("1d", "America/Havana", "2024-11-03T12:00", "2024-11-03T04:00", "2024-11-04T05:00"),
        ("6h", "America/Havana", "2024-11-03T05:30", "2024-11-03T04:00", "2024-11-03T11:00"),
        # São Paulo had no midnight on 2018-11-04.
        ("1d", "America/Sao_Paulo", "2018-11-04T12:00", "2018-11-04T03:00", "2018-11-05T02:00"),
        # Samoa had no 2011-12-30 at all.
        ("1d", "Pacific/Apia", "2011-12-30T09:00", "2011-12-29T10:00", "2011-12-30T10:00"),
        ("1d", "Pacific/Apia", "2011-12-30T11:00", "2011-12-30T10:00", "2011-12-31T10:00"),
        ("1w", "UTC", "2013-02-08T05:00", "2013-02-04T00:00", "2013-02-11T00:00"),
        ("1w", "Europe/Paris", "2024-03-31T12:00", "2024-03-24T23:00", "2024-03-31T22:00"),
        ("2d", "Europe/Paris", "1970-01-02T12:00", "1970-01-01T00:00", "1970-01-03T00:00"),
        ("5h", "America/New_York", "1970-01-01T06:00", "1970-01-01T05:00", "1970-01-01T10:00"),
        ("2w", "Europe/Paris", "1969-12-31T12:00", "1969-12-18T00:00", "1970-01-01T00:00"),
    ],
)
def test_windows_start_where_the_clocks_say(
    length: str, zone: str, moment: str, start: str, end: str
) -> None:
    assert window_at(every(length, zone), at(moment)) == Window(start=at(start), end=at(end))


def test_a_quarter_hour_that_is_repeated_has_two_windows() -> None:
    day = window_at(every("1d", "Europe/Paris"), at("2024-10-27T12:00"))

    parts = list(windows_between(every("15m", "Europe/Paris"), day.start, day.end))

    assert len(parts) == 100
    assert {part.length for part in parts} == {timedelta(minutes=15)}


@pytest.mark.parametrize(
    ("cron", "zone", "moment", "start", "end"),
    [
        # Weekday windows: Friday's fire to Monday's spans the weekend; 0 and 7 are Sunday.
        ("0 6 * * 1-5", "UTC", "2013-02-09T12:00", "2013-02-08T06:00", "2013-02-11T06:00"),
        ("0 6 * * 1-5", "Europe/Paris", "2024-03-30T12:00", "2024-03-29T05:00", "2024-04-01T04:00"),
        ("0 0 * * 0", "UTC", "2013-02-08T12:00", "2013-02-03T00:00", "2013-02-10T00:00"),
        ("0 0 * * 7", "UTC", "2013-02-08T12:00", "2013-02-03T00:00", "2013-02-10T00:00"),
        # 02:30 that is jumped over happens once, at the first valid moment; repeated, it happens once.
        ("30 2 * * *", "Europe/Paris", "2024-03-31T12:00", "2024-03-31T01:00", "2024-04-01T00:30"),
        ("30 2 * * *", "Europe/Paris", "2024-10-27T01:45", "2024-10-27T00:30", "2024-10-28T01:30"),
        ("0,30 2,3 * * *", "Europe/Paris", "2024-03-31T01:15", "2024-03-31T01:00", "2024-03-31T01:30"),
        ("0 0 1 * *", "UTC", "2024-02-10T00:00", "2024-02-01T00:00", "2024-03-01T00:00"),
        ("0 0 29 2 *", "UTC", "2025-02-10T00:00", "2024-02-29T00:00", "2028-02-29T00:00"),
    ],
)
def test_cron_windows_lie_between_fires(cron: str, zone: str, moment: str, start: str, end: str) -> None:
    found = window_at(Schedule(cron=cron, timezone=zone), at(moment))

    assert found == Window(start=at(start), end=at(end))


def test_a_jump_is_found_to_the_second() -> None:
    assert find_local(on_clock("2024-03-31T02:59:59"), "Europe/Paris") == at("2024-03-31T01:00")
    assert find_local(on_clock("2024-03-31T03:00"), "Europe/Paris") == at("2024-03-31T01:00")
    assert find_local(on_clock("2011-12-30T12:00"), "Pacific/Apia") == at("2011-12-30T10:00")
    assert find_local(on_clock("2024-10-27T02:30"), "Europe/Paris") == at("2024-10-27T00:30")


def test_a_window_is_due_when_its_rows_have_had_time_to_arrive() -> None:
    window = Window(start=at("2013-02-08"), end=at("2013-02-09"))

    assert due_at(window, timedelta(minutes=30)) == at("2013-02-09T00:30")


@pytest.mark.parametrize(
    ("schedule", "cycle"),
    [
        (every("15m"), timedelta(days=1)),
        (every("12h"), timedelta(days=1)),
        (every("1d"), timedelta(days=7)),
        (every("1w"), timedelta(days=28)),
        (every("2d"), timedelta(days=8)),
        (Schedule(cron="0 6 * * 1-5", timezone="Europe/Paris"), timedelta(days=7)),
        (Schedule(cron="*/15 9-17 * * 1-5"), timedelta(days=1)),
        (Schedule(cron="0 0 * * 1"), timedelta(days=28)),
    ],
)
def test_the_season_cycle_follows_from_the_length(schedule: Schedule, cycle: timedelta) -> None:
    assert season_cycle(schedule) == cycle


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({}, "either"),
        ({"every": timedelta(days=1), "cron": "0 0 * * *"}, "either"),
        ({"every": timedelta(0)}, "between 1m and 3650d"),
        ({"every": timedelta(seconds=59)}, "between 1m and 3650d"),
        ({"every": timedelta(days=4000)}, "between 1m and 3650d"),
        ({"every": timedelta(minutes=1, microseconds=5)}, "whole seconds"),
        ({"cron": "0 6 * *"}, "five fields"),
        ({"cron": "0 0 6 * * *"}, "five fields"),
        ({"cron": "61 * * * *"}, "bad minute"),
        ({"cron": "0 0 31 2 *"}, "bad day-of-month"),
        ({"cron": "0 0 * * EVERY"}, "bad day-of-week"),
    ],
)
def test_schedules_that_make_no_sense_are_refused(settings_: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schedule(**settings_)  # type: ignore[arg-type]  # The table mixes types on purpose.


def test_moments_without_a_zone_or_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        window_at(every("1d"), on_clock("2013-01-01"))
    with pytest.raises(ValueError, match="between 1902 and 2900"):
        window_at(every("1d"), datetime(1, 1, 1, tzinfo=UTC))


def test_lengths_read_as_they_are_written() -> None:
    assert [str(every(length)) for length in ("90s", "15m", "36h", "1d", "2w")] == [
        "90s",
        "15m",
        "36h",
        "1d",
        "2w",
    ]
