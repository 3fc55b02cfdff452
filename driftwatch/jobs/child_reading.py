"""What one child does for one monitor: a reading, and the batches that come out of it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from driftwatch.errors import DriftwatchError, SourceError
from driftwatch.jobs.batches import Batch
from driftwatch.jobs.children import ChildLost
from driftwatch.jobs.exchange import (
    Close,
    Done,
    Failed,
    Faulty,
    Keep,
    Need,
    Open,
    Parcel,
    Take,
    pack,
    rebuild_error,
)
from driftwatch.jobs.limits import Limits
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reading import ReadingInterrupted
from driftwatch.profiles.grid import Grid
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import name_asker

if TYPE_CHECKING:
    from driftwatch.jobs.reader_pool import ReaderPool

__all__ = ["ChildBatches", "Reading", "check_answer", "make_key"]

log = logging.getLogger("driftwatch.reading")

_T = TypeVar("_T")

_GROWN: Final = 512 << 20
"""A child that keeps so much more memory than it began with is replaced."""

_CLOSE_LIMITS: Final = Limits(wall=timedelta(seconds=5))


class Reading:
    """A child at work for one monitor, until `close`."""

    def __init__(self, pool: ReaderPool, monitor: Monitor) -> None:
        self._pool = pool
        self._monitor = monitor
        self._child = pool.take_child(monitor.id)
        self._child.begin(monitor.id)

    def ask(
        self, make_task: Callable[[str], Any], limits: Limits, grids: Mapping[str, Grid] | None = None
    ) -> Any:
        """Return what the child answers to the task that is made for its folder, on `grids` that it keeps.

        Raises what the child met, and ChildLost.
        """
        return self._send(pack(make_task(self._child.folder)), limits, grids)

    def keep(self, parcel: Parcel, key: bytes) -> None:
        """Have the child keep what is in `parcel`. Raises what it met, and ChildLost."""
        kept = pack(Keep(key=key, content=parcel.content))
        self._send(Parcel(content=kept.content, hidden=parcel.hidden), self._monitor.limits)

    def _send(self, parcel: Parcel, limits: Limits, grids: Mapping[str, Grid] | None = None) -> Any:
        answer = self._child.ask(parcel, limits, grids)
        if isinstance(answer, Done):
            return answer.value
        if isinstance(answer, Failed):
            raise rebuild_error(answer)
        if isinstance(answer, Faulty):
            raise self._explain_fault(answer)
        return answer

    def close(self) -> None:
        """Let the child go; one that does not get ready for the next monitor is ended."""
        child = self._child
        try:
            if child.is_alive:
                grown = self.ask(lambda _: Close(), _CLOSE_LIMITS)
                if not isinstance(grown, int) or grown > _GROWN:
                    child.end()
        except (ChildLost, DriftwatchError, ReadingInterrupted):
            child.end()
        finally:
            self._pool.give_back(child)

    def _explain_fault(self, fault: Faulty) -> SourceError:
        log.error(
            "reading failed monitor=%s error=%s places=%s",
            self._monitor.id,
            fault.error,
            " > ".join(fault.places),
        )
        return SourceError(f"driftwatch itself failed ({fault.error}); its log has the details")


class ChildBatches:
    """The batches of `windows`, read by a child that is kept from the first one to `close`.

    Where a child is lost over several windows, what was asked for may not be to blame: it is read once more,
    alone, and so is every later one.
    """

    def __init__(
        self, pool: ReaderPool, monitor: Monitor, reference: Reference, windows: Sequence[Window]
    ) -> None:
        self._pool = pool
        self._monitor = monitor
        self._reference = reference
        self._windows = list(windows)
        self._reading: Reading | None = None
        self._alone = False

    def take(self, window: Window) -> Batch:
        """Return the batch of `window`. Raises SourceError also where reading it was cut off."""
        self._windows = [one for one in self._windows if one >= window]
        try:
            if not self._alone and len(self._windows) > 1:
                with suppress(ChildLost):
                    return self._take(window, self._windows)
                self._alone = True
            return self._take(window, [window])
        except ChildLost as lost:
            said = f"{name_asker(self._monitor.id, window)}: {lost}"
            raise SourceError(said, again=lost.again) from None

    def close(self) -> None:
        """Let the child go."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.close()

    def _take(self, window: Window, windows: Sequence[Window]) -> Batch:
        try:
            reading = self._reading or self._open(windows)
            limits, grids = self._monitor.limits, self._reference.grids
            return check_answer(reading.ask(lambda _: Take(window=window), limits, grids), Batch)
        except (ChildLost, ReadingInterrupted):
            self.close()
            raise
        finally:
            if self._alone:
                self.close()

    def _open(self, windows: Sequence[Window]) -> Reading:
        """Return a child that knows monitor, reference and `windows`; one more where the first is gone."""
        try:
            return self._introduce(windows)
        except ChildLost:
            # It may have died while nobody used it; nothing was read yet.
            return self._introduce(windows)

    def _introduce(self, windows: Sequence[Window]) -> Reading:
        monitor, (usual, make_usual) = pack(self._monitor), self._pool.key_usual(self._reference)
        key, limits = make_key(monitor.content), self._monitor.limits

        def make_task(folder: str) -> Open:
            return Open(monitor=key, usual=usual, windows=tuple(windows), folder=folder)

        self._reading = reading = Reading(self._pool, self._monitor)
        try:
            answer = reading.ask(make_task, limits)
            if isinstance(answer, Need):
                if key in answer.keys:
                    reading.keep(monitor, key)
                if usual in answer.keys:
                    reading.keep(Parcel(content=make_usual(), hidden=frozenset()), usual)
                reading.ask(make_task, limits)
        except BaseException:
            self.close()
            raise
        return reading


def check_answer(answer: Any, wanted: type[_T]) -> _T:
    """Return `answer`. Raises SourceError where it is not of the type that was asked for."""
    if not isinstance(answer, wanted):
        raise SourceError(f"driftwatch itself failed: a reader answered with a {type(answer).__name__}")
    return answer


def make_key(content: bytes) -> bytes:
    """Return what a child keeps `content` under: the same for the same bytes."""
    return hashlib.sha256(content).digest()
