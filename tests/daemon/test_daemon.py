from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from driftwatch.app import App, open_app
from driftwatch.config.loading import Config
from driftwatch.config.web import Listen
from driftwatch.daemon.daemon import EXIT_WATCHDOG, Daemon
from driftwatch.daemon.serving import EXIT_CONFIG, EXIT_STORE, serve
from driftwatch.errors import ConfigError, SourceError
from driftwatch.incidents.policy import Policy
from driftwatch.jobs.heartbeat import is_daemon_alive
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.weekly import DigestPlan
from driftwatch.net.secrets import Secret
from driftwatch.profiles.window import Window
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database, open_database
from driftwatch.store.meta import list_meta, read_meta
from driftwatch.store.monitors import find_monitor, list_monitors
from driftwatch.store.outbox import DeliveryState, list_deliveries
from driftwatch.store.references import list_references, promote_reference
from driftwatch.store.retrains import RetrainState, list_retrains
from driftwatch.store.slices import SearchState, find_search
from driftwatch.store.slots import open_slots
from driftwatch.store.verdicts import VerdictRow, list_verdicts
from tests.support.clocks import FakeClock
from tests.support.incidents import day
from tests.support.monitors import FakeChannel, FakeTrigger, due, make_monitor, make_source
from tests.support.sources_fake import FakeSource

