"""Notice rows that arrive after their window was judged: the window is looked at again, and judged again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from driftwatch.errors import DriftwatchError
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.pausing import leave_out_paused
from driftwatch.jobs.reading import ReadingInterrupted
from driftwatch.jobs.reference import Watch
from driftwatch.profiles.grid import get_recipe
from driftwatch.profiles.window import Window
from driftwatch.store.looks import Look, list_looks, plan_look, take_look
from driftwatch.store.slots import reopen_slots

__all__ = ["find_next_look", "look_at_all", "look_for_late_rows"]

log = logging.getLogger("driftwatch.late")

_SHARES = (0.125, 0.25, 0.5, 1.0)
"""When a window is looked at again, in parts of the horizon after it fell due: most late rows come soon."""

_AT_ONCE = 100
_PAUSE = timedelta(minutes=10)
"""How long a look is kept from other daemons; one that fails comes again after it."""


def find_next_look(due_at: datetime, late: timedelta | None, now: datetime) -> datetime | None:
    """Return when a window that fell due at `due_at` is looked at next; None where it is not any more.

    >>> from datetime import UTC
    >>> noon = datetime(2013, 2, 8, 12, tzinfo=UTC)
    >>> find_next_look(noon, timedelta(hours=8), noon) - noon
    datetime.timedelta(seconds=3600)
    """
    if late is None:
        return None
    return next((at for share in _SHARES if (at := due_at + share * late) > now), None)


def look_at_all(parts: Parts, watches: Sequence[Watch], *, stopping: Callable[[], bool]) -> None:
    """Look for late rows of every monitor that is not paused, until `stopping`; none stops the others."""
    for watch in leave_out_paused(parts, watches):
        if stopping():
            return
        try:
            look_for_late_rows(parts, watch)
        except ReadingInterrupted:
            return
        except DriftwatchError as error:
            log.error("late rows not looked for monitor=%s reason=%s", watch.monitor.id, error)  # noqa: TRY400 - the reason says it all.
        except Exception:  # one poisoned monitor must not stop the others
            log.exception("late rows not looked for monitor=%s", watch.monitor.id)


def look_for_late_rows(parts: Parts, watch: Watch) -> list[Window]:
    """Look at the windows whose time has come; return those that are to be judged again, oldest first.

    Only rows are counted here. What differs falls due once more, and is judged by the path of every window.
    """
    if watch.monitor.late is None:
        return []
    now = parts.clock.now()
    looks = parts.database.write(partial(_take_looks, parts=parts, watch=watch))
    if not looks:
        return []
    try:
        found = _count_rows(parts, watch, [look.window for look in looks])
    except DriftwatchError as error:
        log.warning("late rows not looked for monitor=%s reason=%s", watch.monitor.id, error)
        return []
    changed = [look for look in looks if found[look.window] != look.rows]
    for look in changed:
        log.info(
            "rows changed monitor=%s window=%s before=%s now=%s next=it is judged again",
            *(watch.monitor.id, look.window, look.rows, found[look.window]),
        )
    parts.database.write(partial(_settle_looks, watch=watch, looks=looks, changed=changed, now=now))
    return [look.window for look in changed]


def _take_looks(tx: sa.Connection, *, parts: Parts, watch: Watch) -> list[Look]:
    now = parts.tell_time(tx)
    looks = list_looks(tx, watch.row, now, _AT_ONCE)
    return [look for look in looks if take_look(tx, watch.row, look, now + _PAUSE)]


def _settle_looks(
    tx: sa.Connection, *, watch: Watch, looks: Sequence[Look], changed: Sequence[Look], now: datetime
) -> None:
    for look in looks:
        # One that is judged again is looked at afterwards.
        later = find_next_look(look.due_at, watch.monitor.late, now) if look not in changed else None
        plan_look(tx, watch.row, look.window, later)
    reopen_slots(tx, watch.row, [look.window for look in changed])


def _count_rows(parts: Parts, watch: Watch, windows: Sequence[Window]) -> Mapping[Window, int]:
    """Return how many rows the source has now; of its columns one is read, beside those of the time."""
    grids = watch.reference.grids
    one = next((name for name, grid in grids.items() if get_recipe(grid) is None), None)
    return parts.reader.count_rows(watch.monitor, windows, one)
