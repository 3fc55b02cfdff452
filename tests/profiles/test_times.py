from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import DataError
from driftwatch.profiles.times import NO_TIME, TimeColumn, read_times, shift_to_local, shift_to_utc
from driftwatch.profiles.window import to_micros

T = TimeColumn(columns=("t",))
FIVE = datetime(2013, 1, 1, 5, tzinfo=UTC)


def read(values: object, time: TimeColumn = T, zone: str = "UTC") -> list[int]:
    return list(read_times(pa.table({"t": values}), time, timezone=zone).tolist())


@pytest.mark.parametrize(
    "value",
    [
        "2013-01-01T05:00:00Z",
        "2013-01-01 05:00:00",
        "2013-01-01T06:00:00+01:00",
        "2013-01-01 05:00:00.000000000",
        int(FIVE.timestamp()),
        int(FIVE.timestamp() * 1000),
        int(FIVE.timestamp() * 1_000_000),
        float(FIVE.timestamp()),
        FIVE,
        FIVE.replace(tzinfo=None),
    ],
)
def test_the_usual_ways_to_write_a_time_are_understood(value: object) -> None:
    assert read([value]) == [to_micros(FIVE)]


def test_stamps_without_a_zone_are_in_the_monitors_zone() -> None:
    assert read(["2013-01-01 00:00:00"], zone="America/New_York") == [to_micros(FIVE)]


def test_a_time_column_may_have_its_own_zone_and_format() -> None:
    time = TimeColumn(columns=("t",), format="%d-%m-%Y %H:%M", timezone="America/New_York")

    assert read(["01-01-2013 00:00"], time) == [to_micros(FIVE)]


def test_a_row_without_a_time_belongs_to_no_window() -> None:
    assert read(["2013-01-01T05:00:00Z", None, " "]) == [to_micros(FIVE), NO_TIME, NO_TIME]


@pytest.mark.parametrize("hour", [[5], ["5"]])
def test_a_date_and_an_hour_are_joined(hour: list[object]) -> None:
    table = pa.table({"dteday": ["2013-01-01"], "hr": hour})

    times = read_times(table, TimeColumn(columns=("dteday", "hr")))

    assert times.tolist() == [to_micros(FIVE)]


def test_year_month_and_day_are_joined() -> None:
    table = pa.table({"y": [2013], "m": [1], "d": [1], "h": [5]})

    times = read_times(table, TimeColumn(columns=("y", "m", "d", "h")))

    assert times.tolist() == [to_micros(FIVE)]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["soon"], "'soon', which is not a time"),
        ([2013], "numbers around 2013"),
        ([[1]], "not times"),
    ],
)
def test_a_column_that_holds_no_times_is_an_error_that_says_what_to_do(values: object, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read(values)

    assert "name another" in str(caught.value) or "another column" in str(caught.value)


def test_a_missing_time_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(DataError, match="'t' is not there; there are: a, b"):
        read_times(pa.table({"a": [1], "b": [2]}), T)


zones = st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])


@given(zones, st.datetimes(datetime(1975, 1, 1), datetime(2035, 1, 1)))
def test_shifting_to_local_and_back_is_what_zoneinfo_says(zone: str, moment: datetime) -> None:
    utc = moment.replace(tzinfo=UTC)
    local = utc.astimezone(ZoneInfo(zone))

    wall = shift_to_local(np.array([to_micros(utc)]), zone)
    back = shift_to_utc(wall, zone)

    assert datetime(1970, 1, 1) + timedelta(microseconds=int(wall[0])) == local.replace(tzinfo=None)
    assert int(back[0]) == to_micros(local.replace(fold=0).astimezone(UTC))
