"""What a running daemon does at its ticks, one function a tick; no tick lets one monitor stop the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from driftwatch.errors import DriftwatchError
from driftwatch.incidents.conditions import Gap
from driftwatch.jobs.catching_up import choose_last_quiet
from driftwatch.jobs.check import check_windows
from driftwatch.jobs.finish import Run
from driftwatch.jobs.lanes import Lanes
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.pausing import leave_out_paused
from driftwatch.jobs.plan import plan_monitor
from driftwatch.jobs.reading import ReadingInterrupted
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.rounds import Rounds
from driftwatch.jobs.steps import Steps
from driftwatch.profiles.window import Window
from driftwatch.store.slots import due_slots, open_slots
from driftwatch.store.verdicts import glance_at_newest

__all__ = ["check_due", "plan_all", "start_checks"]

log = logging.getLogger("driftwatch.live")

_MONITORS_A_TICK = 1000
_WINDOWS_A_TURN = 200


def plan_all(
    parts: Parts,
    watches: list[Watch],
    rounds: Rounds | None = None,
    *,
    show_life: Callable[[], object] | None = None,
) -> None:
    """Enter what every monitor owes into the ledger, and look at what grows late or old with time alone.

    With `rounds` only those monitors are looked at whose turn it is. `show_life` is called before each:
    hundreds of them on a busy machine take their time, and one that hangs stops it. A monitor that is paused
    owes nothing and grows late in nobody's eyes; its turn comes as soon as it goes on.
    """
    chosen = watches if rounds is None else rounds.choose(watches, parts.clock.now())
    for watch in leave_out_paused(parts, chosen):
        if show_life is not None:
            show_life()
        try:
            now = parts.clock.now()
            tell_gap = partial(_tell_gap, parts=parts, watch=watch, now=now)
            owed = plan_monitor(parts.database, watch.monitor, watch.row, now, tell_gap=tell_gap)
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
            if rounds is not None:
                rounds.note(watch, now)
        except DriftwatchError as error:
            log.error("planning failed monitor=%s reason=%s", watch.monitor.id, error)  # noqa: TRY400 - the reason says it all.
        except Exception:  # one poisoned monitor must not stop the others
            log.exception("planning failed monitor=%s", watch.monitor.id)


def _tell_gap(tx: sa.Connection, gap: Gap, *, parts: Parts, watch: Watch, now: datetime) -> None:
    Steps(tx=tx, parts=parts, watch=watch, now=now, telling=True).tell_gap(gap)


def _look_at_time(tx: sa.Connection, *, parts: Parts, watch: Watch) -> None:
    newest, now = glance_at_newest(tx, watch.row), parts.clock.now()
    # Windows that are due and were not looked at yet may hold the rows that seem to be late.
    if newest is not None and not _is_behind(tx, watch, newest.window, now):
        Steps(tx=tx, parts=parts, watch=watch, now=now, telling=True).pass_time(newest.window)


def _is_behind(tx: sa.Connection, watch: Watch, newest: Window, now: datetime) -> bool:
    return any(slot.window > newest and slot.next_at <= now for slot in open_slots(tx, watch.row))


def check_due(parts: Parts, watches: list[Watch], *, stopping: Callable[[], bool]) -> int:
    """Judge the windows that are due, monitor by monitor, and return how many were judged."""
    return sum(_check_monitor(parts, watch, stopping) for watch in _list_due(parts, watches))


def start_checks(parts: Parts, watches: list[Watch], lanes: Lanes, *, stopping: Callable[[], bool]) -> None:
    """Have the windows that are due judged in `lanes`, several monitors at once, and do not wait.

    A monitor is in one lane at a time: its windows are judged in order.
    """
    lanes.offer(
        {
            watch.monitor.id: partial(_check_monitor, parts, watch, stopping)
            for watch in _list_due(parts, watches)
        }
    )


def _list_due(parts: Parts, watches: list[Watch]) -> list[Watch]:
    """Return the monitors that have a window to be judged, longest due first."""
    known = {watch.monitor.id: watch for watch in watches}
    due = parts.database.read(lambda tx: due_slots(tx, parts.tell_time(tx), _MONITORS_A_TICK))
    return [known[slot.monitor_key] for slot in due if slot.monitor_key in known]


def _check_monitor(parts: Parts, watch: Watch, stopping: Callable[[], bool]) -> int:
    if stopping():
        return 0
    now = parts.clock.now()
    waiting = parts.database.read(lambda tx: open_slots(tx, watch.row))
    windows = [slot.window for slot in waiting if slot.next_at <= now][:_WINDOWS_A_TURN]
    run = _choose_run(parts, watch, windows)
    judged = 0
    try:
        for checked in check_windows(parts, watch, windows, run):
            judged += checked.verdict is not None
            if checked.verdict is None or checked.again_at is not None or stopping():
                break  # What follows waits for this window.
    except ReadingInterrupted as stopped:
        log.info("checking interrupted monitor=%s reason=%s", watch.monitor.id, stopped)
    except DriftwatchError as error:
        log.error("checking failed monitor=%s reason=%s", watch.monitor.id, error)  # noqa: TRY400 - the reason says it all.
    except Exception:  # one poisoned monitor must not stop the others
        log.exception("checking failed monitor=%s", watch.monitor.id)
    return judged


def _choose_run(parts: Parts, watch: Watch, turn: list[Window]) -> Run:
    return Run(replays=False, tells_after=choose_last_quiet(parts, watch, turn, parts.clock.now()))
