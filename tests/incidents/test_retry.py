"""When a failed delivery is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.retry import next_attempt

NOW = datetime(2013, 2, 8, 12, tzinfo=UTC)
SECONDS = [0, 5, 30, 120, 300, 900, 3_600, 10_800, 3_600, 3_600]


@pytest.mark.parametrize(("attempts", "seconds"), list(enumerate(SECONDS)))
def test_the_schedule_grows_and_ends_hourly(attempts: int, seconds: int) -> None:
    assert next_attempt(attempts, now=NOW, retry_after=None, spread=0.0) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(("spread", "seconds"), [(-1.0, 240.0), (-0.5, 270.0), (0.0, 300.0), (1.0, 360.0)])
def test_the_spread_moves_a_wait_by_up_to_a_fifth(spread: float, seconds: float) -> None:
    assert next_attempt(4, now=NOW, retry_after=None, spread=spread) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        (timedelta(seconds=60), timedelta(seconds=60)),
        (timedelta(seconds=1), timedelta(seconds=5)),
        (timedelta(days=3), timedelta(hours=1)),
        (timedelta(seconds=-60), timedelta(seconds=5)),
    ],
)
def test_what_the_receiver_asks_for_lengthens_the_wait_up_to_an_hour(
    asked: timedelta, waited: timedelta
) -> None:
    assert next_attempt(1, now=NOW, retry_after=asked, spread=0.0) == NOW + waited


@given(
    st.integers(0, 50),
    st.none() | st.timedeltas(timedelta(0), timedelta(hours=1)),
    st.floats(-1, 1),
)
def test_a_wait_is_never_shorter_than_asked_nor_far_from_the_schedule(
    attempts: int, asked: timedelta | None, spread: float
) -> None:
    wait = next_attempt(attempts, now=NOW, retry_after=asked, spread=spread) - NOW

    scheduled = timedelta(seconds=SECONDS[min(attempts, len(SECONDS) - 1)])
    longest = max(scheduled, asked or timedelta(0))
    assert wait >= (asked or timedelta(0))
    assert longest * 0.8 - timedelta(microseconds=1) <= wait <= longest * 1.2 + timedelta(microseconds=1)


@pytest.mark.parametrize(("attempts", "spread"), [(-1, 0.0), (0, 1.1), (0, -1.1)])
def test_impossible_arguments_are_refused(attempts: int, spread: float) -> None:
    with pytest.raises(ValueError, match=r"attempts|spread"):
        next_attempt(attempts, now=NOW, retry_after=None, spread=spread)
