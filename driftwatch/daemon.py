"""The daemon: APScheduler as the clock, signals, and a watchdog. No rule about drift lives here.

Its life is four verbs: start, loop, drain, stop. What is due is recomputed from the configuration and the
ledger at every tick, so that a restart, a crash and a jump of the clock all reduce to "the ledger has due
slots".
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FrameType
from typing import Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from driftwatch.app import App, find_lock, open_app
from driftwatch.config.loading import Config
from driftwatch.errors import ConfigError, DriftwatchError, InstanceError, StoreError
from driftwatch.jobs.clock import JumpGuard, read_running
from driftwatch.jobs.digest import queue_digests
from driftwatch.jobs.heartbeat import Beat, beat, stop_beating
from driftwatch.jobs.lanes import Lanes
from driftwatch.jobs.late import look_at_all
from driftwatch.jobs.live import plan_all, start_checks
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.pinging import queue_ping
from driftwatch.jobs.prune import prune_store
from driftwatch.jobs.pump import Pump
from driftwatch.jobs.reader_pool import ReaderPool
from driftwatch.jobs.reading import ReadingInterrupted
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.retelling import retell_due
from driftwatch.jobs.retrain import request_due
from driftwatch.jobs.rounds import Rounds
from driftwatch.jobs.slices import start_searches
from driftwatch.jobs.weekly import queue_weeklies
from driftwatch.net.supervisor import tell_supervisor
from driftwatch.store.file_lock import FileLock

__all__ = ["DRAIN_SECONDS", "EXIT_CONFIG", "EXIT_STORE", "EXIT_WATCHDOG", "Beside", "Daemon", "serve"]

log = logging.getLogger("driftwatch.daemon")

EXIT_WATCHDOG, EXIT_STORE, EXIT_CONFIG = 70, 75, 78
"""Exit statuses of `serve` alone: the ticks stopped, the store is out of reach, the configuration is bad."""

DRAIN_SECONDS = 30.0
"""How long work under way may take to end after a stop was asked for."""

SILENCE_SECONDS = 30.0
"""How long the planning tick may fail to come before the watchdog ends the process."""

_CLOCK_STEP = 2.0
"""Seconds that the time of day may be set back without the ticks being set anew: they wait for its return."""

_TICKS: Mapping[str, float] = {
    # What falls due is owed within a second, so that it is judged soon after.
    "plan": 1,
    "start": 5,
    "check": 1,
    "deliver": 1,
    "retrain": 1,
    "late": 60,
    "slices": 5,
    "prune": 3600,
}


_SIGN_SECONDS = 5.0


class _Signs:
    """Says when a sign of life is written: every few seconds, and at once when the time of day jumps."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._last: tuple[float, timedelta | None] | None = None

    def is_time(self, jump: timedelta | None) -> bool:
        """Return whether it is; a sign is then taken for written."""
        now = time.monotonic()
        if self._last is not None and now - self._last[0] < self._every and jump == self._last[1]:
            return False
        self._last = (now, jump)
        return True


