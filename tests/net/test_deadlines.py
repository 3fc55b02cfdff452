from __future__ import annotations

import socket
import time
from datetime import timedelta

import pytest

from driftwatch.net.deadlines import Deadline


def test_a_deadline_cuts_the_connection_off_while_we_wait_for_it() -> None:
    ours, theirs = socket.socketpair()
    deadline = Deadline(timedelta(seconds=0.1))

    with ours, theirs, deadline.cut_off(ours):
        started = time.monotonic()
        read = ours.recv(1)
        took = time.monotonic() - started

    assert read == b""
    assert 0.05 < took < 1
    assert deadline.passed
    assert deadline.seconds_left == 0


def test_a_block_that_ends_in_time_leaves_the_connection_as_it_was() -> None:
    ours, theirs = socket.socketpair()
    deadline = Deadline(timedelta(seconds=20))

    with ours, theirs:
        with deadline.cut_off(ours):
            pass
        theirs.sendall(b"x")
        read = ours.recv(1)

    assert read == b"x"
    assert not deadline.passed


def test_a_connection_that_is_closed_already_is_no_error() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()

    with ours, Deadline(timedelta(seconds=0.05)).cut_off(ours):
        ours.recv(1)


@pytest.mark.parametrize("length", [timedelta(0), timedelta(seconds=-1)])
def test_a_deadline_without_time_is_refused(length: timedelta) -> None:
    with pytest.raises(ValueError, match="leaves no time"):
        Deadline(length)
