"""Windows that nobody looked at in their time: judged in order, and only what is so in the end is told.

What is missed is read from the store in the transaction that ends a window, so that a restart or another
replica in the middle of it changes nothing: the last missed window tells, whoever judges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

import sqlalchemy as sa

from driftwatch.jobs.judged import is_final
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.windows import due_at
from driftwatch.profiles.window import Window
from driftwatch.store.backlog import Finished, find_next_open, list_finished

__all__ = ["QUIET_AT_MOST", "Backlog", "choose_last_quiet", "find_backlog"]

QUIET_AT_MOST: Final = timedelta(minutes=15)
"""How long a catch-up may tell nobody: one that takes longer tells how things stand after every turn."""

_LOOKED_BACK = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How a window lies in a catch-up: whether it was missed, is told of later, and is the one that tells.

    Nobody is told while windows are `quiet`; where the catch-up ends, `is_last`, the final state is told.
    `windows` is how many of those that were missed are told of then.
    """

    is_missed: bool = False
    is_quiet: bool = False
    is_last: bool = False
    windows: int = 0


def find_backlog(tx: sa.Connection, watch: Watch, window: Window, now: datetime) -> Backlog:
    """Return what catch-up `window` is a part of, before its verdict is kept.

    A window is missed that fell due before the monitor's first start, or had its time before anybody looked
    at it. The catch-up goes on to the newest window that is due, which may be in time: only how things stand
    after it is news.
    """
    finished = list_finished(tx, watch.row, window, 2)
    looked_at = next((one.looked_at for one in finished if one.window == window), now)
    is_missed = _is_missed(watch, window, looked_at)
    before = next((one for one in finished if one.window != window), None)
    due = due_at(window, watch.monitor.delay)
    waited = before is not None and _was_missed(watch, before) and before.finished_at >= due
    if not is_missed and not waited:
        return Backlog()
    following = find_next_open(tx, watch.row, window)
    if is_missed and following is not None and due_at(following, watch.monitor.delay) <= now:
        return Backlog(is_missed=True, is_quiet=True)
    missed = is_missed + len(_list_caught_up(tx, watch, window))
    return Backlog(is_missed=is_missed, is_quiet=True, is_last=True, windows=missed)


def choose_last_quiet(parts: Parts, watch: Watch, turn: list[Window], now: datetime) -> Window | None:
    """Return the last window of a turn where a catch-up has told nobody for too long by then.

    None where it may stay quiet to its end. A monitor that never catches up would never tell otherwise.
    """
    if not turn or not _is_missed(watch, turn[-1], now):
        return None
    caught_up = parts.database.read(lambda tx: _list_caught_up(tx, watch, turn[-1]))
    began = min((one.finished_at for one in caught_up), default=now)
    return turn[-1] if now - began > QUIET_AT_MOST else None


def _is_missed(watch: Watch, window: Window, looked_at: datetime) -> bool:
    is_history = due_at(window, watch.monitor.delay) < watch.row.first_started_at
    return is_history or is_final(watch.monitor, window, looked_at)


def _was_missed(watch: Watch, finished: Finished) -> bool:
    return _is_missed(watch, finished.window, finished.looked_at)


def _list_caught_up(tx: sa.Connection, watch: Watch, window: Window) -> list[Finished]:
    """Return the newest windows in a row before `window` that were missed."""
    finished = list_finished(tx, watch.row, window, _LOOKED_BACK)
    others = (one for one in finished if one.window != window)
    return list(takewhile(lambda one: _was_missed(watch, one), others))
