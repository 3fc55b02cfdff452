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
from datetime import UTC, datetime
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from driftwatch.app import App, open_app
from driftwatch.config.loading import Config
from driftwatch.errors import ConfigError, DriftwatchError, StoreError
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.digest import queue_digests
from driftwatch.jobs.heartbeat import beat, stop_beating
from driftwatch.jobs.live import check_due, plan_all
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.retrain import request_due

__all__ = ["DRAIN_SECONDS", "EXIT_CONFIG", "EXIT_STORE", "EXIT_WATCHDOG", "Daemon", "serve"]

log = logging.getLogger("driftwatch.daemon")

EXIT_WATCHDOG, EXIT_STORE, EXIT_CONFIG = 70, 75, 78
"""Exit statuses of `serve` alone: the ticks stopped, the store is out of reach, the configuration is bad."""

DRAIN_SECONDS = 30.0
"""How long work under way may take to end after a stop was asked for."""

SILENCE_SECONDS = 30.0
"""How long the planning tick may fail to come before the watchdog ends the process."""

_TICKS: Mapping[str, float] = {"plan": 5, "start": 5, "check": 1, "deliver": 1, "retrain": 1}


class Daemon:
    """One process that judges, tells and asks for retraining until it is stopped.

    `reload` returns the configuration as it stands in the file now.
    """

    def __init__(
        self, app: App, reload: Callable[[], Config], *, ticks: Mapping[str, float] = _TICKS
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
        self._busy = 0
        self._scheduler = self._build_scheduler(ticks)

    def run(self) -> int:
        """Run until a stop is asked for, and return the exit status: 0, or that of the watchdog."""
        self._app.apply_config()
        self._scheduler.start()
        log.info(
            "daemon started monitors=%s store=%s", len(self._app.config.monitors), self._app.database.place
        )
        status = self._loop()
        self._drain()
        with suppress(StoreError):
            stop_beating(self._app.database)
        self._app.close()
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
        while not self._stop.is_set():
            self._wake.wait(timeout=1.0)
            self._wake.clear()
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
        self._scheduler.pause()
        ends_at = time.monotonic() + DRAIN_SECONDS - 2.0
        while self._busy and time.monotonic() < ends_at:
            time.sleep(0.05)
        if self._busy:
            log.warning(
                "drain timed out jobs=%s reason=they are taken up again at the next start", self._busy
            )
            logging.shutdown()
            os._exit(0)
        self._scheduler.shutdown(wait=False)

    def _apply_reload(self) -> None:
        try:
            config = self._reload()
            if config.store_url.reveal() != self._app.config.store_url.reveal():
                raise ConfigError("store.url changed: a running daemon keeps its store; restart it")
            app = self._app.replace_config(config)
            with self._lock:
                self._app, self._watches = app, []
            app.apply_config()
        except DriftwatchError as error:
            log.error("reload refused reason=%s; the old configuration stays in force", error)  # noqa: TRY400 - the reason says it all.
        else:
            log.info("reload applied monitors=%s", len(config.monitors))

    def _build_scheduler(self, ticks: Mapping[str, float]) -> BackgroundScheduler:
        jobs = {
            "plan": self._plan,
            "start": self._start_monitors,
            "check": self._check,
            "deliver": self._deliver,
            "retrain": self._retrain,
        }
        # An executor for each tick: a long check must not keep the others from running.
        scheduler = BackgroundScheduler(
            timezone="UTC", executors={name: ThreadPoolExecutor(1) for name in jobs}, daemon=True
        )
        for name, job in jobs.items():
            scheduler.add_job(
                self._guard(name, job),
                "interval",
                seconds=ticks[name],
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

    def _plan(self) -> None:
        self._last_beat = time.monotonic()
        beat(self._app.database, self._app.parts.clock.now())
        plan_all(self._app.parts, list(self._watches))
        queue_digests(self._app.parts, list(self._watches))

    def _start_monitors(self) -> None:
        """Start every monitor of the configuration, and take up references that were promoted since.

        One that cannot start, for its source is out of reach, is tried again at the next tick.
        """
        app, known = self._app, {watch.monitor.id: watch for watch in self._watches}
        for monitor in app.config.monitors:
            watch = known.get(monitor.id)
            started = self._start(app, monitor, watch)
            if started is None:
                continue
            with self._lock:
                if app is not self._app or self._stop.is_set():
                    return
                self._watches = [*(w for w in self._watches if w is not watch), started]
            log.info("monitor started monitor=%s reference=%s", monitor.id, started.reference.version)

    def _start(self, app: App, monitor: Monitor, watch: Watch | None) -> Watch | None:
        """Return the monitor as it is to be watched from now on; None where nothing changes."""
        try:
            if watch is not None and app.is_current(watch):
                return None
            started = app.watch(monitor)
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
        check_due(self._app.parts, list(self._watches), stopping=self._stop.is_set)

    def _deliver(self) -> None:
        deliver_due(self._app.parts, stopping=self._stop.is_set)

    def _retrain(self) -> None:
        request_due(self._app.parts, stopping=self._stop.is_set)


def serve(load: Callable[[], Config]) -> int:
    """Run a daemon on the configuration that `load` returns until SIGTERM or SIGINT.

    Returns its exit status. SIGHUP has the configuration read again.
    """
    try:
        config = load()
    except ConfigError as error:
        log.critical("configuration refused reason=%s", error)
        return EXIT_CONFIG
    try:
        app = open_app(config)
    except StoreError as error:
        log.critical("store not opened reason=%s", error)
        return EXIT_STORE
    daemon = Daemon(app, load)
    _answer_signals(daemon)
    return daemon.run()


def _answer_signals(daemon: Daemon) -> None:
    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of signal handlers.
        daemon.stop()

    def reload(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of signal handlers.
        daemon.ask_reload()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, reload)
