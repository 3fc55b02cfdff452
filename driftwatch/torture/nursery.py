"""A process that has everything imported and forks a daemon whenever it is asked for one.

What it runs is the daemon of `driftwatch serve`, with the same parts: only the clock runs faster, the ticks
come oftener and claims run out sooner, so that hundreds of windows fall due in a minute. A start costs a
hundredth of what a fresh interpreter does. It reads orders from its standard input, one JSON document a
line, answers each with one, and ends, and its daemons with it, when nobody is left to give them.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Self

from driftwatch import failpoints
from driftwatch.app import find_lock, open_app
from driftwatch.config.loading import Config, load_config
from driftwatch.daemon.daemon import Daemon
from driftwatch.errors import DriftwatchError
from driftwatch.torture.time_lapse import TimeLapse

__all__ = ["EXIT_OUT_OF_REACH", "Orders", "main"]

EXIT_OUT_OF_REACH = 75
"""The exit status of a daemon that could not open its store."""

_TICKS = {
    "plan": 1.0,
    "start": 1.0,
    "check": 0.1,
    "deliver": 0.2,
    "retrain": 0.2,
    "late": 1.0,
    "slices": 1.0,
    "prune": 5.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What every daemon of a run is started with; `lease` counts by the hurried clock."""

    config: Path
    log: Path
    reached: Path
    fallen: Path
    origin: datetime
    began: datetime
    ends: datetime
    speed: float
    lease: float

    @property
    def clock(self) -> TimeLapse:
        """The clock that the daemons go by."""
        return TimeLapse(origin=self.origin, began=self.began, speed=self.speed, ends=self.ends)

    def write(self) -> str:
        """Return it as JSON."""
        moments = {"origin": self.origin, "began": self.began, "ends": self.ends}
        stamps = {name: moment.isoformat() for name, moment in moments.items()}
        files = {"config": self.config, "log": self.log, "reached": self.reached, "fallen": self.fallen}
        paths = {name: str(file) for name, file in files.items()}
        return json.dumps({**stamps, **paths, "speed": self.speed, "lease": self.lease})

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what `write` wrote."""
        found = json.loads(text)
        return cls(
            config=Path(found["config"]),
            log=Path(found["log"]),
            reached=Path(found["reached"]),
            fallen=Path(found["fallen"]),
            origin=datetime.fromisoformat(found["origin"]),
            began=datetime.fromisoformat(found["began"]),
            ends=datetime.fromisoformat(found["ends"]),
            speed=found["speed"],
            lease=found["lease"],
        )


def main(prepare: Callable[[], None] = lambda: None) -> None:
    """Take orders until the standard input ends. `prepare` is called in every daemon before it starts."""
    children: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if order["order"] == "start":
            # Read once for all daemons; what they share by that is never changed.
            _load(Path(json.loads(order["orders"])["config"]))
            pid = os.fork()
            if pid == 0:
                _become_daemon(Orders.parse(order["orders"]), order, prepare)
            children.add(pid)
            _answer({"pid": pid})
        elif order["order"] == "ended":
            _answer({"ended": _list_ended(children)})
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _answer(document: dict[str, Any]) -> None:
    print(json.dumps(document), flush=True)


def _list_ended(children: set[int]) -> list[list[int]]:
    """Return the daemons that have ended since, each with its exit status; minus a signal that ended it."""
    ended = []
    for pid in sorted(children):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            children.discard(pid)
            ended.append([pid, os.waitstatus_to_exitcode(status)])
    return ended


def _become_daemon(orders: Orders, order: dict[str, Any], prepare: Callable[[], None]) -> None:
    status = 1
    try:
        log = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(0)
        logging.basicConfig(
            level=logging.WARNING,
            format=f"%(asctime)s.%(msecs)03d {os.getpid()} %(levelname)s %(message)s",
            force=True,
        )
        logging.getLogger("driftwatch").setLevel(logging.INFO)
        note = partial(_note, _open_notes(orders.fallen), f"{os.getpid()} ")
        points = failpoints.read_points(order["failpoints"], order["seed"], tell=note)
        failpoints.arm(_Noted(points, orders.reached))
        prepare()
        status = run_daemon(orders)
    except BaseException:  # noqa: BLE001 - whatever it is, this process must not go on as the one that forks.
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def run_daemon(orders: Orders) -> int:
    """Run one daemon until it is told to stop, and return its exit status."""
    clock, config = orders.clock, _load(orders.config)
    try:
        app = open_app(config, clock=clock)
    except DriftwatchError as error:
        print(f"not opened: {error}", file=sys.stderr)
        return EXIT_OUT_OF_REACH
    lease = timedelta(seconds=orders.lease)
    app = replace(app, parts=replace(app.parts, read_time=clock.read_time, lease=lease))
    lock = find_lock(config)
    app.database.set_checkpointing(lock is None or lock.take())
    daemon = Daemon(app, partial(load_config, orders.config), ticks=_TICKS, lock=lock)
    signal.signal(signal.SIGTERM, lambda *_: daemon.stop())
    return daemon.run()


@lru_cache(maxsize=1)
def _load(file: Path) -> Config:
    return load_config(file)


class _Noted:
    """Failpoints that note in a file, once a process, which places were passed."""

    def __init__(self, points: failpoints.Points, file: Path) -> None:
        self._points = points
        self._seen: set[str] = set()
        self._file = _open_notes(file)

    def get(self, name: str) -> Callable[[], None] | None:
        if name not in self._seen:
            self._seen.add(name)
            _note(self._file, "", name)
        return self._points.get(name)


def _open_notes(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _note(file: int, who: str, name: str) -> None:
    # One short write is not torn by others, nor lost when the process is killed right after it.
    os.write(file, f"{who}{name}\n".encode())


if __name__ == "__main__":
    main()
