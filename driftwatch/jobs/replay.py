"""Judge windows of history on request, by the same path as the daemon; judged ones come from the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

import sqlalchemy as sa

from driftwatch.errors import NotDueError, UsageError
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.check import check_windows
from driftwatch.jobs.finish import Run
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.plan import enter_windows
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.steps import Steps
from driftwatch.jobs.windows import due_at, window_at, windows_between
from driftwatch.profiles.window import Window
from driftwatch.store.slots import MOST_PLANNED, reopen_slots
from driftwatch.store.verdicts import VerdictRow, list_verdicts, newest_verdict

__all__ = ["Notify", "Seen", "choose_windows", "replay_windows"]

Notify = Literal["none", "final", "all"]

_UNREAD = frozenset({VerdictWord.ERROR, VerdictWord.NOT_EVALUATED})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """A window of a replay: its verdict, None where somebody else is judging it now."""

    window: Window
    verdict: Verdict | None
    revision: int
    from_store: bool


def choose_windows(
    monitor: Monitor,
    now: datetime,
    *,
    at: datetime | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[Window]:
    """Return the windows that `at`, or `start` and `end`, mean; the latest due one where nothing is given.

    Raises NotDueError, with the time it falls due, for a window that is not due yet, and UsageError where
    none lies in the range.
    """
    if (start is None) != (end is None) or (at is not None and start is not None):
        raise UsageError("give either --at, or both --from and --to")
    if start is not None and end is not None:
        windows = list(windows_between(monitor.schedule, start, end))
        if not windows:
            raise UsageError(
                f"{monitor.id}: no whole window of {monitor.schedule} lies from {write_stamp(start)} to "
                f"{write_stamp(end)}"
            )
    elif at is not None:
        windows = [window_at(monitor.schedule, at)]
    else:
        return [_find_latest(monitor, now)]
    for window in windows:
        if due_at(window, monitor.delay) > now:
            raise NotDueError(
                f"{monitor.id}: the window {window} is not due before "
                f"{write_stamp(due_at(window, monitor.delay))}"
            )
    return windows


def _find_latest(monitor: Monitor, now: datetime) -> Window:
    unfinished = window_at(monitor.schedule, now - monitor.delay)
    return window_at(monitor.schedule, unfinished.start - datetime.resolution)


def replay_windows(
    parts: Parts, watch: Watch, windows: Sequence[Window], *, notify: Notify, again: bool = False
) -> Iterator[Seen]:
    """Judge `windows` in order and yield each; those judged before come from the store.

    `again` judges them once more, as another revision; windows that could not be read before, or were given
    up, are always tried again. `notify` says what is told: nothing, the final state of each incident once the
    last window was yielded, or everything.
    """
    known = _find_judged(parts, watch, windows, again=again)
    todo = [window for window in windows if window not in known]
    enter_windows(parts.database, watch.monitor, watch.row, todo)
    for at in range(0, len(todo), MOST_PLANNED):
        some = todo[at : at + MOST_PLANNED]
        parts.database.write(partial(reopen_slots, monitor=watch.row, windows=some))
    judged = check_windows(parts, watch, todo, Run(replays=True, tells=notify == "all"))
    for window in windows:
        if window in known:
            row = known[window]
            yield Seen(window=window, verdict=row.verdict, revision=row.revision, from_store=True)
        else:
            checked = next(judged)
            yield Seen(window=window, verdict=checked.verdict, revision=checked.revision, from_store=False)
    if notify == "final":
        parts.database.write(partial(_tell_states, parts=parts, watch=watch))


def _tell_states(tx: sa.Connection, *, parts: Parts, watch: Watch) -> None:
    """Tell how things stand after the newest window; what was told already is not told again."""
    newest = newest_verdict(tx, watch.row)
    if newest is not None:
        now = due_at(newest.window, watch.monitor.delay)
        Steps(tx=tx, parts=parts, watch=watch, now=now, telling=True).tell_states()


def _find_judged(
    parts: Parts, watch: Watch, windows: Sequence[Window], *, again: bool
) -> dict[Window, VerdictRow]:
    if again or not windows:
        return {}
    start, end = windows[0].start, windows[-1].end
    rows = parts.database.read(lambda tx: list_verdicts(tx, watch.row, start, end))
    return {row.window: row for row in rows if row.verdict.word not in _UNREAD}
