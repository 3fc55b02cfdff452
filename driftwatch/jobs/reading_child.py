"""The program of a reading child: reads what its parent asks for, within limits, until the parent is gone.

`python -m driftwatch.jobs.reading_child SOCKET PARENT` is started by `driftwatch.jobs.children` and by nobody
else. Whatever happens in here, an endless loop or a crash of a parser, costs the parent one child.
"""

from __future__ import annotations

import faulthandler
import logging
import math
import os
import resource
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from driftwatch.errors import DriftwatchError
from driftwatch.incidents.words import shorten
from driftwatch.jobs.batches import Batches, count_window_rows
from driftwatch.jobs.confinement import end_with, set_limit
from driftwatch.jobs.exchange import (
    OUT_OF_MEMORY,
    Close,
    CountJoint,
    CountRows,
    Done,
    Faulty,
    Keep,
    Need,
    Open,
    ReadReference,
    Take,
    describe_error,
    pack,
    unpack_task,
)
from driftwatch.jobs.joint import count_joint_rows
from driftwatch.jobs.limits import Limits
from driftwatch.jobs.links import Link, Lost
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reference import read_reference
from driftwatch.net.secrets import Secret
from driftwatch.profiles.grid import Grid
from driftwatch.sources import http_pages, parquet_file, sql_session, sql_table  # noqa: F401 - what every check would load.
from driftwatch.sources.sql import SqlSource

__all__ = ["main"]

_KEPT_BYTES: Final = 64 << 20
_PLACES: Final = 12
_THREADS: Final = 2
_LONGEST_LINE: Final = 2_000


