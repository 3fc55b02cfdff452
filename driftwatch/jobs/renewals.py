"""One thread that renews whatever this process has claimed, for as long as work on it goes on.

*Why one for all:* a thread of its own for every window would cost a busy daemon more than claiming it does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from driftwatch.errors import StoreError

__all__ = ["Renewals"]

log = logging.getLogger("driftwatch.renewals")

_LINGERS = 60.0


@dataclass(slots=True, eq=False)
class _Renewal:
    """What is called again and again, `pause` seconds apart, until it returns False."""

    name: str
    renew: Callable[[], bool]
    pause: float
    due: float


class Renewals:
    """What has to be renewed. The thread begins with the first of it, and ends some time after the last."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._kept: set[_Renewal] = set()
        self._under_way: _Renewal | None = None
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0

    @contextmanager
    def keep(self, name: str, renew: Callable[[], bool], pause: float) -> Iterator[None]:
        """Call `renew` every `pause` seconds until the block ends, or it returns False.

        Nothing of it is under way any more when the block has ended. Where it raises StoreError, it is
        logged and called again.
        """
        one = _Renewal(name, renew, pause, time.monotonic() + pause)
        with self._changed:
            self._kept.add(one)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="renewals", daemon=True)
                self._thread.start()
            elif one.due < self._wakes_at:
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._kept.discard(one)
                self._changed.wait_for(lambda: self._under_way is not one)

    def is_kept(self, name: str) -> bool:
        """Return whether something of this name is renewed."""
        with self._changed:
            return any(one.name == name for one in self._kept)

    def _work(self) -> None:
        while (one := self._wait_for_next()) is not None:
            goes_on = self._renew(one)
            with self._changed:
                self._under_way = None
                one.due = time.monotonic() + one.pause
                if not goes_on:
                    self._kept.discard(one)
                self._changed.notify_all()

    def _wait_for_next(self) -> _Renewal | None:
        """Return what is due, once it is; None where there has been nothing for a while: the thread ends."""
        with self._changed:
            idle_since = time.monotonic()
            while True:
                now = time.monotonic()
                one = min(self._kept, key=lambda kept: kept.due, default=None)
                if one is not None and one.due <= now:
                    self._under_way = one
                    return one
                if one is None and now - idle_since >= _LINGERS:
                    self._thread = None
                    return None
                self._wakes_at = idle_since + _LINGERS if one is None else one.due
                self._changed.wait(max(0.0, self._wakes_at - now))

    @staticmethod
    def _renew(one: _Renewal) -> bool:
        try:
            return one.renew()
        except StoreError as error:
            log.warning("lease not renewed name=%s reason=%s", one.name, error)
            return True
        except Exception:
            log.exception("lease not renewed name=%s", one.name)
            return True
