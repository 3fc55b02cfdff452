"""Windows of the same time of the week share a season, by the clocks of the monitor's own zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.calibration.seasons import LEAST_BLOCKS, Scheme, find_season, is_usable
from driftwatch.profiles.window import Window

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def make_window(start: datetime, length: timedelta) -> Window:
    return Window(start=start.astimezone(UTC), end=start.astimezone(UTC) + length)


@pytest.mark.parametrize(
    ("scheme", "season"),
    [
        (Scheme.OVERALL, 0),
        (Scheme.WEEKEND, 1),
        (Scheme.WEEKDAY, 6),
        (Scheme.HOUR, 17),
        (Scheme.HOUR_WEEKEND, 41),
    ],
)
def test_a_sunday_afternoon(scheme: Scheme, season: int) -> None:
    assert find_season(make_window(datetime(2024, 6, 9, 17, tzinfo=UTC), _HOUR), scheme, "UTC") == season


def test_a_window_belongs_to_the_local_day_it_lies_in() -> None:
    # Friday evening in UTC is Saturday morning in Auckland.
    friday = make_window(datetime(2024, 6, 7, 20, tzinfo=UTC), _HOUR)

    assert find_season(friday, Scheme.WEEKEND, "UTC") == 0
    assert find_season(friday, Scheme.WEEKEND, "Pacific/Auckland") == 1


@pytest.mark.parametrize("day", [datetime(2024, 3, 31), datetime(2024, 10, 27)])
def test_days_on_which_clocks_change_keep_their_place_in_the_week(day: datetime) -> None:
    start = day.replace(tzinfo=ZoneInfo("Europe/Berlin"))
    end = (day + _DAY).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    sunday = Window(start=start.astimezone(UTC), end=end.astimezone(UTC))

    assert sunday.length != _DAY
    assert find_season(sunday, Scheme.WEEKDAY, "Europe/Berlin") == 6


def test_a_window_that_begins_shortly_before_midnight_belongs_to_the_day_it_lies_in() -> None:
    start = datetime(2024, 6, 7, 23, 55, tzinfo=UTC)

    assert find_season(make_window(start, _DAY), Scheme.WEEKDAY, "UTC") == 5


@given(weeks=st.integers(-500, 500), hours=st.integers(0, 167), scheme=st.sampled_from(Scheme))
def test_a_week_later_the_season_is_the_same(weeks: int, hours: int, scheme: Scheme) -> None:
    first = datetime(2024, 1, 1, tzinfo=UTC) + hours * _HOUR

    assert find_season(make_window(first, _HOUR), scheme, "UTC") == find_season(
        make_window(first + weeks * 7 * _DAY, _HOUR), scheme, "UTC"
    )


def test_a_scheme_needs_eight_blocks_in_every_season() -> None:
    enough = [0] * LEAST_BLOCKS + [1] * LEAST_BLOCKS

    assert is_usable(enough, Scheme.WEEKEND)
    assert not is_usable(enough[:-1], Scheme.WEEKEND)
    assert not is_usable([0] * 100, Scheme.WEEKEND), "one season is none"
    assert is_usable([], Scheme.OVERALL)