class Daemon:
    """One process that judges, tells and asks for retraining until it is stopped.

    `reload` returns the configuration as it stands in the file now. `lock` is that of a store in a file;
    without it the daemon is one of several. `read_running` gives seconds that run evenly, None where the time
    of day is to be believed as it is.
    """

    def __init__(
        self,
        app: App,
        reload: Callable[[], Config],
        *,
        ticks: Mapping[str, float] = _TICKS,
        lock: FileLock | None = None,
        read_running: Callable[[], float] | None = None,
    ) -> None:
        self._app = app
        self._reload = reload
        self._watches: list[Watch] = []
        self._failures: dict[str, str] = {}
        self._stop = threading.Event()
        self._reload_asked = threading.Event()
        self._wake = threading.Event()
        self._last_beat = time.monotonic()
        self._lock = threading.Lock()
        self._file_lock = lock
        self._read_running = read_running
        self._jumps = JumpGuard()
        self._rounds = Rounds()
        self._signs = _Signs(min(_SIGN_SECONDS, 5 * ticks.get("plan", _TICKS["plan"])))
        self._waits_for: str | None = None
        self._busy = 0
        self._pump = Pump(app.parts.traffic.size)
        at_once = app.parts.reader.at_once
        self._checks = Lanes(at_once, name="check")
        # References may take long to read: they leave a reader to the checks.
        self._starts = Lanes(max(1, at_once - 1), name="start")
        # One search at a time leaves a reader to the checks too.
        self._searches = Lanes(1, name="slices")
        self._not_before: dict[str, float] = {}
        self._scheduler = self._build_scheduler(ticks)

    @property
    def app(self) -> App:
        """The configuration at work; a reload puts another in its place."""
        return self._app

    def run(self) -> int:
        """Run until a stop is asked for, and return the exit status: 0, or that of the watchdog."""
        self._app.apply_config()
        self._scheduler.start()
        tell_supervisor("READY=1")
        log.info(
            "daemon started monitors=%s store=%s", len(self._app.config.monitors), self._app.database.place
        )
        status = self._loop()
        self._drain()
        with suppress(StoreError):
            stop_beating(self._app.database, self._app.parts.owner)
        self._app.close()
        if self._file_lock is not None:
            self._file_lock.release()
        log.info("daemon stopped status=%s", status)
        return status

    def stop(self) -> None:
        """Ask for a stop; `run` returns once work under way has ended."""
        self._stop.set()
        self._wake.set()

    def ask_reload(self) -> None:
        """Ask for the configuration to be read again; a bad file keeps the old one."""
        self._reload_asked.set()
        self._wake.set()

    def _loop(self) -> int:
        began = time.time() - read_running()
        while not self._stop.is_set():
            self._wake.wait(timeout=1.0)
            self._wake.clear()
            step, began = time.time() - read_running() - began, time.time() - read_running()
            if step < -_CLOCK_STEP:
                log.warning("clock set back seconds=%.0f reason=the ticks are set anew", -step)
                self._set_ticks_anew()
            if self._reload_asked.is_set():
                self._reload_asked.clear()
                self._apply_reload()
            silent = time.monotonic() - self._last_beat
            if silent > SILENCE_SECONDS:
                log.critical("ticks stopped seconds=%.0f reason=the scheduler no longer runs", silent)
                faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
                os._exit(EXIT_WATCHDOG)
        return 0

    def _drain(self) -> None:
        """Let work under way end, at most `DRAIN_SECONDS`; what is left is taken up at the next start."""
        tell_supervisor("STOPPING=1")
        self._scheduler.pause()
        self._app.parts.reader.stop()
        ends_at = time.monotonic() + DRAIN_SECONDS - 2.0
        while self._count_busy() and time.monotonic() < ends_at:
            time.sleep(0.05)
        if left := self._count_busy():
            log.warning("drain timed out jobs=%s reason=they are taken up again at the next start", left)
            logging.shutdown()
            os._exit(0)
        self._scheduler.shutdown(wait=False)

    def _count_busy(self) -> int:
        return self._busy + self._pump.busy + self._checks.busy + self._starts.busy + self._searches.busy

    def _set_ticks_anew(self) -> None:
        """Let every tick come now: APScheduler would wait until the time of day is where it was."""
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))

    def _apply_reload(self) -> None:
        before = self._app.config
        try:
            config = self._reload()
            _refuse_another_store(before, config)
            app = self._app.replace_config(config)
            app.apply_config()
        except DriftwatchError as error:
            log.error("reload refused reason=%s; the old configuration stays in force", error)  # noqa: TRY400 - the reason says it all.
            return
        except Exception:
            log.exception("reload failed next=the old configuration stays in force")
            return
        with self._lock:
            self._app, self._watches = app, []
            self._not_before.clear()
        if config.listen != before.listen:
            log.warning("web.listen changed reason=pages stay at %s until a restart", before.listen)
        log.info("reload applied monitors=%s", len(config.monitors))

    def _build_scheduler(self, ticks: Mapping[str, float]) -> BackgroundScheduler:
        jobs = {
            "plan": self._plan,
            "start": self._start_monitors,
            "check": self._check,
            "deliver": self._deliver,
            "retrain": self._retrain,
            "late": self._look_for_late_rows,
            "slices": self._search_slices,
            "prune": self._prune,
        }
        # An executor for each tick: a long check must not keep the others from running.
        scheduler = BackgroundScheduler(
            timezone="UTC", executors={name: ThreadPoolExecutor(1) for name in jobs}, daemon=True
        )
        for name, job in jobs.items():
            scheduler.add_job(
                self._guard(name, job),
                "interval",
                seconds=ticks.get(name, _TICKS[name]),
                id=name,
                executor=name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
                next_run_time=datetime.now(UTC),
            )
        # Missing a tick because the one before still runs is what max_instances=1 is for.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        return scheduler

    def _guard(self, name: str, job: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            if self._stop.is_set():
                return
            with self._lock:
                self._busy += 1
            try:
                job()
            except DriftwatchError as error:
                log.error("tick failed tick=%s reason=%s", name, error)  # noqa: TRY400 - the reason says it all.
            except Exception:
                log.exception("tick failed tick=%s", name)
            finally:
                with self._lock:
                    self._busy -= 1

        return run

    def _show_life(self) -> None:
        self._last_beat = time.monotonic()
        tell_supervisor("WATCHDOG=1")

    def _plan(self) -> None:
        self._show_life()
        self._take_lock()
        app = self._app
        offset, now = app.set_clock(), app.parts.clock.now()
        jump = self._jumps.look(now, self._read_running()) if self._read_running else None
        is_time = self._signs.is_time(jump)
        if is_time:
            sign = Beat(
                at=now, owner=app.parts.owner, config=app.config.fingerprint, offset=offset, jump=jump
            )
            beat(app.database, sign)
        self._look_whether_to_wait(jump)
        if self._waits_for is None:
            plan_all(app.parts, list(self._watches), self._rounds, show_life=self._show_life)
            if is_time:
                queue_digests(app.parts, list(self._watches))
                queue_weeklies(app.parts, app.config.digests, app.config.monitors)
                queue_ping(app.parts)

    def _take_lock(self) -> None:
        """Become the one that checkpoints, once the daemon that did is gone."""
        if self._file_lock is not None and not self._file_lock.held and self._file_lock.take():
            self._app.database.set_checkpointing(True)

    def _look_whether_to_wait(self, jump: timedelta | None) -> None:
        """Do nothing but show life while another configuration is in force, or the time of day has jumped."""
        reason = None
        if not self._app.is_in_force():
            reason = "another configuration was applied since by another daemon; reload or restart this one"
        elif jump is not None:
            reason = f"the time of day jumped by {jump}; it is believed once it has lasted 5 minutes"
        if reason != self._waits_for and reason is not None:
            log.warning("daemon waits reason=%s", reason)
        self._waits_for = reason

    def _may_work(self) -> bool:
        return self._waits_for is None and self._app.is_in_force()

    def _start_monitors(self) -> None:
        """Start every monitor of the configuration, and take up references that were promoted since.

        One that cannot start, for its source is out of reach, is tried again at the next tick; where it took
        long to find out, after a pause that is longer still, so that the readers have time for others.
        """
        app, now = self._app, time.monotonic()
        monitors = app.config.monitors if self._may_work() else ()
        current = {watch.monitor.id for watch in app.list_current(list(self._watches))}
        missing = [one for one in monitors if one.id not in current]
        ready = [one for one in missing if self._not_before.get(one.id, now) <= now]
        self._starts.offer({one.id: partial(self._take_up, app, one) for one in ready})

    def _take_up(self, app: App, monitor: Monitor) -> None:
        if self._stop.is_set():
            return
        watch = next((one for one in self._watches if one.monitor.id == monitor.id), None)
        began = time.monotonic()
        started = self._start(app, monitor, watch)
        if monitor.id in self._failures:
            self._not_before[monitor.id] = time.monotonic() + 4 * (time.monotonic() - began)
        if started is None:
            return
        with self._lock:
            if app is not self._app or self._stop.is_set():
                return
            self._watches = [*(one for one in self._watches if one is not watch), started]
        log.info("monitor started monitor=%s reference=%s", monitor.id, started.reference.version)

    def _start(self, app: App, monitor: Monitor, watch: Watch | None) -> Watch | None:
        """Return the monitor as it is to be watched from now on; None where nothing changes."""
        try:
            if watch is not None and app.is_current(watch):
                return None
            started = app.watch(monitor)
        except ReadingInterrupted:
            return None
        except StoreError as error:
            self._log_failure("monitor not started", monitor, error)
            return None
        except DriftwatchError as error:
            resumed = app.resume(monitor)
            said = "monitor not started" if resumed is None else "monitor keeps its active reference"
            self._log_failure(said, monitor, error)
            return resumed
        self._failures.pop(monitor.id, None)
        return started

    def _log_failure(self, said: str, monitor: Monitor, error: DriftwatchError) -> None:
        """Log why a monitor, or its new reference, cannot be taken up: once, not at every tick."""
        if self._failures.get(monitor.id) != str(error):
            self._failures[monitor.id] = str(error)
            log.error("%s monitor=%s reason=%s", said, monitor.id, error)

    def _check(self) -> None:
        watches = list(self._watches) if self._may_work() else []
        start_checks(self._app.parts, watches, self._checks, stopping=self._stop.is_set)

    def _deliver(self) -> None:
        if self._may_work():
            app = self._app
            retell_due(app.parts, app.config.monitors)
            self._pump.start(app.parts, self._stop.is_set)

    def _retrain(self) -> None:
        if self._may_work():
            request_due(self._app.parts, stopping=self._stop.is_set)

    def _look_for_late_rows(self) -> None:
        if self._may_work():
            look_at_all(self._app.parts, list(self._watches), stopping=self._stop.is_set)

    def _search_slices(self) -> None:
        if self._may_work():
            start_searches(self._app.parts, list(self._watches), self._searches, stopping=self._stop.is_set)

    def _prune(self) -> None:
        app = self._app
        if self._may_work():
            prune_store(app.parts, app.config.monitors, app.config.retention, stopping=self._stop.is_set)


def _refuse_another_store(before: Config, after: Config) -> None:
    if after.instance != before.instance:
        raise ConfigError("instance changed: a running daemon keeps its own; restart it")
    if after.store_url.reveal() != before.store_url.reveal():
        raise ConfigError("store.url changed: a running daemon keeps its store; restart it")


class Beside(Protocol):
    """What runs beside a daemon in its process, until `close`."""

    def close(self) -> None:
        """End it, in a few seconds."""
        ...


def serve(
    load: Callable[[], Config],
    *,
    allow_multi: bool = False,
    open_beside: Callable[[Callable[[], App]], Beside] | None = None,
) -> int:
    """Run a daemon on the configuration that `load` returns until SIGTERM or SIGINT.

    Returns its exit status. SIGHUP has the configuration read again. `allow_multi` lets it be one of several
    on a store in one SQLite file; on a server any number may run. `open_beside` begins what runs beside it,
    and is given what returns the configuration at work; where it raises ConfigError the daemon runs alone.
    """
    try:
        config = load()
    except ConfigError as error:
        log.critical("configuration refused reason=%s", error)
        return EXIT_CONFIG
    try:
        app = open_app(config, reader=ReaderPool())
    except StoreError as error:
        log.critical("store not opened reason=%s", error)
        return EXIT_STORE
    except InstanceError as error:
        log.critical("store refused reason=%s", error)
        return EXIT_CONFIG
    lock = find_lock(config)
    if lock is not None and not lock.take() and not allow_multi:
        log.critical(
            "store refused reason=another daemon has %s; stop it, or let several work on one file with "
            "--allow-multi",
            app.database.place,
        )
        app.close()
        return EXIT_STORE
    app.database.set_checkpointing(lock is None or lock.held)
    daemon = Daemon(app, load, lock=lock, read_running=read_running)
    beside = None
    try:
        beside = None if open_beside is None else open_beside(lambda: daemon.app)
    except ConfigError as error:
        # Windows are judged and people are told all the same.
        log.error("pages not served reason=%s", error)  # noqa: TRY400 - the reason says it all.
    _answer_signals(daemon)
    try:
        return daemon.run()
    finally:
        if beside is not None:
            beside.close()


def _answer_signals(daemon: Daemon) -> None:
    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of signal handlers.
        daemon.stop()

    def reload(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of signal handlers.
        daemon.ask_reload()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, reload)
