"""The daemons under test, seen from outside: started, killed, paused and stopped by their process ids."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from driftwatch.torture.nursery import Orders

__all__ = ["NURSERY", "Replicas"]

NURSERY = (sys.executable, "-m", "driftwatch.torture.nursery")
"""The command that forks daemons."""


class Replicas:
    """The daemons of one run, started as `orders` says at the time.

    `close` ends those that are left, and the process that starts them.
    """

    def __init__(self, orders: Orders, *, command: Sequence[str] = NURSERY) -> None:
        variables = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.orders = orders
        self._process = subprocess.Popen(  # noqa: S603 - our own program, with our own arguments.
            [*command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=variables,
        )
        self._lock = threading.Lock()
        self.running: list[int] = []
        self.paused: set[int] = set()
        self.ended: list[tuple[int, int]] = []

    def wait_until_ready(self) -> None:
        """Return once daemons can be started without delay."""
        self.look()

    def start(self, *, failpoints: str = "", seed: int = 0) -> int:
        """Start a daemon, some places of its code armed, and return its process id."""
        pid: int = self._ask(
            {"order": "start", "orders": self.orders.write(), "failpoints": failpoints, "seed": seed}
        )["pid"]
        self.running.append(pid)
        return pid

    def look(self) -> list[tuple[int, int]]:
        """Return the daemons that have ended since the last look, each with its exit status."""
        found = [(pid, status) for pid, status in self._ask({"order": "ended"})["ended"]]
        for pid, _ in found:
            self.running.remove(pid)
            self.paused.discard(pid)
        self.ended += found
        return found

    def kill(self, pid: int) -> None:
        """Kill a daemon on the spot."""
        self._signal(pid, signal.SIGKILL)

    def pause(self, pid: int) -> None:
        """Have a daemon do nothing at all, until `resume`."""
        self.paused.add(pid)
        self._signal(pid, signal.SIGSTOP)

    def resume(self, pid: int) -> None:
        """Let a paused daemon go on."""
        self.paused.discard(pid)
        self._signal(pid, signal.SIGCONT)

    def stop(self, pid: int) -> None:
        """Ask a daemon to end in its own time."""
        self._signal(pid, signal.SIGTERM)

    def stop_all(self, seconds: float) -> None:
        """Ask every daemon to end in its own time, and wait for it at most so many seconds."""
        for pid in self.running:
            self.stop(pid)
        ends_at = time.monotonic() + seconds
        while self.running and time.monotonic() < ends_at:
            time.sleep(0.1)
            self.look()

    def close(self) -> None:
        """End everything that is left."""
        for pid in self.running:
            self.kill(pid)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _signal(self, pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def _ask(self, order: dict[str, Any]) -> Any:
        with self._lock:
            if self._process.stdin is None or self._process.stdout is None:
                raise RuntimeError("the process that starts daemons has no pipes")
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that starts daemons has ended; its messages are above")
        return json.loads(line)