TICKS = {"plan": 0.05, "start": 0.05, "check": 0.03, "deliver": 0.03, "retrain": 0.03, "slices": 0.05}
PATIENCE = 8.0


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Ask until it is so; fail when it is not within a few seconds."""
    ends_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends_at, f"waited in vain: {what}"
        time.sleep(0.02)


@dataclass(slots=True, kw_only=True)
class Running:
    """A daemon in a thread of its own, its parts, and a second connection to its store."""

    app: App
    daemon: Daemon
    clock: FakeClock
    source: FakeSource
    channel: FakeChannel
    trigger: FakeTrigger
    database: Database
    config: Config | Exception
    thread: threading.Thread
    status: int | None = None

    def verdicts(self, name: str = "flights") -> list[VerdictRow]:
        row = self.database.read(lambda tx: find_monitor(tx, name))
        return [] if row is None else self.database.read(lambda tx: list_verdicts(tx, row))

    def words(self, name: str = "flights") -> list[str]:
        return [row.verdict.word.value for row in self.verdicts(name)]

    def wait_for_words(self, *words: str, name: str = "flights") -> None:
        wait_for(lambda: self.words(name) == list(words), f"verdicts {words}")

    def stop(self) -> int | None:
        self.daemon.stop()
        self.thread.join(timeout=PATIENCE)
        assert not self.thread.is_alive()
        return self.status


@contextmanager
def run_daemon(
    folder: Path, story: str, *, digests: tuple[DigestPlan, ...] = (), **changes: object
) -> Iterator[Running]:
    """Run a daemon on a monitor whose days are those of `story`, at the moment the first falls due."""
    source, channel, trigger = make_source(story), FakeChannel(), FakeTrigger()
    clock = FakeClock(day(1).start + timedelta(hours=12))
    config = Config(
        store_url=Secret.of_text(f"sqlite:///{folder / 'store.db'}"),
        channels={"oncall": channel},
        triggers={"ci": trigger},
        monitors=(make_monitor(source, **changes),),
        fingerprint="config-1",
        digests=digests,
    )
    app = open_app(config, clock=clock)

    def reload() -> Config:
        if isinstance(running.config, Exception):
            raise running.config
        return running.config

    running = Running(
        app=app,
        daemon=Daemon(app, reload, ticks=TICKS),
        clock=clock,
        source=source,
        channel=channel,
        trigger=trigger,
        database=open_database(config.store_url.reveal()),
        config=config,
        thread=threading.Thread(target=lambda: setattr(running, "status", running.daemon.run())),
    )
    running.thread.start()
    try:
        yield running
    finally:
        running.stop()
        running.database.close()


def test_it_judges_what_falls_due_tells_people_and_asks_for_retraining(tmp_path: Path) -> None:
    policy = Policy(reminders=())
    with run_daemon(tmp_path, ".aa", retrain=RetrainPolicy(trigger="ci", after=2), policy=policy) as running:
        wait_for(lambda: len(running.source.requests) > 0, "the reference")
        running.clock.move_to(due(1))
        running.wait_for_words("ok")
        running.clock.move_to(due(2))
        running.wait_for_words("ok", "drift")
        # A notice that waited for a day would be told as things stand then.
        wait_for(lambda: bool(running.channel.sent), "the notice")
        running.clock.move_to(due(3))
        running.wait_for_words("ok", "drift", "drift")
        wait_for(lambda: bool(running.trigger.calls), "a request for retraining")
        status = running.stop()

    assert status == 0
    assert [message.type for message in running.channel.sent] == ["incident.opened"]
    assert len(running.trigger.calls) == 1


def test_in_shadow_mode_it_tells_nobody_and_sends_a_digest_on_monday(tmp_path: Path) -> None:
    with run_daemon(tmp_path, "a..", mode="shadow", retrain=RetrainPolicy(trigger="ci", after=1)) as running:
        wait_for(lambda: digests_began(running), "the first start")
        running.clock.move_to(due(1))
        running.wait_for_words("drift")
        running.clock.move_to(day(4).start + timedelta(hours=8))
        wait_for(lambda: bool(running.channel.sent), "a digest")
        running.stop()

    assert [(one.type, one.title) for one in running.channel.sent] == [
        ("digest", "flights would have paged 1 time")
    ]
    assert not running.trigger.calls


def test_the_digest_of_an_owner_is_queued_by_the_daemon_and_delivered_once(tmp_path: Path) -> None:
    plan = DigestPlan(owner="data-platform", notify=("oncall",))
    with run_daemon(tmp_path, "a..", digests=(plan,), owner="data-platform") as running:
        wait_for(lambda: bool(running.database.read(lambda tx: list_meta(tx, "weekly:"))), "the first start")
        running.clock.move_to(due(1))
        running.wait_for_words("drift")
        running.clock.move_to(day(4).start + timedelta(hours=8))
        wait_for(lambda: any(one.type == "digest" for one in running.channel.sent), "a digest")
        running.stop()

    assert [one.type for one in running.channel.sent].count("digest") == 1
    assert running.channel.sent[-1].title.startswith("data-platform: ")


def digests_began(running: Running) -> bool:
    return running.database.read(lambda tx: read_meta(tx, "digest:flights")) is not None


def test_what_was_done_is_in_the_store_after_a_stop(tmp_path: Path) -> None:
    with run_daemon(tmp_path, "a", retrain=RetrainPolicy(trigger="ci", after=1)) as running:
        wait_for(lambda: bool(running.app.database.read(list_monitors)), "the first start")
        running.clock.move_to(due(1))
        wait_for(lambda: bool(running.channel.sent and running.trigger.calls), "a notice and a request")
        wait_for(lambda: is_daemon_alive(running.database, running.clock.now()), "a sign of life")
        running.stop()

        delivery_states = [row.state for row in running.database.read(list_deliveries)]
        retrain_states = [row.state for row in running.database.read(list_retrains)]
        assert (delivery_states, retrain_states) == ([DeliveryState.DELIVERED], [RetrainState.ACCEPTED])
        assert not is_daemon_alive(running.database, running.clock.now())


def test_an_incident_that_opened_is_searched_for_slices_beside_the_checks(tmp_path: Path) -> None:
    with run_daemon(tmp_path, ".a") as running:
        wait_for(lambda: bool(running.source.requests), "the reference")
        running.clock.move_to(due(2))
        running.wait_for_words("ok", "drift")
        wait_for(lambda: was_searched(running), "a search")
        running.stop()

    assert set(running.source.requests[-1].columns or ()) == {"amount", "city"}


def was_searched(running: Running) -> bool:
    row = running.database.read(lambda tx: find_search(tx, 1))
    return row is not None and row.state is SearchState.DONE


def test_a_stop_lets_the_window_under_way_end_and_begins_no_other(tmp_path: Path) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def hold(window: Window) -> None:
        if window == day(1):
            reading.set()
            assert go_on.wait(PATIENCE)

    with run_daemon(tmp_path, "..") as running:
        wait_for(lambda: bool(running.source.requests), "the reference")
        running.source.before = hold
        running.clock.move_to(due(2))
        assert reading.wait(PATIENCE)
        running.daemon.stop()
        time.sleep(0.1)
        still_draining = running.thread.is_alive()
        go_on.set()
        status = running.stop()

        row = running.database.read(lambda tx: find_monitor(tx, "flights"))
        assert row is not None
        waiting = running.database.read(lambda tx: open_slots(tx, row))
        assert still_draining
        assert status == 0
        assert running.words() == ["ok"]
        assert [(slot.window, slot.state.value) for slot in waiting] == [(day(2), "due")]


def test_a_monitor_whose_source_is_away_at_the_start_is_started_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rides = make_source(".")
    rows = rides.rows[day(0)]
    rides.rows[day(0)] = SourceError("the warehouse is away", again=True)
    with run_daemon(tmp_path, ".") as running:
        flights = running.app.config.monitors[0]
        running.config = replace_monitors(running, make_monitor(rides, id="rides"), flights)
        running.daemon.ask_reload()
        wait_for(lambda: "monitor not started monitor=rides" in caplog.text, "a failed start")
        running.clock.move_to(due(1))
        running.wait_for_words("ok")

        rides.rows[day(0)] = rows

        running.wait_for_words("ok", name="rides")


def replace_monitors(running: Running, *monitors: Monitor, fingerprint: str = "config-2") -> Config:
    return replace(running.app.config, monitors=monitors, fingerprint=fingerprint)


def test_a_reload_takes_a_new_configuration(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="driftwatch")
    with run_daemon(tmp_path, "..") as running:
        wait_for(lambda: bool(running.source.requests), "the reference")
        running.clock.move_to(due(1))
        running.wait_for_words("ok")

        running.config = replace_monitors(running, make_monitor(make_source("."), id="rides"))
        running.daemon.ask_reload()
        wait_for(lambda: "reload applied monitors=1" in caplog.text, "the reload")
        running.clock.move_to(due(2))
        running.wait_for_words("ok", "no_data", name="rides")

        detached = {row.key: row.detached_at for row in running.database.read(list_monitors)}
        assert running.words() == ["ok"]
        assert detached == {"flights": due(1), "rides": None}


def test_a_reload_says_that_pages_stay_where_they_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with run_daemon(tmp_path, ".") as running:
        wait_for(lambda: bool(running.source.requests), "the reference")

        running.config = replace(
            running.app.config, listen=Listen(host="127.0.0.1", port=9), fingerprint="c2"
        )
        running.daemon.ask_reload()

        wait_for(lambda: "pages stay at 127.0.0.1:8377 until a restart" in caplog.text, "the warning")


def test_a_reload_of_a_bad_file_keeps_the_old_configuration(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with run_daemon(tmp_path, ".") as running:
        wait_for(lambda: bool(running.source.requests), "the reference")

        running.config = ConfigError("driftwatch.yaml:3:1: monitor: unknown key")
        running.daemon.ask_reload()
        wait_for(lambda: "reload refused reason=driftwatch.yaml:3:1" in caplog.text, "the refusal")
        running.clock.move_to(due(1))

        running.wait_for_words("ok")


def test_a_reload_with_another_store_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with run_daemon(tmp_path, ".") as running:
        wait_for(lambda: bool(running.source.requests), "the reference")

        running.config = replace(
            running.app.config, store_url=Secret.of_text(f"sqlite:///{tmp_path / 'other.db'}"), monitors=()
        )
        running.daemon.ask_reload()
        wait_for(lambda: "reload refused reason=store.url changed" in caplog.text, "the refusal")
        running.clock.move_to(due(1))

        running.wait_for_words("ok")
    assert not (tmp_path / "other.db").exists()


def test_a_promoted_reference_is_taken_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="driftwatch")
    with run_daemon(tmp_path, "..") as running:
        wait_for(lambda: "monitor started monitor=flights reference=1" in caplog.text, "the start")
        monitor = running.app.config.monitors[0]
        shorter = replace(monitor.reference, start=day(-6).start)
        running.config = replace_monitors(running, replace(monitor, reference=shorter))
        running.daemon.ask_reload()
        row = running.database.read(lambda tx: find_monitor(tx, "flights"))
        assert row is not None
        wait_for(lambda: len(running.database.read(lambda tx: list_references(tx, row))) == 2, "a candidate")
        running.clock.move_to(due(1))
        running.wait_for_words("ok")

        running.database.write(lambda tx: promote_reference(tx, row, 2, due(1)))
        wait_for(lambda: "monitor started monitor=flights reference=2" in caplog.text, "the promotion")
        running.clock.move_to(due(2))
        running.wait_for_words("ok", "ok")

        assert [one.judgement.reference_version for one in running.verdicts()] == [2, 2]


def test_a_fault_in_one_tick_stops_neither_that_tick_nor_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with run_daemon(tmp_path, "a") as running:
        wait_for(lambda: bool(running.source.requests), "the reference")
        failures = iter([RuntimeError("a fault of the clock")] * 3)
        told = running.clock.now

        def fail_at_first() -> object:
            if error := next(failures, None):
                raise error
            return told()

        running.clock.now = fail_at_first  # type: ignore[method-assign,assignment]  # It fails three times.
        wait_for(lambda: "a fault of the clock" in caplog.text, "a tick that fails")
        wait_for(lambda: next(failures, None) is None, "the end of the failures")
        running.clock.move_to(due(1))

        running.wait_for_words("drift")
        wait_for(lambda: bool(running.channel.sent), "the notice")


def test_a_bad_configuration_ends_the_start_with_a_status_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def load() -> Config:
        raise ConfigError("driftwatch.yaml:3:1: monitor: unknown key")

    assert serve(load) == EXIT_CONFIG == 78
    assert "configuration refused reason=driftwatch.yaml:3:1" in caplog.text


def test_a_store_out_of_reach_ends_the_start_with_a_status_of_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "store.db").mkdir()
    config = Config(
        store_url=Secret.of_text(f"sqlite:///{tmp_path / 'store.db'}"),
        channels={},
        triggers={},
        monitors=(),
        fingerprint="config-1",
    )

    assert serve(lambda: config) == EXIT_STORE == 75
    assert "store not opened reason=" in caplog.text


WATCHDOG = """
import driftwatch.daemon.daemon as daemon
from pathlib import Path
from driftwatch.app import open_app
from driftwatch.config.loading import Config
from driftwatch.net.secrets import Secret

