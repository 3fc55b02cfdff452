from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from driftwatch.jobs.clock import JumpGuard, StoreClock, SystemClock, read_running
from tests.support.clocks import FakeClock

NOON = datetime(2013, 2, 8, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def test_the_machines_clock_is_aware_and_runs() -> None:
    clock = SystemClock()

    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
    assert read_running() <= read_running()


def test_a_clock_set_by_the_store_shows_the_stores_time() -> None:
    inner = FakeClock(NOON)
    clock = StoreClock(inner)
    assert clock.now() == NOON

    clock.set_by(lambda now: NOON + HOUR - now())

    assert (clock.now(), clock.offset) == (NOON + HOUR, HOUR)
    inner.advance(SECOND)
    assert clock.now() == NOON + HOUR + SECOND
    assert clock.monotonic() == inner.monotonic()
    # It is set by the machine's clock again, not by what it showed.
    clock.set_by(lambda now: NOON + HOUR - now())
    assert clock.now() == NOON + HOUR


def test_time_that_runs_evenly_is_believed() -> None:
    guard = JumpGuard()

    assert all(guard.look(NOON + number * HOUR, number * 3600.0) is None for number in range(100))


@given(st.lists(st.floats(-59, 59), max_size=30))
def test_small_steps_are_believed(steps: list[float]) -> None:
    guard, wall = JumpGuard(), NOON
    for number, step in enumerate(steps):
        wall += SECOND * (5 + step)
        assert guard.look(wall, 5.0 * number) is None


def test_a_jump_is_not_believed_before_it_has_lasted_five_minutes() -> None:
    guard = JumpGuard()
    guard.look(NOON, 0.0)

    jumped = [guard.look(NOON + 24 * HOUR + number * SECOND, float(number)) for number in range(5, 306, 5)]

    assert set(jumped) == {24 * HOUR}
    assert guard.look(NOON + 24 * HOUR + 310 * SECOND, 310.0) is None


def test_a_clock_that_is_set_right_again_is_believed_at_once() -> None:
    guard = JumpGuard()
    guard.look(NOON, 0.0)

    assert guard.look(NOON - HOUR, 5.0) == -HOUR - 5 * SECOND
    assert guard.look(NOON + 10 * SECOND, 10.0) is None
    # Another jump has to last as long as the first.
    assert guard.look(NOON - HOUR, 400.0) is not None
    assert guard.look(NOON - HOUR + 10 * SECOND, 410.0) is not None
