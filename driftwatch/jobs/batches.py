"""Windows as profiles: rows are read once for many windows, counted as they come and let go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from driftwatch.errors import DriftwatchError
from driftwatch.jobs.monitor import Monitor
from driftwatch.profiles.build import count_rows
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request

__all__ = ["Batches", "fingerprint_counts"]


class Batches:
    """The profiles of `windows`, read lazily and in order from the monitor's source."""

    def __init__(self, monitor: Monitor, reference: Reference, windows: Sequence[Window]) -> None:
        self._monitor = monitor
        self._reference = reference
        self._wanted = list(windows)
        self._chunks: Iterator[tuple[Window, pa.Table]] | None = None
        self._ahead: tuple[Window, pa.Table] | None = None

    def take(self, window: Window) -> Profile:
        """Return the profile of `window`; windows are taken in order, and one that is passed over is lost.

        Raises SourceError or DataError where it cannot be read; the next window is then tried afresh.
        """
        while self._wanted and self._wanted[0] < window:
            self._wanted.pop(0)
        try:
            return self._collect(window)
        except DriftwatchError:
            self._chunks = self._ahead = None
            self._wanted = [later for later in self._wanted if later > window]
            raise

    def _collect(self, window: Window) -> Profile:
        monitor, reference = self._monitor, self._reference
        profile = count_rows(reference.grids, pa.table({}), monitor.columns, window)
        while (chunk := self._look_ahead()) is not None and chunk[0] <= window:
            self._ahead = None
            if chunk[0] == window:
                profile = profile + count_rows(reference.grids, chunk[1], monitor.columns, window)
        return profile

    def _look_ahead(self) -> tuple[Window, pa.Table] | None:
        if self._chunks is None:
            request = Request(
                monitor=self._monitor.id, windows=tuple(self._wanted), options=self._monitor.columns
            )
            self._chunks = iter(self._monitor.source.read(request)) if self._wanted else iter(())
        if self._ahead is None:
            self._ahead = next(self._chunks, None)
        return self._ahead


def fingerprint_counts(profile: Profile) -> str | None:
    """Return 64 hex digits that two windows share when every count of theirs is equal; None without rows."""
    if profile.rows == 0:
        return None
    digest = hashlib.sha256(str(profile.rows).encode())
    for name, counts in sorted(profile.columns.items()):
        apart = (
            counts.missing,
            counts.nan,
            counts.positive_infinite,
            counts.negative_infinite,
            counts.unreadable,
        )
        digest.update(f"|{name}|{apart}|{counts.sums.total!r}|".encode())
        filled = np.flatnonzero(counts.cells)
        digest.update(filled.astype("<i8").tobytes() + counts.cells[filled].astype("<i8").tobytes())
    return digest.hexdigest()