daemon.SILENCE_SECONDS = 0.5
config = Config(
    store_url=Secret.of_text("sqlite:///store.db"), channels={}, triggers={}, monitors=(), fingerprint="1"
)
ticks = {"plan": 3600, "start": 1, "check": 1, "deliver": 1, "retrain": 1}
daemon.Daemon(open_app(config), lambda: config, ticks=ticks).run()
"""


def test_the_watchdog_ends_a_process_whose_planning_tick_no_longer_comes(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WATCHDOG],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert ended.returncode == EXIT_WATCHDOG == 70
    assert "ticks stopped" in ended.stderr
    assert "Thread" in ended.stderr


CONFIG = """\
version: 1
store: {{url: "sqlite:///{folder}/store.db"}}
channels:
  log: {{kind: log}}
monitors:
  - id: rows
    source: {{kind: files, path: "{folder}/rows.csv", time_column: at}}
    window: 1d
    reference: {{from: 2013-01-01, to: 2013-01-15}}
    notify: [log]
"""


def write_project(folder: Path) -> Path:
    rows = [f"2013-01-{1 + n // 20:02}T{n % 20:02}:00:00Z,{(n * 37) % 101}.5" for n in range(15 * 20)]
    (folder / "rows.csv").write_text("at,amount\n" + "\n".join(rows) + "\n")
    config = folder / "driftwatch.yaml"
    config.write_text(CONFIG.format(folder=folder))
    return config


def test_the_real_process_reloads_on_sighup_and_ends_with_0_on_sigterm(tmp_path: Path) -> None:
    config = write_project(tmp_path)
    log = tmp_path / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "driftwatch", "serve", "--no-web", "-c", str(config)],
            cwd=tmp_path,
            stderr=stderr,
        )
    try:
        wait_for(lambda: "daemon started monitors=1" in log.read_text(), "the start")
        config.write_text(CONFIG.format(folder=tmp_path).replace("kind: log", "kind: logg"))
        os.kill(process.pid, signal.SIGHUP)
        wait_for(lambda: "reload refused" in log.read_text(), "the refusal")
        config.write_text(CONFIG.format(folder=tmp_path))
        os.kill(process.pid, signal.SIGHUP)
        wait_for(lambda: "reload applied monitors=1" in log.read_text(), "the reload")
        began = time.monotonic()
        os.kill(process.pid, signal.SIGTERM)
        status = process.wait(timeout=30)
    finally:
        process.kill()
        process.wait(timeout=5)

    assert (status, time.monotonic() - began < 30) == (0, True)
    assert log.read_text().rstrip().endswith("daemon stopped status=0")
    assert "Traceback" not in log.read_text()


def test_the_real_process_tells_its_supervisor_that_it_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    config, path = write_project(tmp_path), str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(path)
        supervisor.settimeout(30)
        process = subprocess.Popen(
            [sys.executable, "-m", "driftwatch", "serve", "--no-web", "-c", str(config)],
            cwd=tmp_path,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": path},
        )
        try:
            first = {supervisor.recv(100), supervisor.recv(100)}
            os.kill(process.pid, signal.SIGTERM)
            last = next(said for said in iter(lambda: supervisor.recv(100), None) if said != b"WATCHDOG=1")
            process.wait(timeout=30)
        finally:
            process.kill()
            process.wait(timeout=5)

    assert first == {b"READY=1", b"WATCHDOG=1"}
    assert last == b"STOPPING=1"


def test_a_fault_while_the_configuration_is_read_keeps_the_old_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with run_daemon(tmp_path, "..") as running:
        wait_for(lambda: bool(running.source.requests), "the reference")
        running.config = RuntimeError("a fault of the reader")
        running.daemon.ask_reload()
        wait_for(lambda: "reload failed" in caplog.text, "the failure")
        running.clock.move_to(due(1))
        running.wait_for_words("ok")
        status = running.stop()

    assert status == 0
