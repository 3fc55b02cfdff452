"""Who reads windows and references: this process, or children of it that may be lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from driftwatch.jobs.batches import Batch, Batches, count_window_rows
from driftwatch.jobs.joint import count_joint_rows
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reference import read_reference
from driftwatch.profiles.joint import JointCounts, Layout
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window

__all__ = ["OpenBatches", "OwnReader", "Reader", "ReadingInterrupted"]


class ReadingInterrupted(Exception):  # noqa: N818 - it is no error: somebody asked for it.
    """The program is to stop: what was read is dropped, and read again at the next start."""


class OpenBatches(Protocol):
    """The batches of some windows, in order."""

    def take(self, window: Window) -> Batch:
        """Return the batch of `window`; windows are taken in order, and one that is passed over is lost.

        Raises what reading it raises: SourceError or DataError, or anything where the source has a fault;
        ReadingInterrupted once the program is to stop. The next window is then tried afresh.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class Reader(Protocol):
    """Reads windows, and the rows of references. Any thread may ask; `at_once` is how many may usefully."""

    @property
    def at_once(self) -> int:
        """How many reads go on side by side."""
        ...

    def open_batches(self, monitor: Monitor, reference: Reference, windows: Sequence[Window]) -> OpenBatches:
        """Return the batches of `windows` beside `reference`, read as they are asked for."""
        ...

    def read_reference(self, monitor: Monitor) -> Reference:
        """Return the reference, as `jobs.reference.read_reference` does, and raise what that raises."""
        ...

    def count_rows(
        self, monitor: Monitor, windows: Sequence[Window], column: str | None
    ) -> Mapping[Window, int]:
        """Return how many rows each window has, as `jobs.batches.count_window_rows` does."""
        ...

    def count_joint(
        self, monitor: Monitor, windows: Sequence[Window], layout: Layout, at_most: int
    ) -> JointCounts:
        """Return the rows of windows by two columns at once, as `jobs.joint.count_joint_rows` does."""
        ...

    def stop(self) -> None:
        """End what is being read, in a few seconds: whoever waits for it gets ReadingInterrupted."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass(frozen=True, slots=True)
class OwnReader:
    """Reads in this process, in the thread that asks: without limits, and whatever happens to it."""

    at_once: int = 1

    def open_batches(self, monitor: Monitor, reference: Reference, windows: Sequence[Window]) -> Batches:
        """Return the batches of `windows`."""
        return Batches(monitor, reference.total, windows)

    def read_reference(self, monitor: Monitor) -> Reference:
        """Return the reference."""
        return read_reference(monitor)

    def count_rows(
        self, monitor: Monitor, windows: Sequence[Window], column: str | None
    ) -> dict[Window, int]:
        """Return how many rows each window has."""
        return count_window_rows(monitor, windows, column)

    def count_joint(
        self, monitor: Monitor, windows: Sequence[Window], layout: Layout, at_most: int
    ) -> JointCounts:
        """Return the rows of windows by two columns at once."""
        return count_joint_rows(monitor, windows, layout, at_most)

    def stop(self) -> None:
        """Do nothing: this thread cannot be interrupted."""

    def close(self) -> None:
        """Do nothing."""
