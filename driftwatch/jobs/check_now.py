"""Judge what is due of one monitor now, because somebody asks for it, and say what came of it.

A running daemon judges it soon by itself: beside it this only saves the wait before another try. Both claim
their windows, so that each is judged once; where no daemon runs, as with `serve --no-scheduler`, what was
found is told from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from driftwatch.incidents.words import join_words, say_count, say_moment, say_window
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.heartbeat import is_daemon_alive
from driftwatch.jobs.live import check_due, plan_all
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.pausing import refuse_paused
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.retrain import request_due
from driftwatch.jobs.windows import due_at, next_window, window_at
from driftwatch.profiles.window import Window
from driftwatch.store.slots import hasten_slots, newest_slot, open_slots
from driftwatch.store.verdicts import VerdictRow, list_verdicts

__all__ = ["CheckedNow", "check_now", "say_checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedNow:
    """What came of it: the windows that were judged, oldest first, and those that still wait.

    `waiting` holds windows that somebody else is judging, that come behind such a one, or that are tried
    again later. `next_due` is when the next window falls due.
    """

    judged: tuple[VerdictRow, ...]
    waiting: tuple[Window, ...]
    next_due: datetime


def check_now(parts: Parts, monitor: Monitor, take_up: Callable[[], Watch]) -> CheckedNow:
    """Judge the windows of `monitor` that are due, those that wait for another try too; 200 at most.

    `take_up` returns the monitor ready to be judged, and may build and promote another reference for that:
    one that is paused is not even taken up. Raises UsageError where it is.
    """
    began = parts.clock.now()
    refuse_paused(parts.database, monitor, began)
    watch = take_up()
    plan_all(parts, [watch])
    parts.database.write(partial(hasten_slots, monitor=watch.row, now=parts.clock.now()))
    due = [slot.window for slot in parts.database.read(lambda tx: open_slots(tx, watch.row))]
    check_due(parts, [watch], stopping=lambda: False)
    if not is_daemon_alive(parts.database, parts.clock.now()):
        deliver_due(parts)
        request_due(parts)
    return CheckedNow(
        judged=tuple(_list_judged(parts, watch, due, began)),
        waiting=tuple(slot.window for slot in parts.database.read(lambda tx: open_slots(tx, watch.row))),
        next_due=_find_next_due(parts, watch),
    )


def _list_judged(parts: Parts, watch: Watch, due: list[Window], began: datetime) -> list[VerdictRow]:
    if not due:
        return []
    rows = parts.database.read(lambda tx: list_verdicts(tx, watch.row, due[0].start, due[-1].end))
    return [row for row in rows if row.window in set(due) and row.judgement.finished_at >= began]


def _find_next_due(parts: Parts, watch: Watch) -> datetime:
    newest, monitor = parts.database.read(lambda tx: newest_slot(tx, watch.row)), watch.monitor
    following = (
        window_at(monitor.schedule, parts.clock.now() - monitor.delay)
        if newest is None
        else next_window(monitor.schedule, newest.window)
    )
    return due_at(following, monitor.delay)


def say_checked(found: CheckedNow) -> str:
    """Return what came of a check in words."""
    if not found.judged and not found.waiting:
        return f"Nothing is due: the next window is looked at {say_moment(found.next_due)}."
    parts = []
    if found.judged:
        said = [f"{say_window(row.window)}: {row.verdict.word.replace('_', ' ')}" for row in found.judged]
        parts.append(f"{say_count(len(said), 'window')} judged: {join_words(said, at_most=10)}.")
    if found.waiting:
        verb = "waits" if len(found.waiting) == 1 else "wait"
        why = "behind an older one, or tried again soon because it could not be read as a whole"
        waits = f"{say_count(len(found.waiting), 'window')} still {verb}"
        parts.append(f"{waits}: judged by somebody else at this moment, {why}.")
    return " ".join(parts)
