"""One child that reads for this process: how it is started, asked, and ended when it goes astray."""

from __future__ import annotations

import logging
import os
import pickle
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Final

from driftwatch.incidents.words import say_duration
from driftwatch.jobs.exchange import OUT_OF_MEMORY, Parcel, unpack_answer
from driftwatch.jobs.limits import Limits, say_size
from driftwatch.jobs.links import Late, Link, Lost
from driftwatch.profiles.grid import Grid

__all__ = ["Child", "ChildLost", "start_child"]

log = logging.getLogger("driftwatch.reading")

START_LIMITS: Final = Limits(wall=timedelta(minutes=1))
"""How long the interpreter may take to start, on a machine that is busy."""

_MOST_LINES: Final = 50
_MOST_LETTERS: Final = 500
_SHORTEST_SECRET: Final = 4
_ENVIRONMENT: Final = {
    # Arenas that are reserved and not used would count as memory.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
    # There is a child for every core.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class ChildLost(Exception):  # noqa: N818 - it is an error only where nothing else can be tried.
    """The child is gone, and why; `again` says whether the same read may succeed later."""

    def __init__(self, cause: str, *, again: bool) -> None:
        super().__init__(cause)
        self.again = again


class Child:
    """A reading child. One thread at a time asks it."""

    def __init__(self, process: subprocess.Popen[bytes], link: Link, folder: str) -> None:
        self._process = process
        self._link = link
        self._ended = False
        self._hidden: frozenset[str] = frozenset()
        self._lines_left = _MOST_LINES
        self.folder = folder
        self.served: str | None = None
        if process.stderr is not None:
            name = f"reader {process.pid}"
            threading.Thread(target=self._listen, args=(process.stderr,), name=name, daemon=True).start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return not self._ended and self._process.poll() is None

    def begin(self, monitor: str) -> None:
        """Note for whom is read from now on."""
        self.served, self._lines_left = monitor, _MOST_LINES

    def ask(self, parcel: Parcel, limits: Limits, grids: Mapping[str, Grid] | None = None) -> Any:
        """Return the answer to what `parcel` asks for, which may name `grids`.

        Raises ChildLost where none came within `limits`.
        """
        return self._guard(lambda ends_at: self._ask(parcel, limits, ends_at, grids or {}), limits)

    def wait_for_start(self) -> None:
        """Return once it can be asked. Raises ChildLost."""
        self._guard(lambda ends_at: self._receive(START_LIMITS, ends_at, {}), START_LIMITS)

    def end(self) -> None:
        """End the process and whatever it started, at once."""
        if self._ended:
            return
        self._ended = True
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._link.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ask(self, parcel: Parcel, limits: Limits, ends_at: float, grids: Mapping[str, Grid]) -> Any:
        self._hidden |= {text for text in parcel.hidden if len(text) >= _SHORTEST_SECRET}
        self._link.send(parcel.content, ends_at)
        return self._receive(limits, ends_at, grids)

    def _receive(self, limits: Limits, ends_at: float, grids: Mapping[str, Grid]) -> Any:
        content = self._link.receive(ends_at, at_most=limits.memory)
        if content == OUT_OF_MEMORY:
            raise MemoryError
        return unpack_answer(content, grids)

    def _guard(self, act: Callable[[float], Any], limits: Limits) -> Any:
        """Return what `act` returns; a child that it cannot be asked of is ended."""
        try:
            return act(time.monotonic() + limits.wall.total_seconds())
        except Late:
            self.end()
            why = f"reading it took longer than {say_duration(limits.wall)}"
            raise ChildLost(f"{why}; see that its source answers, or raise limits.wall", again=True) from None
        except MemoryError:
            self.end()
            why = f"reading it took more than {say_size(limits.memory)} of memory"
            raise ChildLost(f"{why}; make its windows shorter, or raise limits.memory", again=False) from None
        except pickle.UnpicklingError as error:
            self.end()
            raise ChildLost(f"the reader gave an answer that is none ({error})", again=False) from None
        except Lost:
            raise self._explain_end(limits) from None
        except BaseException:
            self.end()
            raise

    def _explain_end(self, limits: Limits) -> ChildLost:
        try:
            status: int | None = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            status = None
        self.end()
        if status is None:
            return ChildLost("the reader closed its connection", again=True)
        if status >= 0:
            return ChildLost(f"the reader ended with the status {status}", again=True)
        if -status == signal.SIGXCPU:
            why = f"reading it took more than {say_duration(limits.cpu)} of CPU time"
            return ChildLost(f"{why}; make its windows shorter, or raise limits.cpu", again=False)
        return ChildLost(f"the reader died with signal {-status}{_name_signal(-status)}", again=True)

    def _listen(self, stream: IO[bytes]) -> None:
        """Log what the child writes to standard error, without the secrets that it was sent."""
        with stream:
            while line := stream.readline(8 * _MOST_LETTERS):
                text = line.decode(errors="replace").strip()
                if not text or self._lines_left <= 0:
                    continue
                self._lines_left -= 1
                for hidden in self._hidden:
                    text = text.replace(hidden, "***")
                shown = "".join(letter if letter.isprintable() else " " for letter in text[:_MOST_LETTERS])
                log.warning("reader said monitor=%s pid=%s text=%s", self.served, self.pid, shown)


def _name_signal(number: int) -> str:
    if number == signal.SIGKILL:
        return " (SIGKILL), as the system sends it when the memory of the machine runs out"
    with suppress(ValueError):
        return f" ({signal.Signals(number).name})"
    return ""


def start_child(look: Callable[[], None]) -> Child:
    """Return a child that can be asked; `look` is called while it is waited for, then and later.

    Linux ends the child with the thread that calls this. Raises ChildLost, OSError, and what `look` raises.
    """
    mine, its = socket.socketpair()
    # It makes the folder itself, when it needs one; its end is waited for here.
    folder = Path(tempfile.gettempdir()) / f"driftwatch-reader-{secrets.token_hex(8)}"
    with its:
        try:
            process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-P", "-m", "driftwatch.jobs.reading_child", *map(str, _list_words(its))],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                # The child sees the packages that this process sees.
                env={**os.environ, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,
            )
        except BaseException:
            mine.close()
            raise
    return Child(process, Link(mine, look), str(folder))


def _list_words(end: socket.socket) -> tuple[int, int]:
    return end.fileno(), os.getpid()
