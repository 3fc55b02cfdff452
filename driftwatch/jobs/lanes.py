"""Threads side by side that work through what was offered last, each piece by its name."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping

from driftwatch.errors import DriftwatchError

__all__ = ["Lanes"]

log = logging.getLogger("driftwatch.lanes")


class Lanes:
    """At most `at_once` pieces of work at the same time, and never two of one name.

    What raises is logged: it stops nothing else.
    """

    def __init__(self, at_once: int, *, name: str = "lane") -> None:
        self._at_once = at_once
        self._name = name
        self._changed = threading.Condition()
        self._waiting: deque[tuple[str, Callable[[], object]]] = deque()
        self._under_way: set[str] = set()
        self._threads = 0

    @property
    def busy(self) -> int:
        """How many pieces are under way."""
        return len(self._under_way)

    def offer(self, work: Mapping[str, Callable[[], object]]) -> None:
        """Have `work` done in its order, in place of what waits from before; what is under way goes on.

        A name that is under way is left out.
        """
        with self._changed:
            self._waiting = deque((name, do) for name, do in work.items() if name not in self._under_way)
            wanted = min(self._at_once, len(self._under_way) + len(self._waiting)) - self._threads
            for _ in range(wanted):
                self._threads += 1
                # At the end of the program nobody waits for what hangs.
                threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def wait(self, seconds: float | None = None) -> bool:
        """Return whether everything offered was done within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._under_way, seconds)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._threads -= 1
                    return
                name, do = self._waiting.popleft()
                self._under_way.add(name)
            try:
                do()
            except DriftwatchError as error:
                log.error("work failed name=%s reason=%s", name, error)  # noqa: TRY400 - the reason says it all.
            except Exception:
                log.exception("work failed name=%s", name)
            finally:
                with self._changed:
                    self._under_way.discard(name)
                    self._changed.notify_all()
