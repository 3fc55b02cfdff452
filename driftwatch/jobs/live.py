"""What a running daemon does at its ticks, one function a tick; no tick lets one monitor stop the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from driftwatch.errors import DriftwatchError
from driftwatch.jobs.check import check_windows
from driftwatch.jobs.finish import Run
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.plan import plan_monitor
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.steps import Steps
from driftwatch.jobs.windows import due_at
from driftwatch.profiles.window import Window
from driftwatch.store.slots import due_slots, open_slots
from driftwatch.store.verdicts import newest_verdict

__all__ = ["check_due", "plan_all"]

log = logging.getLogger("driftwatch.live")

_MONITORS_A_TICK = 1000
_WINDOWS_A_TURN = 200


def plan_all(parts: Parts, watches: list[Watch]) -> None:
    """Enter what every monitor owes into the ledger, and look at what grows late or old with time alone."""
    for watch in watches:
        try:
            owed = plan_monitor(parts.database, watch.monitor, watch.row, parts.clock.now())
            if owed.given_up:
                log.warning(
                    "windows given up monitor=%s windows=%s first=%s last=%s reason=%s",
                    watch.monitor.id,
                    len(owed.given_up),
                    owed.given_up[0],
                    owed.given_up[-1],
                    owed.reason,
                )
            parts.database.write(partial(_look_at_time, parts=parts, watch=watch))
        except DriftwatchError as error:
            log.error("planning failed monitor=%s reason=%s", watch.monitor.id, error)  # noqa: TRY400 - the reason says it all.
        except Exception:  # one poisoned monitor must not stop the others
            log.exception("planning failed monitor=%s", watch.monitor.id)


def _look_at_time(tx: sa.Connection, *, parts: Parts, watch: Watch) -> None:
    newest, now = newest_verdict(tx, watch.row), parts.clock.now()
    # Windows that are due and were not looked at yet may hold the rows that seem to be late.
    if newest is not None and not _is_behind(tx, watch, newest.window, now):
        Steps(tx=tx, parts=parts, watch=watch, now=now, telling=True).advance_conditions(newest.window)


def _is_behind(tx: sa.Connection, watch: Watch, newest: Window, now: datetime) -> bool:
    return any(slot.window > newest and slot.next_at <= now for slot in open_slots(tx, watch.row))


def check_due(parts: Parts, watches: list[Watch], *, stopping: Callable[[], bool]) -> int:
    """Judge the windows that are due, monitor by monitor, and return how many were judged."""
    known = {watch.monitor.id: watch for watch in watches}
    due = parts.database.read(lambda tx: due_slots(tx, parts.clock.now(), _MONITORS_A_TICK))
    judged = 0
    for slot in due:
        if slot.monitor_key in known and not stopping():
            judged += _check_monitor(parts, known[slot.monitor_key], stopping)
    return judged


def _check_monitor(parts: Parts, watch: Watch, stopping: Callable[[], bool]) -> int:
    now = parts.clock.now()
    waiting = parts.database.read(lambda tx: open_slots(tx, watch.row))
    windows = [slot.window for slot in waiting if slot.next_at <= now][:_WINDOWS_A_TURN]
    run = _choose_run(watch, [slot.window for slot in waiting])
    judged = 0
    try:
        for checked in check_windows(parts, watch, windows, run):
            judged += checked.verdict is not None
            if checked.verdict is None or checked.again_at is not None or stopping():
                break  # What follows waits for this window.
    except DriftwatchError as error:
        log.error("checking failed monitor=%s reason=%s", watch.monitor.id, error)  # noqa: TRY400 - the reason says it all.
    except Exception:  # one poisoned monitor must not stop the others
        log.exception("checking failed monitor=%s", watch.monitor.id)
    return judged


def _choose_run(watch: Watch, waiting: list[Window]) -> Run:
    """Windows that fell due before the monitor's first start are history: only their final state is told.

    `waiting` are all windows not judged yet, whichever turn they come in.
    """
    started = watch.row.first_started_at
    history = [window for window in waiting if due_at(window, watch.monitor.delay) < started]
    return Run(replays=False, tells_from=started, tells_after=history[-1] if history else None)
