from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.jobs.links import Late, Link, Lost

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


@given(st.lists(st.binary(max_size=500), max_size=10))
def test_messages_arrive_whole_and_in_order(messages: list[bytes]) -> None:
    one, other = socket.socketpair()
    with one, other:
        here, there = Link(one), Link(other)
        for message in messages:
            here.send(message)

        assert [bytes(there.receive()) for _ in messages] == messages


def test_a_message_larger_than_the_socket_holds_arrives(ends: Ends) -> None:
    here, there = map(Link, ends)
    message = bytes(range(256)) * 40_000
    sender = threading.Thread(target=here.send, args=(message,))
    sender.start()

    assert there.receive(time.monotonic() + 20) == message
    sender.join()


def test_who_does_not_listen_or_answer_in_time_is_late(ends: Ends) -> None:
    here = Link(ends[0])

    with pytest.raises(Late):
        here.receive(time.monotonic() + 0.01)
    with pytest.raises(Late):
        here.send(bytes(10_000_000), time.monotonic() + 0.05)


def test_who_stops_in_the_middle_of_a_message_is_late(ends: Ends) -> None:
    one, other = ends
    other.send((100).to_bytes(8, "little") + b"half")

    with pytest.raises(Late):
        Link(one).receive(time.monotonic() + 0.05)


@pytest.mark.parametrize("begun", [b"", b"\x05\x00", (5).to_bytes(8, "little") + b"ab"])
def test_who_is_gone_is_lost(ends: Ends, begun: bytes) -> None:
    one, other = ends
    other.send(begun or b"\x00" * 8)
    link = Link(one)
    if not begun:
        assert link.receive() == b""
    other.close()

    with pytest.raises(Lost):
        link.receive()
    with pytest.raises(Lost):
        link.send(b"a message")


def test_a_message_that_is_too_large_is_not_even_begun(ends: Ends) -> None:
    one, other = ends
    other.send((1 << 60).to_bytes(8, "little"))

    with pytest.raises(Lost, match="a message of"):
        Link(one).receive(at_most=1000)


def test_a_wait_ends_with_what_look_raises(ends: Ends) -> None:
    one = ends[0]

    def look() -> None:
        raise KeyError("stop")

    with pytest.raises(KeyError):
        Link(one, look).receive()