class _Work:
    """What a child does, one task after the other."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[int, Any]] = OrderedDict()
        self._batches: Batches | None = None
        self._grids: Mapping[str, Grid] = {}
        self._limits = Limits()
        self._folder: str | None = None
        self._own_size = _measure_size()

    def answer(self, task: Any) -> bytes:
        """Return what is said to `task`."""
        try:
            return pack(self._do(task), self._grids).content
        except BaseException as error:  # noqa: BLE001 - whatever a source raises is told to the parent.
            return _tell(error)

    def _do(self, task: Any) -> Done | Need:
        if isinstance(task, Keep):
            self._keep(task)
            return Done()
        if isinstance(task, Open):
            return self._open(task)
        if isinstance(task, Take) and self._batches is not None:
            _limit_time(self._limits)
            return Done(value=self._batches.take(task.window))
        if isinstance(task, Close):
            self._close()
            return Done(value=_measure_size() - self._own_size)
        if isinstance(task, ReadReference | CountRows | CountJoint):
            self._begin(task.monitor, task.folder)
            return Done(value=_read_once(task))
        raise TypeError(f"a task of the type {type(task).__name__}")

    def _keep(self, sent: Keep) -> None:
        self._kept[sent.key] = (len(sent.content), unpack_task(sent.content))
        while len(self._kept) > 2 and sum(size for size, _ in self._kept.values()) > _KEPT_BYTES:
            self._kept.popitem(last=False)

    def _open(self, task: Open) -> Done | Need:
        wanted = (task.monitor, task.usual)
        missing = tuple(key for key in wanted if key not in self._kept)
        if missing:
            return Need(keys=missing)
        for key in wanted:
            self._kept.move_to_end(key)
        monitor, usual = (self._kept[key][1] for key in wanted)
        self._begin(monitor, task.folder)
        self._batches = Batches(monitor, usual, task.windows)
        self._grids = {name: counts.grid for name, counts in usual.columns.items()}
        return Done()

    def _begin(self, monitor: Monitor, folder: str) -> None:
        """Set the limits of what is read for `monitor`, and give temporary files a folder of its own."""
        self._limits, sources = monitor.limits, (monitor.source, monitor.reference.source)
        # What it keeps from before is not counted against this monitor.
        set_limit(resource.RLIMIT_AS, _measure_size() + self._limits.memory)
        set_limit(resource.RLIMIT_FSIZE, max(_choose_file_size(one, self._limits) for one in sources))
        _limit_time(self._limits)
        Path(folder).mkdir(mode=0o700)
        self._folder = tempfile.tempdir = folder

    def _close(self) -> None:
        if self._batches is not None:
            self._batches.close()
            self._batches, self._grids = None, {}
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _read_once(task: ReadReference | CountRows | CountJoint) -> Any:
    """Return what is read for a task that is done with one answer."""
    if isinstance(task, ReadReference):
        return read_reference(task.monitor)
    if isinstance(task, CountJoint):
        return count_joint_rows(task.monitor, task.windows, task.layout, task.at_most)
    found = count_window_rows(task.monitor, task.windows, task.column)
    return tuple(found[window] for window in task.windows)


def _choose_file_size(source: Any, limits: Limits) -> int:
    """Return how large a file may become that is written while `source` is read.

    A packed file and the answer of a server are laid down in temporary files, and SQLite keeps one beside
    the database; other databases write nothing here.
    """
    if source is None or (isinstance(source, SqlSource) and not _is_sqlite(source.url)):
        return 0
    return max(limits.memory, int(getattr(source, "at_most_bytes", 0)))


def _is_sqlite(url: Secret | str) -> bool:
    return (url if isinstance(url, str) else url.reveal()).startswith("sqlite")


def _limit_time(limits: Limits) -> None:
    # The limit is on all that the process ever used.
    set_limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + limits.cpu.total_seconds()))


def _measure_size() -> int:
    """Return the size of this process's memory in bytes, as RLIMIT_AS counts it."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGESIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _tell(error: BaseException) -> bytes:
    try:
        if _ran_out_of_memory(error):
            return OUT_OF_MEMORY
        if isinstance(error, DriftwatchError):
            return pack(describe_error(error)).content
        frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
        places = tuple(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        return pack(Faulty(error=type(error).__name__, places=places)).content
    except MemoryError:
        return OUT_OF_MEMORY


def _ran_out_of_memory(error: BaseException) -> bool:
    step: BaseException | None = error
    for _ in range(100):
        if step is None:
            return False
        # A thread is refused for want of memory for its stack.
        if isinstance(step, MemoryError) or "can't start new thread" in str(step):
            return True
        step = step.__cause__ or step.__context__
    return False


def _settle(parent: int) -> None:
    """Become a process that ends with `parent` alone, and says nothing but on standard error."""
    # A terminal's Ctrl-C and a supervisor's SIGTERM go to all; the parent drains, and then lets go of this.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_with(parent)
    # What a source prints is told by the parent, as what is written to standard error.
    os.dup2(2, 1)
    set_limit(resource.RLIMIT_CORE, 0)
    faulthandler.enable()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlainFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    pa.set_cpu_count(_THREADS)
    pa.set_io_thread_count(_THREADS)


class _PlainFormatter(logging.Formatter):
    """Writes one line a record and leaves tracebacks out: they quote what errors say, passwords among it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name that logging calls.
        # Names and values of data stand in it: none of them may start a line or steer a terminal.
        record.message = shorten(record.message, _LONGEST_LINE)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: ARG002, N802 - the name that logging calls.
        return ""


def _end_with_parent(link: Link) -> None:
    """End this process as soon as the parent has closed its end, whatever the main thread is at."""
    poll = select.poll()
    poll.register(link.fileno(), 0)
    poll.poll()
    os._exit(0)


def main(words: list[str]) -> int:
    """Answer what the parent asks for until it is gone; return the exit status."""
    end, parent = socket.socket(fileno=int(words[0])), int(words[1])
    _settle(parent)
    link = Link(end)
    threading.Thread(target=_end_with_parent, args=(link,), daemon=True).start()
    work = _Work()
    try:
        link.send(pack(Done()).content)
        while True:
            link.send(work.answer(unpack_task(link.receive())))
    except Lost:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
