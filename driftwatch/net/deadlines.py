"""A moment by which an exchange with the world has ended, whatever the other side does.

Why a timer that shuts the socket down: a socket's own timeout starts anew with every byte, so a receiver that
drips one byte a second would hold us for hours.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

__all__ = ["Deadline"]


class Deadline:
    """The end of an exchange on the monotonic clock, counted from the moment this is made."""

    __slots__ = ("_ends", "length")

    def __init__(self, length: timedelta) -> None:
        if length <= timedelta(0):
            raise ValueError(f"a deadline of {length} leaves no time; give a positive one")
        self.length = length
        self._ends = time.monotonic() + length.total_seconds()

    @property
    def seconds_left(self) -> float:
        """Return how many seconds are left, 0 when there are none."""
        return max(self._ends - time.monotonic(), 0.0)

    @property
    def passed(self) -> bool:
        """Return whether the moment has come."""
        return self.seconds_left <= 0

    @contextlib.contextmanager
    def cut_off(self, connected: socket.socket) -> Iterator[None]:
        """Shut the connection down when the moment comes while the block still runs.

        Whatever waits for the socket then, in any thread, sees its end. The twin shares the connection, not
        the object, so it works on while TLS takes the socket over.
        """
        twin = connected.dup()
        timer = threading.Timer(self.seconds_left, _shut_down, (twin,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            twin.close()


def _shut_down(connected: socket.socket) -> None:
    # The other side may have closed it first.
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
