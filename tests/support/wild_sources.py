"""Sources that go astray while they are read, and one that says which process reads it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from driftwatch.errors import SourceError
from driftwatch.net.secrets import Secret
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request, Sample
from tests.support.incidents import day
from tests.support.monitors import draw_rows

__all__ = ["WildSource"]

_SECRET = Secret.of_text("hunter2-and-more")


@dataclass(frozen=True, slots=True, kw_only=True)
class WildSource:
    """The usual rows, but what `way` names happens at the windows `at`, counted from day 1; 0 is all.

    `secret` is shown by some ways, as a careless library would show it.
    """

    way: str = "tame"
    at: int = 0
    secret: Secret = _SECRET

    def read(self, request: Request) -> Iterator[tuple[Window, pa.Table]]:
        """Yield the rows of each window until it is time to go astray."""
        if self.way == "announce":
            print(f"asked for {len(request.windows)} windows", file=sys.stderr)
        for window in request.windows:
            number = (window.start - day(1).start).days + 1
            if number >= 1 and self.at in (0, number):
                _WAYS[self.way](self)
            yield window, draw_rows(number)

    def look(self, options: ColumnOptions, monitor: str) -> Sample:  # noqa: ARG002 - part of the contract
        """Return the rows of a day."""
        return Sample(rows=draw_rows(1))


def _allocate(_: WildSource) -> None:
    kept = []
    while True:
        kept.append(bytearray(8 << 20))


def _allocate_in_arrow(_: WildSource) -> None:
    kept = []
    while True:
        kept.append(pa.nulls(1 << 22, pa.float64()))


def _allocate_and_wrap(source: WildSource) -> None:
    try:
        _allocate(source)
    except MemoryError as error:
        raise SourceError("a page cannot be read") from error


def _spin(_: WildSource) -> None:
    while True:
        pass


def _spin_in_c(_: WildSource) -> None:
    sum(range(10**15))


def _sleep(_: WildSource) -> None:
    time.sleep(3600)


def _hold_interpreter(_: WildSource) -> None:
    # Unlike those of CDLL, its functions keep the interpreter's lock: no other thread runs meanwhile.
    ctypes.PyDLL(None).sleep(3600)


def _crash(_: WildSource) -> None:
    ctypes.string_at(0)


def _print(source: WildSource) -> None:
    print("a chatty library", source.secret.reveal())
    print("\x1b[2J and another", file=sys.stderr)
    sys.stdout.flush()


def _raise(source: WildSource) -> None:
    raise KeyError(source.secret.reveal())


def _fill_disk(_: WildSource) -> None:
    import tempfile

    with tempfile.TemporaryFile() as file:
        for _page in range(1000):
            file.write(bytes(1 << 20))


def _close_everything(_: WildSource) -> None:
    os.closerange(3, 100)
    time.sleep(3600)


_WAYS = {
    "tame": lambda _: None,
    "announce": lambda _: None,
    "allocate": _allocate,
    "allocate in arrow": _allocate_in_arrow,
    "allocate and wrap": _allocate_and_wrap,
    "spin": _spin,
    "spin in c": _spin_in_c,
    "sleep": _sleep,
    "hold the interpreter": _hold_interpreter,
    "crash": _crash,
    "exit": lambda _: os._exit(3),
    "leave": lambda _: sys.exit(4),
    "kill": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "print": _print,
    "raise": _raise,
    "fill the disk": _fill_disk,
    "close everything": _close_everything,
}
