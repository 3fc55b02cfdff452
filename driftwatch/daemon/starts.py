"""The monitors of a configuration, taken up one by one: each needs its reference before it can be watched."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from driftwatch.app import App
from driftwatch.errors import DriftwatchError, StoreError
from driftwatch.jobs.lanes import Lanes
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reading import ReadingInterrupted
from driftwatch.jobs.reference import Watch

__all__ = ["Starts"]

log = logging.getLogger("driftwatch.daemon")


class Starts:
    """What is watched of the configuration of `app`; at most `at_once` monitors are taken up side by side."""

    def __init__(self, app: App, at_once: int, *, stopping: Callable[[], bool]) -> None:
        self._app = app
        self._stopping = stopping
        self._watches: tuple[Watch, ...] = ()
        self._failures: dict[str, str] = {}
        self._not_before: dict[str, float] = {}
        self._lock = threading.Lock()
        self._lanes = Lanes(at_once, name="start")

    @property
    def watches(self) -> list[Watch]:
        """The monitors that were taken up so far."""
        return list(self._watches)

    @property
    def busy(self) -> int:
        """How many monitors are being taken up."""
        return self._lanes.busy

    def begin_anew(self, app: App) -> None:
        """Watch nothing, and take up the monitors of another configuration from now on."""
        with self._lock:
            self._app, self._watches = app, ()
            self._not_before.clear()

    def take_up(self, monitors: Sequence[Monitor]) -> None:
        """Have monitors taken up that are not, and those whose reference was replaced since; return at once.

        One that cannot start, for its source is out of reach, is tried again at the next call; where it took
        long to find out, after a pause that is longer still, so that the readers have time for others.
        """
        app, now = self._app, time.monotonic()
        current = {watch.monitor.id for watch in app.list_current(self.watches)}
        missing = [one for one in monitors if one.id not in current]
        ready = [one for one in missing if self._not_before.get(one.id, now) <= now]
        self._lanes.offer({one.id: partial(self._take_up, app, one) for one in ready})

    def _take_up(self, app: App, monitor: Monitor) -> None:
        if self._stopping():
            return
        watch = next((one for one in self._watches if one.monitor.id == monitor.id), None)
        began = time.monotonic()
        started = self._start(app, monitor, watch)
        if monitor.id in self._failures:
            self._not_before[monitor.id] = time.monotonic() + 4 * (time.monotonic() - began)
        if started is None:
            return
        with self._lock:
            if app is not self._app or self._stopping():
                return
            self._watches = (*(one for one in self._watches if one is not watch), started)
        log.info("monitor started monitor=%s reference=%s", monitor.id, started.reference.version)

    def _start(self, app: App, monitor: Monitor, watch: Watch | None) -> Watch | None:
        """Return the monitor as it is to be watched from now on; None where nothing changes."""
        try:
            if watch is not None and app.is_current(watch):
                return None
            started = app.watch(monitor)
        except ReadingInterrupted:
            return None
        except StoreError as error:
            self._log_failure("monitor not started", monitor, error)
            return None
        except DriftwatchError as error:
            resumed = app.resume(monitor)
            said = "monitor not started" if resumed is None else "monitor keeps its active reference"
            self._log_failure(said, monitor, error)
            return resumed
        self._failures.pop(monitor.id, None)
        return started

    def _log_failure(self, said: str, monitor: Monitor, error: DriftwatchError) -> None:
        """Log why a monitor, or its new reference, cannot be taken up: once, not at every tick."""
        if self._failures.get(monitor.id) != str(error):
            self._failures[monitor.id] = str(error)
            log.error("%s monitor=%s reason=%s", said, monitor.id, error)
