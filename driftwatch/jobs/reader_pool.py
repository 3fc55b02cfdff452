"""Children that read windows and references, as many as there are cores, used again and again.

A read that takes all memory, never ends or crashes its parser costs one child, and the window it was about.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary

from driftwatch.errors import SourceError
from driftwatch.jobs.child_reading import ChildBatches, Reading, check_answer, make_key
from driftwatch.jobs.children import Child, ChildLost, start_child
from driftwatch.jobs.exchange import CountJoint, CountRows, ReadReference, pack
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reading import ReadingInterrupted
from driftwatch.profiles.joint import JointCounts, Layout
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import name_asker

__all__ = ["STOP_SECONDS", "ReaderPool"]

log = logging.getLogger("driftwatch.reading")

STOP_SECONDS: Final = 5.0
"""How long a read under way may go on after a stop was asked for."""

_PAUSE: Final = 0.25


class ReaderPool:
    """A Reader whose children are started when they are first needed. `close` ends them."""

    def __init__(self, at_once: int | None = None) -> None:
        # With two at least, a read that hangs leaves one for the others.
        self._at_once = at_once or max(2, _count_cores())
        self._changed = threading.Condition()
        self._idle: list[Child] = []
        self._taken = 0
        self._stopped_at: float | None = None
        # Linux ends a child with the thread that started it: this one lives as long as the pool.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="reader starter")
        self._keys: WeakKeyDictionary[Reference, bytes] = WeakKeyDictionary()

    @property
    def at_once(self) -> int:
        """How many children there are at most."""
        return self._at_once

    def list_pids(self) -> list[int]:
        """Return the numbers of the children that are idle."""
        with self._changed:
            return sorted(child.pid for child in self._idle)

    def open_batches(self, monitor: Monitor, reference: Reference, windows: Sequence[Window]) -> ChildBatches:
        """Return the batches of `windows`; a child is taken when the first is asked for."""
        return ChildBatches(self, monitor, reference, windows)

    def read_reference(self, monitor: Monitor) -> Reference:
        """Return the reference. Raises SourceError also where reading it was cut off."""
        found = self._ask_once(monitor, "reference", partial(ReadReference, monitor=monitor))
        return check_answer(found, Reference)

    def count_rows(
        self, monitor: Monitor, windows: Sequence[Window], column: str | None
    ) -> dict[Window, int]:
        """Return how many rows each window has. Raises SourceError also where reading was cut off."""
        wanted = tuple(windows)
        make_task = partial(CountRows, monitor=monitor, windows=wanted, column=column)
        found = check_answer(self._ask_once(monitor, "late rows", make_task), tuple)
        return dict(zip(wanted, found, strict=True))

    def count_joint(
        self, monitor: Monitor, windows: Sequence[Window], layout: Layout, at_most: int
    ) -> JointCounts:
        """Return the rows counted by two columns at once. Raises SourceError also where it was cut off."""
        make_task = partial(
            CountJoint, monitor=monitor, windows=tuple(windows), layout=layout, at_most=at_most
        )
        return check_answer(self._ask_once(monitor, "slices", make_task), JointCounts)

    def _ask_once(self, monitor: Monitor, what: str, make_task: Callable[..., Any]) -> Any:
        try:
            with closing(Reading(self, monitor)) as reading:
                return reading.ask(lambda folder: make_task(folder=folder), monitor.limits)
        except ChildLost as lost:
            said = f"{name_asker(monitor.id)}, {what}: {lost}"
            raise SourceError(said, again=lost.again) from None

    def stop(self) -> None:
        """Let what is being read end within `STOP_SECONDS`, and begin nothing new."""
        if self._stopped_at is None:
            self._stopped_at = time.monotonic()

    def close(self) -> None:
        """End the children. Those in use end with whoever uses them."""
        self._stopped_at = 0.0
        with self._changed:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()
        self._starter.shutdown(wait=False)

    def take_child(self, monitor: str) -> Child:
        """Return a child for `monitor`, its last one where that is free; wait for one where all are in use.

        Raises ReadingInterrupted and ChildLost.
        """
        with self._changed:
            while self._taken >= self._at_once:
                self._look_for_stop(0.0)
                self._changed.wait(_PAUSE)
            self._look_for_stop(0.0)
            self._taken += 1
            child = self._choose(monitor)
        try:
            return child or self._start()
        except BaseException:
            self._let_go()
            raise

    def give_back(self, child: Child) -> None:
        """Let others have `child`, unless it is gone or the pool is closed."""
        if self._stopped_at is not None:
            child.end()
        with self._changed:
            if child.is_alive:
                self._idle.insert(0, child)
        self._let_go()

    def key_usual(self, reference: Reference) -> tuple[bytes, Callable[[], bytes]]:
        """Return the key of the reference's counts, the same for equal ones, and what makes their pickle."""

        def make() -> bytes:
            usual = reference.total
            return pack(Profile(rows=usual.rows, columns=dict(usual.columns))).content

        key = self._keys.get(reference)
        if key is None:
            key = self._keys[reference] = make_key(make())
        return key, make

    def _choose(self, monitor: str) -> Child | None:
        """Return an idle child that runs; the one used last is the one that is warm."""
        last_first = sorted(self._idle, key=lambda child: child.served != monitor)
        for child in last_first:
            self._idle.remove(child)
            if child.is_alive:
                return child
            child.end()
        return None

    def _start(self) -> Child:
        try:
            child = self._starter.submit(start_child, lambda: self._look_for_stop(STOP_SECONDS)).result()
        except (OSError, RuntimeError) as error:
            raise ChildLost(f"no reader could be started ({type(error).__name__})", again=True) from None
        child.wait_for_start()
        log.info("reader started pid=%s", child.pid)
        return child

    def _let_go(self) -> None:
        with self._changed:
            self._taken -= 1
            self._changed.notify()

    def _look_for_stop(self, grace: float) -> None:
        if self._stopped_at is not None and time.monotonic() >= self._stopped_at + grace:
            raise ReadingInterrupted("the program is to stop")


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
