"""A daemon whose monitors' sources go astray: it lives on, and judges the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from driftwatch.app import App, open_app
from driftwatch.config.loading import Config
from driftwatch.daemon.daemon import Daemon
from driftwatch.jobs.limits import Limits
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reader_pool import ReaderPool
from driftwatch.net.secrets import Secret
from driftwatch.store.database import Database, open_database
from driftwatch.store.monitors import find_monitor
from driftwatch.store.slots import SlotRow, open_slots
from driftwatch.store.verdicts import list_verdicts
from tests.support.clocks import FakeClock
from tests.support.incidents import day
from tests.support.monitors import due, make_monitor, make_source
from tests.support.waiting import wait_until
from tests.support.wild_sources import WildSource

pytestmark = pytest.mark.slow

TICKS = {"plan": 0.05, "start": 0.05, "check": 0.03, "deliver": 0.1, "retrain": 1}
LEASE = timedelta(seconds=0.3)
LIMITS = Limits(memory=256 << 20, wall=timedelta(minutes=1))


def make_wild(name: str, way: str = "tame", *, at: int = 0, **limits: timedelta) -> Monitor:
    return replace(
        make_monitor(make_source(), id=name, retrain=None, notify=()),
        source=WildSource(way=way, at=at),
        limits=replace(LIMITS, **limits),  # type: ignore[arg-type]
    )


@dataclass(slots=True, kw_only=True)
class Running:
    """A daemon in a thread, its clock, and a second connection to its store."""

    app: App
    daemon: Daemon
    clock: FakeClock
    database: Database

    def tell(self, name: str) -> list[tuple[str, str | None]]:
        """Return word and reason of every verdict."""
        row = self.database.read(lambda tx: find_monitor(tx, name))
        found = [] if row is None else self.database.read(lambda tx: list_verdicts(tx, row))
        return [(one.verdict.word.value, one.verdict.reason) for one in found]

    def words(self, name: str) -> list[str]:
        return [word for word, _ in self.tell(name)]

    def waiting(self, name: str) -> list[SlotRow]:
        """Return the windows that are not done."""
        row = self.database.read(lambda tx: find_monitor(tx, name))
        return [] if row is None else self.database.read(lambda tx: open_slots(tx, row))

    def attempts(self, name: str) -> list[int]:
        """Return how often each window that is not done was tried."""
        return [slot.attempts for slot in self.waiting(name)]

    def wait_for_words(self, name: str, *words: str) -> None:
        wait_until(lambda: self.words(name) == list(words), 60)


@contextmanager
def run(folder: Path, *monitors: Monitor, children: int = 2) -> Iterator[Running]:
    config = Config(
        store_url=Secret.of_text(f"sqlite:///{folder / 'store.db'}"),
        channels={},
        triggers={},
        monitors=monitors,
        fingerprint="config-1",
    )
    clock = FakeClock(day(1).start + timedelta(hours=12))
    app = open_app(config, clock=clock, reader=ReaderPool(children))
    app = replace(app, parts=replace(app.parts, lease=LEASE))
    daemon = Daemon(app, lambda: config, ticks=TICKS)
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        with closing(open_database(config.store_url.reveal())) as database:
            yield Running(app=app, daemon=daemon, clock=clock, database=database)
    finally:
        daemon.stop()
        thread.join(40)
        assert not thread.is_alive()


@pytest.fixture(autouse=True)
def _stop_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.jobs.reader_pool.STOP_SECONDS", 0.2)


def test_sources_that_go_astray_cost_their_own_windows_and_no_others(tmp_path: Path) -> None:
    monitors = (
        make_wild("greedy", "allocate"),
        make_wild("hung", "sleep", wall=timedelta(seconds=1)),
        make_wild("crashing", "crash"),
        make_wild("tame"),
    )

    with run(tmp_path, *monitors) as running:
        for number in (1, 2):
            running.clock.move_to(due(number))
            running.wait_for_words("tame", *["ok"] * number)
        wait_until(lambda: running.words("greedy") == ["error"] * 2, 60)
        wait_until(lambda: max(running.attempts("hung"), default=0) >= 1, 60)
        wait_until(lambda: max(running.attempts("crashing"), default=0) >= 1, 60)

        (_, reason), _ = running.tell("greedy")

    assert reason is not None
    assert "reading it took more than 256 MiB of memory" in reason


def test_a_monitor_that_hangs_keeps_no_other_waiting(tmp_path: Path) -> None:
    with run(tmp_path, make_wild("hung", "sleep"), make_wild("tame")) as running:
        for number in (1, 2, 3):
            running.clock.move_to(due(number))
            running.wait_for_words("tame", *["ok"] * number)

        assert running.words("hung") == []
        # Its claim holds on, however long it takes.
        wait_until(lambda: (running.waiting("hung")[0].claim_until or due(1)) > due(3))


def test_a_reference_that_hangs_keeps_checks_going(tmp_path: Path) -> None:
    hung = make_wild("hung", "sleep")
    spec = replace(hung.reference, start=day(1).start, end=day(3).end)

    with run(tmp_path, make_wild("tame"), replace(hung, reference=spec)) as running:
        running.clock.move_to(due(1))
        wait_until(lambda: running.words("tame") == ["ok"], 60)


def test_a_stop_gives_a_window_back_that_hangs_and_leaves_no_child(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "driftwatch")

    with run(tmp_path, make_wild("hung", "sleep")) as running:
        running.clock.move_to(due(1))
        wait_until(lambda: running.attempts("hung") == [1], 60)

    assert "checking interrupted monitor=hung reason=the program is to stop" in caplog.text
    started = [record.args for record in caplog.records if record.getMessage().startswith("reader started")]
    assert started
    assert not [pid for (pid,) in started if Path(f"/proc/{pid}").exists()]  # type: ignore[misc]
    with closing(open_database(f"sqlite:///{tmp_path / 'store.db'}")) as database:
        row = database.read(lambda tx: find_monitor(tx, "hung"))
        assert row is not None
        (slot,) = database.read(lambda tx: open_slots(tx, row))
        assert (slot.attempts, slot.claim_until) == (0, None)


CONFIG = """\
version: 1
store: {{url: "sqlite:///{folder}/store.db"}}
limits: {{memory: 512MiB}}
monitors:
  - id: rides
    source: {{kind: files, path: "{folder}/rides.csv", time_column: t}}
    window: 1d
    reference: {{from: 2013-01-01, to: 2013-01-15}}
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_daemon_that_ends_takes_its_children_along(tmp_path: Path, number: signal.Signals) -> None:
    rows = "".join(f"2013-01-{1 + place // 50:02}T12:00:00Z,{place * 7 % 50}\n" for place in range(14 * 50))
    (tmp_path / "rides.csv").write_text("t,amount\n" + rows)
    config, log = tmp_path / "driftwatch.yaml", tmp_path / "log"
    config.write_text(CONFIG.format(folder=tmp_path))
    command = [sys.executable, "-m", "driftwatch", "serve", "--no-web", "-c", str(config)]

    with log.open("w") as stderr, subprocess.Popen(command, cwd=tmp_path, stderr=stderr) as daemon:
        try:
            wait_until(lambda: "monitor started monitor=rides" in log.read_text(), 60)
            pids = [
                line.rpartition("pid=")[2] for line in log.read_text().split("\n") if "reader started" in line
            ]
            assert pids
            os.kill(daemon.pid, number)
            assert daemon.wait(40) == (-number if number == signal.SIGKILL else 0)
        finally:
            daemon.kill()

    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
