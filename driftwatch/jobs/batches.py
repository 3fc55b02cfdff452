"""Windows as profiles: rows are read once for many windows, counted as they come and let go."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from driftwatch.incidents.compared import Compared, compare_columns
from driftwatch.jobs.monitor import Monitor
from driftwatch.profiles.build import count_rows
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request

__all__ = ["Batch", "Batches", "count_window_rows", "fingerprint_counts"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """The counts of a window; `compared` is what was measured of them already, None where nothing was."""

    profile: Profile
    compared: Compared | None = None


class Batches:
    """The batches of `windows`, read lazily and in order from the monitor's source.

    They are counted on the grids of `usual`, the reference's total, and compared with it.
    """

    def __init__(self, monitor: Monitor, usual: Profile, windows: Sequence[Window]) -> None:
        self._monitor = monitor
        self._usual = usual
        self._grids = {name: counts.grid for name, counts in usual.columns.items()}
        self._wanted = list(windows)
        self._chunks: Iterator[tuple[Window, pa.Table]] | None = None
        self._ahead: tuple[Window, pa.Table] | None = None

    def take(self, window: Window) -> Batch:
        """Return the batch of `window`; windows are taken in order, and one that is passed over is lost.

        Raises what reading it raises: SourceError or DataError, or anything where the source has a fault.
        The next window is then tried afresh.
        """
        profile = self._read(window)
        if profile.rows == 0:
            return Batch(profile=profile)
        alpha = self._monitor.judging.family_alpha
        return Batch(profile=profile, compared=compare_columns(self._usual, profile, alpha=alpha))

    def _read(self, window: Window) -> Profile:
        while self._wanted and self._wanted[0] < window:
            self._wanted.pop(0)
        try:
            return self._collect(window)
        except MemoryError:
            # What is held by then must go before anything else is tried.
            self.close()
            raise
        except Exception:
            # A source that raised is at its end: going on with it would look like windows without rows.
            self._chunks = self._ahead = None
            later = [one for one in self._wanted if one > window]
            if not later:
                raise
        return self._collect_alone(window, later)

    def close(self) -> None:
        """Let go of the files and connections of a source that was not read to its end."""
        chunks, self._chunks, self._ahead = self._chunks, None, None
        if isinstance(chunks, Generator):
            chunks.close()

    def _collect_alone(self, window: Window, later: list[Window]) -> Profile:
        """Return the profile of `window` alone: what failed may have been a later one, read ahead."""
        self._wanted = [window]
        try:
            return self._collect(window)
        finally:
            self._chunks = self._ahead = None
            self._wanted = later

    def _collect(self, window: Window) -> Profile:
        monitor, grids = self._monitor, self._grids
        profile = count_rows(grids, pa.table({}), monitor.columns, window)
        while (chunk := self._look_ahead()) is not None and chunk[0] <= window:
            self._ahead = None
            if chunk[0] == window:
                profile = profile + count_rows(grids, chunk[1], monitor.columns, window)
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


def count_window_rows(monitor: Monitor, windows: Sequence[Window], column: str | None) -> dict[Window, int]:
    """Return how many rows each window has; `column` is read beside those of the time, None for all.

    Raises what reading raises.
    """
    request = Request(
        monitor=monitor.id,
        windows=tuple(windows),
        options=replace(monitor.columns, key=()),
        columns=None if column is None else (column,),
    )
    found = dict.fromkeys(windows, 0)
    for window, rows in monitor.source.read(request):
        found[window] += rows.num_rows
    return found


def fingerprint_counts(profile: Profile) -> str | None:
    """Return 64 hex digits that two windows share when every count of theirs is equal; None without rows.

    Dates are left out: they are counted by their age, and the same rows are older a window later.
    """
    if profile.rows == 0:
        return None
    digest = hashlib.sha256(str(profile.rows).encode())
    for name, counts in sorted(profile.columns.items()):
        if counts.grid.kind == "time":
            continue
        digest.update(f"|{name}|{counts.apart}|{_describe_sums(counts)}|".encode())
        filled = np.flatnonzero(counts.cells)
        digest.update(filled.astype("<i8").tobytes() + counts.cells[filled].astype("<i8").tobytes())
    return digest.hexdigest()


def _describe_sums(counts: Counts) -> str:
    """Return the extremes and the mean, as far as it is the same in whatever pieces the rows came."""
    sums = counts.sums
    largest = max(abs(sums.minimum or 0.0), abs(sums.maximum or 0.0)) * counts.values
    if not 0.0 < largest < math.inf:
        return f"{sums.minimum}|{sums.maximum}"
    return f"{sums.minimum!r}|{sums.maximum!r}|{sums.total / largest + 0.0:.9f}"
