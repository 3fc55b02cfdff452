"""What a running daemon does at its ticks, one function a tick; no tick lets one monitor stop the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
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

_MONITORS_A_TICK = 20
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


def _look_at_time(tx: sa.Connection, *, parts: Parts, watch: Watch) -> None:
    newest = newest_verdict(tx, watch.row)
    if newest is not None:
        now = parts.clock.now()
        Steps(tx=tx, parts=parts, watch=watch, now=now, telling=True).advance_conditions(newest.window)


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
    judged = 0
    try:
        for checked in check_windows(parts, watch, windows, _choose_run(watch, windows)):
            judged += checked.verdict is not None
            if checked.verdict is None or checked.again_at is not None or stopping():
                break  # What follows waits for this window.
    except DriftwatchError as error:
        log.error("checking failed monitor=%s reason=%s", watch.monitor.id, error)  # noqa: TRY400 - the reason says it all.
    return judged


def _choose_run(watch: Watch, windows: list[Window]) -> Run:
    """Windows that closed before the monitor's first start are history: only their final state is told."""
    started = watch.row.first_started_at
    history = [window for window in windows if due_at(window, watch.monitor.delay) < started]
    is_whole = len(history) < _WINDOWS_A_TURN
    return Run(replays=False, tells_from=started, tells_after=history[-1] if history and is_whole else None)
