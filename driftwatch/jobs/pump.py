"""The delivery pool: so many threads send at the same time, and a slow receiver keeps one of them at most.

A tick only starts what is missing; what takes long goes on while the next ticks come.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from driftwatch.errors import DriftwatchError
from driftwatch.jobs.deliver import deliver_one
from driftwatch.jobs.parts import Parts

__all__ = ["Pump"]

log = logging.getLogger("driftwatch.deliver")


class Pump:
    """Threads that send what is due, started when there is something and gone when there is nothing."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"a pool needs at least 1 thread, not {size}")
        self._size = size
        self._busy = 0
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)

    @property
    def busy(self) -> int:
        """Return how many threads are at work."""
        with self._lock:
            return self._busy

    def start(self, parts: Parts, stopping: Callable[[], bool]) -> None:
        """Let one more thread send what is due, if there is room; it calls others while there is work."""
        with self._lock:
            if self._busy >= self._size:
                return
            self._busy += 1
        thread = threading.Thread(
            target=self._run, args=(parts, stopping), name="driftwatch deliver", daemon=True
        )
        thread.start()

    def join(self, timeout: float) -> bool:
        """Wait until no thread is at work, at most `timeout` seconds; return whether that is so."""
        with self._idle:
            return self._idle.wait_for(lambda: self._busy == 0, timeout)

    def _run(self, parts: Parts, stopping: Callable[[], bool]) -> None:
        try:
            while not stopping():
                if not deliver_one(parts, calling=lambda: self.start(parts, stopping)):
                    break
        except DriftwatchError as error:
            log.error("delivering failed reason=%s", error)  # noqa: TRY400 - the reason says it all.
        except Exception:
            log.exception("delivering failed")
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()
