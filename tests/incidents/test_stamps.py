"""Times to JSON and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.stamps import decode_window, encode_window, read_stamp, write_stamp
from tests.support.incidents import day


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_comes_back_to_the_microsecond(moment: datetime) -> None:
    assert read_stamp(write_stamp(moment)) == moment


def test_stamps_are_in_utc_and_end_in_z() -> None:
    moment = datetime(2013, 2, 8, 1, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))

    assert write_stamp(moment) == "2013-02-08T00:00:00.000005Z"


def test_a_time_without_a_zone_is_refused_both_ways() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        write_stamp(datetime(2013, 2, 8))
    with pytest.raises(ValueError, match="no time zone"):
        read_stamp("2013-02-08T00:00:00")


def test_a_window_comes_back() -> None:
    assert decode_window(encode_window(day(8))) == day(8)
