"""A monitor that somebody paused is not judged, and nobody is reminded of what is open, until it goes on.

*What of the windows that fall due meanwhile?* They are windows that were missed, and `catch_up` says what
becomes of them once the monitor goes on: `all` judges the newest `at_most`, `latest` the last one, `none`
none of them. What it leaves out is given up by name, with the pause as the reason, and tells nobody:
somebody wanted it so. Windows that waited when the pause began are judged afterwards in any case.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.incidents.words import say_moment
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.promotion import need_row
from driftwatch.jobs.reference import Watch
from driftwatch.store.database import Database
from driftwatch.store.monitors import find_monitor
from driftwatch.store.pauses import Pause, add_pause, end_pauses, find_pause, list_paused

__all__ = ["leave_out_paused", "pause_monitor", "refuse_paused", "resume_monitor", "say_pause"]

log = logging.getLogger("driftwatch.pause")


def pause_monitor(
    parts: Parts, monitor: Monitor, *, who: str, why: str, until: datetime | None = None
) -> Pause:
    """Have `monitor` not judged from now on, until `until` or until somebody resumes it; return the pause.

    A window that is being judged at this moment is finished. Raises UsageError where it is paused already,
    where no reason is given, or where `until` is past.
    """
    if not why.strip():
        raise UsageError(f"say why {monitor.id} is paused: whoever finds it quiet wants to know")

    def pause(tx: sa.Connection) -> Pause:
        row, now = need_row(tx, monitor), parts.tell_time(tx)
        if until is not None and until <= now:
            raise UsageError(f"a pause of {monitor.id} until {say_moment(until)} would be over already")
        known = find_pause(tx, row, now)
        if known is not None:
            raise UsageError(f"{monitor.id} is {say_pause(known)}; resume it first")
        return add_pause(tx, row, since=now, until=until, author=who, reason=why.strip())

    made = parts.database.write(pause)
    log.info("monitor paused monitor=%s by=%s until=%s reason=%s", monitor.id, who, until, made.reason)
    return made


def resume_monitor(parts: Parts, monitor: Monitor, who: str) -> None:
    """End the pause of `monitor`: what fell due meanwhile is judged as `catch_up` says.

    Raises UsageError where it is not paused.
    """

    def resume(tx: sa.Connection) -> None:
        if not end_pauses(tx, need_row(tx, monitor), who, parts.tell_time(tx)):
            raise UsageError(f"{monitor.id} is not paused: there is nothing to resume")

    parts.database.write(resume)
    log.info("monitor resumed monitor=%s by=%s", monitor.id, who)


def refuse_paused(database: Database, monitor: Monitor, now: datetime) -> None:
    """Raise UsageError where `monitor` is paused: it is not judged, by hand neither."""

    def find(tx: sa.Connection) -> Pause | None:
        row = find_monitor(tx, monitor.id)
        return None if row is None else find_pause(tx, row, now)

    pause = database.read(find)
    if pause is not None:
        way_out = f"`driftwatch monitor resume {monitor.id}` has it judged again"
        raise UsageError(f"{monitor.id} is {say_pause(pause)}; {way_out}")


def leave_out_paused(parts: Parts, watches: Sequence[Watch]) -> list[Watch]:
    """Return those of `watches` that nobody has paused."""
    if not watches:
        return []
    paused = parts.database.read(lambda tx: list_paused(tx, parts.tell_time(tx)))
    return [watch for watch in watches if watch.monitor.id not in paused]


def say_pause(pause: Pause) -> str:
    """Return who paused a monitor, since when, for how long and why.

    >>> from datetime import UTC
    >>> noon = datetime(2013, 2, 8, 12, tzinfo=UTC)
    >>> say_pause(Pause(id=1, monitor_key="a", since=noon, until=None, author="Ana", reason="the feed moves"))
    'paused by Ana since 2013-02-08 12:00 UTC (the feed moves)'
    """
    until = "" if pause.until is None else f" until {say_moment(pause.until)}"
    return f"paused by {pause.author} since {say_moment(pause.since)}{until} ({pause.reason})"
