"""Messages of bytes between two processes over one socket, with deadlines for whoever wants them."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Late", "Link", "Lost"]

_HEAD: Final = struct.Struct("<Q")
_LOOK_SECONDS: Final = 0.25
_PIECE: Final = 1 << 20


class Late(Exception):  # noqa: N818 - how a wait ended
    """The other side did not answer, or did not listen, in time."""


class Lost(Exception):  # noqa: N818 - how a wait ended
    """The other side is gone, or says what cannot be a message."""


class Link:
    """One end of a socket; the other is in another process.

    `look` is called a few times a second while this end waits, and may raise to end the wait. What is sent
    or received only in part when a wait ends cannot be gone on with: close the link then.
    """

    def __init__(self, end: socket.socket, look: Callable[[], None] | None = None) -> None:
        end.setblocking(False)
        self._end = end
        self._look = look

    def fileno(self) -> int:
        """Return the number of the socket."""
        return self._end.fileno()

    def send(self, message: bytes, ends_at: float | None = None) -> None:
        """Send `message`; `ends_at` is of `time.monotonic`. Raises Late and Lost."""
        for part in (_HEAD.pack(len(message)), message):
            left = memoryview(part)
            while left:
                try:
                    left = left[self._try(self._end.send, left[:_PIECE]) :]
                except BlockingIOError:
                    self._wait(ends_at, select.POLLOUT)

    def receive(self, ends_at: float | None = None, *, at_most: int | None = None) -> bytearray:
        """Return the next message. Raises Late, and Lost also for one of more than `at_most` bytes."""
        (size,) = _HEAD.unpack(self._receive(_HEAD.size, ends_at))
        if at_most is not None and size > at_most:
            raise Lost(f"a message of {size} bytes")
        return self._receive(size, ends_at)

    def close(self) -> None:
        """Close this end; the other notices."""
        self._end.close()

    def _receive(self, size: int, ends_at: float | None) -> bytearray:
        message = bytearray(size)
        left = memoryview(message)
        while left:
            try:
                count = self._try(self._end.recv_into, left[:_PIECE])
            except BlockingIOError:
                self._wait(ends_at, select.POLLIN)
                continue
            if not count:
                raise Lost("the other side is gone")
            left = left[count:]
        return message

    def _try(self, act: Callable[[memoryview], int], part: memoryview) -> int:
        try:
            return act(part)
        except BlockingIOError:
            raise
        except OSError as error:
            raise Lost("the other side is gone") from error

    def _wait(self, ends_at: float | None, event: int) -> None:
        """Return once something can be sent or received, as `event` says."""
        # A file descriptor above 1023 is too large for select, which a daemon with many connections has.
        poll = select.poll()
        poll.register(self._end, event)
        while True:
            if self._look is not None:
                self._look()
            left = None if ends_at is None else ends_at - time.monotonic()
            if left is not None and left <= 0:
                raise Late
            pause = _LOOK_SECONDS if left is None else min(left, _LOOK_SECONDS)
            if poll.poll(None if self._look is None and left is None else pause * 1000):
                return
