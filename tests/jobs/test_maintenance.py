from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from driftwatch.jobs.maintenance import Maintenance, find_maintenance

HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
NIGHTS = Maintenance(
    monitors=("flight-*", "rides"), cron="0 2 * * *", length=4 * HOUR, why="backups", timezone="Europe/Paris"
)


def holds(moment: datetime, window: Maintenance = NIGHTS, monitor: str = "rides") -> bool:
    return find_maintenance([window], monitor, moment) is not None


def test_it_holds_from_its_start_to_just_before_its_end() -> None:
    start = datetime(2024, 1, 10, 1, tzinfo=UTC)

    edges = [start - MICROSECOND, start, start + 4 * HOUR - MICROSECOND, start + 4 * HOUR]

    assert [holds(edge) for edge in edges] == [False, True, True, False]


@pytest.mark.parametrize(("monitor", "hidden"), [("flight-delays", True), ("rides", True), ("ride", False)])
def test_it_hides_the_monitors_that_it_names(monitor: str, hidden: bool) -> None:
    assert holds(datetime(2024, 1, 10, 2, tzinfo=UTC), monitor=monitor) is hidden


def test_its_words_say_until_when_and_why() -> None:
    hide = find_maintenance([NIGHTS], "rides", datetime(2024, 1, 10, 2, tzinfo=UTC))

    assert hide is not None
    assert hide.words == "maintenance until 2024-01-10 05:00 UTC: backups"


@pytest.mark.parametrize(
    ("day", "starts", "length"),
    [
        # In winter, in summer, and on the days on which the clocks jump over 02:00 and repeat it.
        ((2024, 1, 10), datetime(2024, 1, 10, 1, tzinfo=UTC), 4 * HOUR),
        ((2024, 7, 10), datetime(2024, 7, 10, 0, tzinfo=UTC), 4 * HOUR),
        ((2024, 3, 31), datetime(2024, 3, 31, 1, tzinfo=UTC), 4 * HOUR),
        ((2024, 10, 27), datetime(2024, 10, 27, 0, tzinfo=UTC), 4 * HOUR),
    ],
)
def test_it_begins_by_the_wall_clock_and_lasts_its_length_whatever_the_clocks_do(
    day: tuple[int, int, int], starts: datetime, length: timedelta
) -> None:
    midnight = datetime(*day, tzinfo=UTC) - 2 * HOUR

    minutes = [midnight + timedelta(minutes=15 * step) for step in range(4 * 24)]

    hidden = [minute for minute in minutes if holds(minute)]
    assert hidden[0] == starts
    assert hidden[-1] + timedelta(minutes=15) == starts + length
    assert len(hidden) == 16


def test_windows_that_run_into_each_other_leave_no_gap() -> None:
    always = Maintenance(monitors=("*",), cron="0 * * * *", length=2 * HOUR, why="works")

    assert all(holds(datetime(2024, 1, 1, tzinfo=UTC) + step * HOUR / 7, always) for step in range(50))


@pytest.mark.parametrize("length", [timedelta(0), -HOUR, timedelta(days=31)])
def test_a_length_that_no_silence_may_have_is_refused(length: timedelta) -> None:
    with pytest.raises(ValueError, match="at most 30d"):
        Maintenance(monitors=("*",), cron="0 2 * * 6", length=length, why="x")
