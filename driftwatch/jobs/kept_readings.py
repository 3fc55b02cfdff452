"""The readings of windows that pages show: they take long to put together, and do not change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from driftwatch.incidents.readings import Reading
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.readings import read_window
from driftwatch.jobs.reference import build_watch
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.one_column import count_stored
from driftwatch.store.references import load_reference
from driftwatch.store.verdicts import VerdictRow

__all__ = ["MOST_COUNTS", "ReadingShelf"]

MOST_COUNTS: Final = 10_000
"""Columns times blocks of a reference that is read as a whole for a page: it takes a second or so."""

_REMEMBERED: Final = 64

_Key = tuple[MonitorRow, str, Window, int]


class ReadingShelf:
    """The readings of the last few windows that were looked at. Any thread may ask."""

    def __init__(self, find_database: Callable[[], Database]) -> None:
        self._find_database = find_database
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, Reading | None] = OrderedDict()

    def find(self, monitor: Monitor, row: MonitorRow, shown: VerdictRow) -> Reading | None:
        """Return what a window scored.

        None where it was not scored, what it was scored by is gone, or its reference is too large to be read
        for a page.
        """
        key = (row, monitor.fingerprint, shown.window, shown.revision)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = self._read(monitor, row, shown)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
        return found

    def _read(self, monitor: Monitor, row: MonitorRow, shown: VerdictRow) -> Reading | None:
        version, database = shown.judgement.reference_version, self._find_database()
        if version is None or monitor.judging.budget is None:
            return None
        if database.read(lambda tx: count_stored(tx, row, version)) > MOST_COUNTS:
            return None
        reference = database.read(lambda tx: load_reference(tx, row, version))
        if reference is None:
            return None
        return read_window(database, build_watch(monitor, row, reference), shown)
