"""The daemon: what it does at each tick, reloads, and a watchdog. No rule about drift lives here.

Its life is four verbs: start, loop, drain, stop. What is due is recomputed from the configuration and the
ledger at every tick, so that a restart, a crash and a jump of the clock all reduce to "the ledger has due
slots".
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

from driftwatch.app import App
from driftwatch.config.loading import Config
from driftwatch.daemon.starts import Starts
from driftwatch.daemon.ticks import Ticks
from driftwatch.errors import ConfigError, DriftwatchError, StoreError
from driftwatch.jobs.clock import JumpGuard, read_running
from driftwatch.jobs.digest import queue_digests
from driftwatch.jobs.heartbeat import Beat, Signs, beat, stop_beating
from driftwatch.jobs.lanes import Lanes
from driftwatch.jobs.late import look_at_all
from driftwatch.jobs.live import plan_all, start_checks
from driftwatch.jobs.pinging import queue_ping
from driftwatch.jobs.prune import prune_store
from driftwatch.jobs.pump import Pump
from driftwatch.jobs.retelling import retell_due
from driftwatch.jobs.retrain import request_due
from driftwatch.jobs.rounds import Rounds
from driftwatch.jobs.slices import start_searches
from driftwatch.jobs.weekly import queue_weeklies
from driftwatch.net.supervisor import tell_supervisor
from driftwatch.store.file_lock import FileLock

__all__ = ["DRAIN_SECONDS", "EXIT_WATCHDOG", "SILENCE_SECONDS", "Daemon"]

log = logging.getLogger("driftwatch.daemon")

EXIT_WATCHDOG = 70
"""The exit status of a process whose ticks stopped."""

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
        self._stop = threading.Event()
        self._reload_asked = threading.Event()
        self._wake = threading.Event()
        self._last_beat = time.monotonic()
        self._file_lock = lock
        self._read_running = read_running
        self._jumps = JumpGuard()
        self._rounds = Rounds()
        self._signs = Signs(5 * ticks.get("plan", _TICKS["plan"]))
        self._waits_for: str | None = None
        self._pump = Pump(app.parts.traffic.size)
        at_once = app.parts.reader.at_once
        self._checks = Lanes(at_once, name="check")
        # References may take long to read: they leave a reader to the checks.
        self._starts = Starts(app, max(1, at_once - 1), stopping=self._stop.is_set)
        # One search at a time leaves a reader to the checks too.
        self._searches = Lanes(1, name="slices")
        self._ticks = Ticks(self._list_jobs(), {**_TICKS, **ticks}, stopping=self._stop.is_set)

    @property
    def app(self) -> App:
        """The configuration at work; a reload puts another in its place."""
        return self._app

    def run(self) -> int:
        """Run until a stop is asked for, and return the exit status: 0, or that of the watchdog."""
        self._app.apply_config()
        self._ticks.start()
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

    def _list_jobs(self) -> Mapping[str, Callable[[], object]]:
        return {
            "plan": self._plan,
            "start": self._start_monitors,
            "check": self._check,
            "deliver": self._deliver,
            "retrain": self._retrain,
            "late": self._look_for_late_rows,
            "slices": self._search_slices,
            "prune": self._prune,
        }

    def _loop(self) -> int:
        began = time.time() - read_running()
        while not self._stop.is_set():
            self._wake.wait(timeout=1.0)
            self._wake.clear()
            step, began = time.time() - read_running() - began, time.time() - read_running()
            if step < -_CLOCK_STEP:
                log.warning("clock set back seconds=%.0f reason=the ticks are set anew", -step)
                self._ticks.set_anew()
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
        self._ticks.pause()
        self._app.parts.reader.stop()
        ends_at = time.monotonic() + DRAIN_SECONDS - 2.0
        while self._count_busy() and time.monotonic() < ends_at:
            time.sleep(0.05)
        if left := self._count_busy():
            log.warning("drain timed out jobs=%s reason=they are taken up again at the next start", left)
            logging.shutdown()
            os._exit(0)
        self._ticks.end()

    def _count_busy(self) -> int:
        at_work = (self._ticks, self._pump, self._checks, self._starts, self._searches)
        return sum(one.busy for one in at_work)

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
        self._starts.begin_anew(app)
        self._app = app
        if config.listen != before.listen:
            log.warning("web.listen changed reason=pages stay at %s until a restart", before.listen)
        log.info("reload applied monitors=%s", len(config.monitors))

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
            plan_all(app.parts, self._starts.watches, self._rounds, show_life=self._show_life)
            if is_time:
                queue_digests(app.parts, self._starts.watches)
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
        self._starts.take_up(self._app.config.monitors if self._may_work() else ())

    def _check(self) -> None:
        watches = self._starts.watches if self._may_work() else []
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
            look_at_all(self._app.parts, self._starts.watches, stopping=self._stop.is_set)

    def _search_slices(self) -> None:
        if self._may_work():
            start_searches(self._app.parts, self._starts.watches, self._searches, stopping=self._stop.is_set)

    def _prune(self) -> None:
        app = self._app
        if self._may_work():
            prune_store(app.parts, app.config.monitors, app.config.retention, stopping=self._stop.is_set)


def _refuse_another_store(before: Config, after: Config) -> None:
    if after.instance != before.instance:
        raise ConfigError("instance changed: a running daemon keeps its own; restart it")
    if after.store_url.reveal() != before.store_url.reveal():
        raise ConfigError("store.url changed: a running daemon keeps its store; restart it")
