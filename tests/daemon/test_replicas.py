"""Several daemons on one store: one file, one configuration, one installation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from driftwatch.app import App, find_lock, open_app
from driftwatch.config.loading import Config
from driftwatch.daemon.daemon import Daemon
from driftwatch.daemon.serving import EXIT_CONFIG, EXIT_STORE, serve
from driftwatch.jobs.clock import StoreClock
from driftwatch.jobs.heartbeat import read_beat
from driftwatch.net.secrets import Secret
from driftwatch.store.database import Database, open_database
from driftwatch.store.monitors import find_monitor
from driftwatch.store.verdicts import list_verdicts
from tests.support.clocks import FakeClock
from tests.support.databases import create_url, drop_url
from tests.support.incidents import day
from tests.support.monitors import FakeChannel, due, make_monitor, make_source

pytestmark = pytest.mark.slow

TICKS = {"plan": 0.05, "start": 0.05, "check": 0.03, "deliver": 0.03, "retrain": 0.03}


def wait_for(condition: Callable[[], bool], what: str) -> None:
    ends_at = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends_at, f"waited in vain: {what}"
        time.sleep(0.02)


def make_config(folder: Path, story: str = "", **changes: object) -> Config:
    config = Config(
        store_url=Secret.of_text(f"sqlite:///{folder / 'store.db'}"),
        channels={"oncall": FakeChannel()},
        triggers={},
        monitors=(make_monitor(make_source(story), retrain=None),),
        fingerprint="config-1",
    )
    return replace(config, **changes)  # type: ignore[arg-type]


@contextmanager
def run(app: App, **options: object) -> Iterator[Daemon]:
    daemon = Daemon(app, lambda: app.config, ticks=TICKS, **options)  # type: ignore[arg-type]
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        yield daemon
    finally:
        daemon.stop()
        thread.join(timeout=10)
        assert not thread.is_alive()


def list_words(database: Database) -> list[str]:
    row = database.read(lambda tx: find_monitor(tx, "flights"))
    rows = [] if row is None else database.read(lambda tx: list_verdicts(tx, row))
    return [one.verdict.word.value for one in rows]


def test_a_second_daemon_on_one_file_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = make_config(tmp_path)
    lock = find_lock(config)
    assert lock is not None
    assert lock.take()

    assert serve(lambda: config) == EXIT_STORE == 75
    assert "another daemon has" in caplog.text
    assert "--allow-multi" in caplog.text
    lock.release()


def test_a_store_of_another_installation_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_app(make_config(tmp_path, instance="eu")).close()

    assert serve(lambda: make_config(tmp_path, instance="us")) == EXIT_CONFIG == 78
    assert "belongs to the instance 'eu'" in caplog.text


def test_who_has_the_lock_moves_the_journal_and_others_leave_it(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    first = open_app(config)
    lock = find_lock(config)
    assert lock is not None
    lock.take()
    second = open_app(config)

    def read_pages(app: App) -> int:
        return app.database.write(
            lambda tx: int(tx.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one())
        )

    assert (read_pages(first), read_pages(second)) == (1000, 0)
    # What the other one wrote grows the journal; the one with the lock brings it home.
    for _ in range(40):
        second.database.write(
            lambda tx: tx.exec_driver_sql("INSERT OR REPLACE INTO meta VALUES ('big', hex(zeroblob(300000)))")
        )
    journal = tmp_path / "store.db-wal"
    assert journal.stat().st_size > 20 * 600_000
    first.database.write(lambda tx: tx.exec_driver_sql("INSERT OR REPLACE INTO meta VALUES ('big', 'x')"))
    with run(second, lock=find_lock(config)):
        lock.release()
        wait_for(lambda: read_pages(second) == 1000, "the lock to be taken over")
    first.close()


def test_a_daemon_waits_while_another_configuration_is_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock(day(1).start + timedelta(hours=12))
    old = open_app(make_config(tmp_path, "...."), clock=clock)
    new = open_app(make_config(tmp_path, "....", fingerprint="config-2"), clock=clock)
    watching = open_database(new.config.store_url.reveal())
    with run(old):
        wait_for(lambda: watching.read(read_beat) is not None, "the first beat")
        new.apply_config()
        wait_for(lambda: "daemon waits reason=another configuration" in caplog.text, "the wait")
        clock.move_to(due(1))
        wait_for(lambda: watching.read(read_beat).at == due(1), "a beat after the window fell due")  # type: ignore[union-attr]
        assert list_words(watching) == []
        old.apply_config()
        wait_for(lambda: list_words(watching) == ["ok"], "the window")
    new.close()
    watching.close()


def test_nothing_is_judged_while_the_time_of_day_has_just_jumped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock(day(1).start + timedelta(hours=12))
    app = open_app(make_config(tmp_path, "...."), clock=clock)
    watching = open_database(app.config.store_url.reveal())
    running = [0.0]
    with run(app, read_running=lambda: running[0]):
        wait_for(lambda: watching.read(read_beat) is not None, "the first beat")
        clock.move_to(due(2))
        wait_for(lambda: "the time of day jumped by 1 day" in caplog.text, "the jump")
        assert list_words(watching) == []
        running[0] += 301
        clock.advance(timedelta(seconds=301))
        wait_for(lambda: list_words(watching) == ["ok", "ok"], "the windows")
    watching.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_the_machines_clock_is_set_by_the_stores(kind: str, tmp_path: Path) -> None:
    url = create_url(kind, tmp_path)
    try:
        app = open_app(make_config(tmp_path, store_url=Secret.of_text(url)))
        now, offset = datetime.now(UTC), app.set_clock()
        asked = app.database.read(app.parts.tell_time)
        app.close()
    finally:
        drop_url(url)

    assert isinstance(app.parts.clock, StoreClock)
    assert max(abs(offset), abs(app.parts.clock.now() - now), abs(asked - now)) < timedelta(seconds=5)


CONFIG = """\
version: 1
store: {{url: "sqlite:///{folder}/store.db"}}
channels:
  log: {{kind: log}}
monitors: []
"""


def test_a_daemon_that_is_killed_leaves_the_file_to_the_next(tmp_path: Path) -> None:
    config = tmp_path / "driftwatch.yaml"
    config.write_text(CONFIG.format(folder=tmp_path))
    command = [sys.executable, "-m", "driftwatch", "serve", "--no-web", "-c", str(config)]

    def start(name: str, *options: str) -> tuple[subprocess.Popen[bytes], Path]:
        log = tmp_path / name
        with log.open("w") as stderr:
            return subprocess.Popen([*command, *options], cwd=tmp_path, stderr=stderr), log

    first, log = start("first")
    try:
        wait_for(lambda: "daemon started" in log.read_text(), "the first daemon")
        refused, _ = start("refused")
        assert refused.wait(timeout=20) == EXIT_STORE
        second, log = start("second", "--allow-multi")
        try:
            wait_for(lambda: "daemon started" in log.read_text(), "the second daemon")
        finally:
            second.terminate()
            assert second.wait(timeout=20) == 0
        os.kill(first.pid, signal.SIGKILL)
        first.wait(timeout=20)
        third, log = start("third")
        try:
            wait_for(lambda: "daemon started" in log.read_text(), "the third daemon")
        finally:
            third.terminate()
            assert third.wait(timeout=20) == 0
    finally:
        first.kill()
        first.wait(timeout=20)
