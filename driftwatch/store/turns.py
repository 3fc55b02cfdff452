"""A lock whose waiters get it in the order they came: none is passed over for ever."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Turns"]


class Turns:
    """Lets one thread in at a time, the one that has waited longest.

    *Why not `threading.Lock` or the pool of connections:* who gives these back and asks again at once gets
    them again, and a busy thread can keep all others out for as long as it is busy.

    >>> turns = Turns()
    >>> with turns.take(1.0) as mine:
    ...     mine
    True
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def take(self, seconds: float) -> Iterator[bool]:
        """Wait for our turn, at most so many seconds; yield whether it came. It is over with the block."""
        came = self._wait(seconds)
        try:
            yield came
        finally:
            if came:
                self._hand_on()

    def _wait(self, seconds: float) -> bool:
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=seconds):
            return True
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
        return True  # It was handed to us at the last moment.

    def _hand_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
