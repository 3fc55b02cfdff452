from __future__ import annotations

from datetime import UTC, datetime, timedelta

from driftwatch.jobs.clock import SystemClock
from driftwatch.jobs.parts import LEASE, build_id_maker
from driftwatch.net.answers import RECEIVER_DEADLINE
from tests.support.clocks import FakeClock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NOW = datetime(2013, 2, 1, 12, tzinfo=UTC)


def read_milliseconds(made: str) -> int:
    number = 0
    for letter in made[:10]:
        number = number * 32 + ALPHABET.index(letter)
    return number


def test_an_id_is_26_letters_of_crockfords_alphabet() -> None:
    make_id = build_id_maker(FakeClock(NOW))

    made = [make_id() for _ in range(1000)]

    assert {len(one) for one in made} == {26}
    assert set("".join(made)) == set(ALPHABET)
    assert len(set(made)) == 1000


def test_an_id_begins_with_the_time_it_was_made_at() -> None:
    assert read_milliseconds(build_id_maker(FakeClock(NOW))()) == NOW.timestamp() * 1000


def test_the_first_letters_are_those_of_the_published_example() -> None:
    """The specification gives 01ARZ3NDEK for the time 1469922850259 ms in its package's documentation."""
    clock = FakeClock(datetime(2016, 7, 30, 23, 54, 10, 259000, tzinfo=UTC))

    assert build_id_maker(clock)()[:10] == "01ARZ3NDEK"


def test_ids_sort_by_the_time_they_were_made_at() -> None:
    clock = FakeClock(NOW)
    make_id = build_id_maker(clock)

    made = []
    for _ in range(200):
        made.append(make_id())
        clock.advance(timedelta(milliseconds=1))

    assert made == sorted(made)


def test_the_system_clock_is_aware_and_never_runs_backwards() -> None:
    clock = SystemClock()

    seconds = [clock.monotonic() for _ in range(100)]

    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert seconds == sorted(seconds)


def test_a_claim_outlasts_the_longest_attempt_to_reach_a_receiver() -> None:
    assert LEASE > 2 * RECEIVER_DEADLINE
