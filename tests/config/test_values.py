from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.config.values import format_duration, parse_duration, parse_moment, parse_size, parse_zone


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("1d", timedelta(days=1)),
        ("2w", timedelta(weeks=2)),
        ("0m", timedelta(0)),
    ],
)
def test_durations_are_a_whole_number_and_a_unit(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "1", "d", "1.5d", "-1d", "1D", "1 d", "1d\n", "1mo", "1h30m", "١d", "99999999999d"]
)
def test_other_words_are_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="wants a duration"):
        parse_duration(text)


@given(st.integers(0, 3650 * 86_400))
def test_durations_read_back_as_they_are_written(seconds: int) -> None:
    length = timedelta(seconds=seconds)

    assert parse_duration(format_duration(length)) == length


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2013-01-31", datetime.fromisoformat("2013-01-31")),
        ("2013-01-31T06:30", datetime.fromisoformat("2013-01-31T06:30")),
        ("2013-01-31 06:30:15", datetime.fromisoformat("2013-01-31T06:30:15")),
        ("2013-01-31T06:30:15.5Z", datetime(2013, 1, 31, 6, 30, 15, 500_000, tzinfo=UTC)),
        ("2013-01-31 06:30 Z", datetime(2013, 1, 31, 6, 30, tzinfo=UTC)),
        ("2013-01-31T06:30+05:30", datetime(2013, 1, 31, 6, 30, tzinfo=timezone(timedelta(hours=5.5)))),
    ],
)
def test_moments_are_dates_or_times(text: str, stamp: datetime) -> None:
    assert parse_moment(text).stamp == stamp


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2013",
        "2013-1-31",
        "20130131",
        "31-01-2013",
        "2013-02-30",
        "2013-W05-4",
        "2013-01-31T25:00",
        "0001-01-01",
    ],
)
def test_other_words_are_no_moments(text: str) -> None:
    with pytest.raises(ValueError, match="wants a date"):
        parse_moment(text)


@pytest.mark.parametrize("text", ["", "Mars", "/etc/passwd", "../UTC", "Europe", "UTC\0", "+01:00"])
def test_other_words_are_no_zones(text: str) -> None:
    with pytest.raises(ValueError, match="wants a time zone"):
        parse_zone(text)


@pytest.mark.parametrize(
    ("text", "size"), [("64KiB", 65_536), ("512MiB", 536_870_912), ("2GiB", 2_147_483_648), ("1TiB", 1 << 40)]
)
def test_sizes_are_a_whole_number_and_a_binary_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "2", "2GB", "2 GiB", "2gib", "1.5GiB", "-1GiB", "GiB", "2GiB\n"])
def test_other_words_are_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="wants a size"):
        parse_size(text)
