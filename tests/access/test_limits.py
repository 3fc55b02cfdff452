from __future__ import annotations

import threading
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from driftwatch.access.limits import Buckets, Delays, measure_delay

NOON = datetime(2024, 5, 1, 12)
SECOND = timedelta(seconds=1)


@given(st.lists(st.integers(0, 3_000), max_size=200))
def test_nobody_gets_through_more_often_than_the_rate_and_the_burst_allow(pauses: list[int]) -> None:
    buckets, now, passed = Buckets(), NOON, 0

    for pause in pauses:
        now += timedelta(milliseconds=pause)
        passed += buckets.take("ana", now, rate=2) == timedelta(0)

    assert passed <= 20 + 2 * (now - NOON).total_seconds()


def test_who_waits_as_long_as_was_said_gets_through() -> None:
    buckets = Buckets()
    while not (wait := buckets.take("ana", NOON, rate=5)):
        pass

    assert buckets.take("ana", NOON + wait, rate=5) == timedelta(0)


def test_one_who_asks_too_often_keeps_nobody_else_out() -> None:
    buckets = Buckets()
    for _ in range(1000):
        buckets.take("ana", NOON, rate=1)

    assert buckets.take("ana", NOON, rate=1) > timedelta(0)
    assert buckets.take("ben", NOON, rate=1) == timedelta(0)


def test_however_many_ask_no_more_than_so_many_are_remembered() -> None:
    buckets, delays = Buckets(most=100), Delays(free=1, longest=SECOND, most=100)
    for number in range(1000):
        buckets.take(f"address {number}", NOON, rate=1)
        delays.begin(f"address {number}", NOON)

    assert (len(buckets), len(delays)) == (100, 100)


def test_each_failure_makes_the_wait_twice_as_long() -> None:
    waits = [measure_delay(n, free=3, longest=timedelta(minutes=15)).seconds for n in range(1, 10)]

    assert waits == [0, 0, 0, 1, 2, 4, 8, 16, 32]
    assert measure_delay(10**9, free=3, longest=timedelta(minutes=15)) == timedelta(minutes=15)


def test_what_is_tried_while_waiting_is_not_tried_and_does_not_make_it_longer() -> None:
    delays = Delays(free=2, longest=timedelta(minutes=1))
    waits = [delays.begin("ana", NOON) for _ in range(6)]

    assert [wait.seconds for wait in waits] == [0, 0, 0, 1, 1, 1]
    assert delays.begin("ana", NOON + SECOND) == timedelta(0)
    assert delays.begin("ana", NOON + SECOND) == 2 * SECOND


def test_who_succeeds_begins_anew_and_one_that_was_taken_back_does_not_count() -> None:
    delays = Delays(free=1, longest=timedelta(minutes=1))
    for _ in range(50):
        assert delays.begin("an office", NOON) == timedelta(0)
        delays.take_back("an office", NOON)

    delays.begin("ana", NOON)
    delays.begin("ana", NOON)
    delays.forgive("ana")

    assert delays.begin("ana", NOON) == timedelta(0)


def test_many_at_once_are_not_many_for_free() -> None:
    delays, passed = Delays(free=3, longest=timedelta(minutes=1)), []
    barrier = threading.Barrier(16)

    def guess() -> None:
        barrier.wait()
        if delays.begin("ana", NOON) == timedelta(0):
            passed.append(1)

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(passed) == 4
