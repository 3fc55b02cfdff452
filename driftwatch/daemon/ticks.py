"""What is done every few seconds: APScheduler as the clock, each job at its pace, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from driftwatch.errors import DriftwatchError

__all__ = ["Ticks"]

log = logging.getLogger("driftwatch.daemon")


class Ticks:
    """Runs each of `jobs` every so many `seconds`, never twice at the same time, until `stopping`.

    What a job raises is logged: it stops neither the next run nor another job.
    """

    def __init__(
        self,
        jobs: Mapping[str, Callable[[], object]],
        seconds: Mapping[str, float],
        *,
        stopping: Callable[[], bool],
    ) -> None:
        self._stopping = stopping
        self._lock = threading.Lock()
        self._busy = 0
        self._scheduler = self._build_scheduler(jobs, seconds)

    @property
    def busy(self) -> int:
        """How many jobs run at the moment."""
        return self._busy

    def start(self) -> None:
        """Begin; every job runs at once."""
        self._scheduler.start()

    def pause(self) -> None:
        """Begin no job any more; those that run go on."""
        self._scheduler.pause()

    def end(self) -> None:
        """End, without waiting for what runs."""
        self._scheduler.shutdown(wait=False)

    def set_anew(self) -> None:
        """Let every tick come now: APScheduler would wait until the time of day is where it was."""
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))

    def _build_scheduler(
        self, jobs: Mapping[str, Callable[[], object]], seconds: Mapping[str, float]
    ) -> BackgroundScheduler:
        # An executor for each tick: a long check must not keep the others from running.
        scheduler = BackgroundScheduler(
            timezone="UTC", executors={name: ThreadPoolExecutor(1) for name in jobs}, daemon=True
        )
        for name, job in jobs.items():
            scheduler.add_job(
                self._guard(name, job),
                "interval",
                seconds=seconds[name],
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
            if self._stopping():
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
