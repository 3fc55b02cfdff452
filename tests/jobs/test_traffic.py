from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from driftwatch.channels.contract import Channel
from driftwatch.jobs.traffic import Traffic
from tests.support.monitors import FakeChannel

CHANNELS: Mapping[str, Channel] = {name: FakeChannel() for name in ("a", "b", "c", "d", "e")}


@dataclass
class Limited(FakeChannel):
    """Takes so many notices a second."""

    per_second: float = 1.0

    def __post_init__(self) -> None:
        super().__init__()


@contextmanager
def sending(traffic: Traffic, *flights: tuple[str, str, float]) -> Iterator[None]:
    """Let other threads send deliveries, each to a channel since a time."""
    over = threading.Event()

    def fly(delivery: str, channel: str, since: float, left: threading.Event) -> None:
        traffic.enter(delivery, channel, CHANNELS.get(channel), since)
        left.set()
        over.wait()
        traffic.leave(delivery)

    threads = []
    for flight in flights:
        left = threading.Event()
        threads.append(threading.Thread(target=fly, args=(*flight, left)))
        threads[-1].start()
        assert left.wait(timeout=10)
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def prove_fast(traffic: Traffic, *names: str) -> None:
    for name in names:
        traffic.note_seconds(name, 0.1)


def test_a_channel_of_which_nothing_is_known_gets_one_at_a_time() -> None:
    traffic = Traffic(size=8)

    with sending(traffic, ("1", "a", 0.0)):
        assert traffic.list_closed(CHANNELS, 1.0) == {"a"}
        assert traffic.list_sending() == {"1"}

    assert traffic.list_closed(CHANNELS, 1.0) == frozenset()


def test_a_fast_channel_gets_two_at_a_time() -> None:
    traffic = Traffic(size=8)
    prove_fast(traffic, "a")

    with sending(traffic, ("1", "a", 0.0)):
        assert "a" not in traffic.list_closed(CHANNELS, 1.0)
    with sending(traffic, ("1", "a", 0.0), ("2", "a", 0.0)):
        assert "a" in traffic.list_closed(CHANNELS, 1.0)


def test_slow_channels_together_get_half_of_the_pool_and_fast_ones_the_rest() -> None:
    traffic = Traffic(size=4)
    prove_fast(traffic, "a", "b")
    for name in ("c", "d", "e"):
        traffic.note_seconds(name, 9.0)

    with sending(traffic, ("1", "c", 0.0), ("2", "d", 0.0)):
        assert traffic.list_closed(CHANNELS, 1.0) == {"c", "d", "e"}


def test_a_channel_that_was_fast_is_slow_once_it_does_not_answer_for_5_seconds() -> None:
    traffic = Traffic(size=8)
    prove_fast(traffic, "a")

    with sending(traffic, ("1", "a", 0.0)):
        closed = ["a" in traffic.list_closed(CHANNELS, now) for now in (5.0, 5.1)]

    assert closed == [False, True]


def test_a_slow_channel_that_has_become_fast_counts_as_fast_after_some_attempts() -> None:
    traffic = Traffic(size=8)
    traffic.note_seconds("a", 15.0)
    for _ in range(5):
        traffic.note_seconds("a", 0.1)

    with sending(traffic, ("1", "a", 0.0)):
        assert "a" not in traffic.list_closed(CHANNELS, 1.0)


def test_a_channel_takes_no_more_than_it_says() -> None:
    traffic, channels = Traffic(), {"slack": Limited(), "hook": Limited(per_second=20.0)}
    closed: list[frozenset[str]] = []
    waits: list[float | None] = []

    for now in (0.0, 0.25, 1.1):
        traffic.enter("1", "slack", channels["slack"], now)
        traffic.leave("1")
        closed.append(traffic.list_closed(channels, now))
        waits.append(traffic.find_wait(channels, now + 0.2))

    assert closed == [{"slack"}, {"slack"}, {"slack"}]
    assert waits[0] == pytest.approx(0.8)
    assert traffic.list_closed(channels, 10.0) == frozenset()
    assert traffic.find_wait(channels, 10.0) is None


def test_what_it_did_not_take_is_not_saved_up() -> None:
    traffic, channels = Traffic(), {"slack": Limited()}
    traffic.list_closed(channels, 0.0)

    taken = 0
    while "slack" not in traffic.list_closed(channels, 3600.0):
        traffic.enter("1", "slack", channels["slack"], 3600.0)
        taken += 1

    assert taken == 1


def test_what_a_thread_was_sending_that_is_gone_is_nobody_s() -> None:
    traffic = Traffic()
    gone = threading.Thread(target=lambda: traffic.enter("1", "a", CHANNELS["a"], 0.0))
    gone.start()
    gone.join()

    assert traffic.list_sending() == frozenset()
    assert traffic.list_closed(CHANNELS, 1.0) == frozenset()


def test_while_one_thread_chooses_others_wait() -> None:
    traffic, order = Traffic(), []
    began = threading.Event()

    def choose() -> None:
        began.set()
        with traffic.choosing():
            order.append("other")

    other = threading.Thread(target=choose)
    with traffic.choosing():
        other.start()
        assert began.wait(timeout=10)
        order.append("first")
    other.join()

    assert order == ["first", "other"]


def test_a_pool_without_room_is_refused() -> None:
    make: Callable[[], Traffic] = lambda: Traffic(size=0)  # noqa: E731 - one expression that raises.
    with pytest.raises(ValueError, match="at least 1 place"):
        make()
