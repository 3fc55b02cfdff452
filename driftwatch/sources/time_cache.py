"""What is known of files from earlier readings: between which times their rows lie.

A daemon asks for one window after another of a folder that grows; without this every file of it would be
read each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from driftwatch.profiles.times import TimeColumn
from driftwatch.sources.datafile import TimeRange
from driftwatch.sources.opening import FileStamp

__all__ = ["RangeCache", "RangeKey"]

_AT_MOST: Final = 100_000

RangeKey = tuple[str, FileStamp, TimeColumn, str, str]
"""Path, state, time column, time zone and format: all that the range depends on."""


class RangeCache:
    """Time ranges of files; the least recently used are forgotten first. Threads may share it."""

    def __init__(self, at_most: int = _AT_MOST) -> None:
        self._at_most = at_most
        self._lock = threading.Lock()
        self._known: OrderedDict[RangeKey, TimeRange | None] = OrderedDict()

    def lies_apart(self, key: RangeKey, low: int, high: int) -> bool:
        """Return whether the file is known to have no row from `low` (inclusive) to `high` (exclusive)."""
        with self._lock:
            if key not in self._known:
                return False
            self._known.move_to_end(key)
            found = self._known[key]
        return found is None or found[1] < low or found[0] >= high

    def note(self, key: RangeKey, found: TimeRange | None) -> None:
        """Remember the range of a file; None when no row of it has a time."""
        with self._lock:
            self._known[key] = found
            self._known.move_to_end(key)
            while len(self._known) > self._at_most:
                self._known.popitem(last=False)
