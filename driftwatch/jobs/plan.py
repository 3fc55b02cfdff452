"""Which windows are owed: recomputed from the configuration and the ledger, whatever happened before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import takewhile

import sqlalchemy as sa

from driftwatch.incidents.conditions import Gap
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.stamps import read_stamp
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.windows import due_at, windows_between
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.pauses import Pause, list_pauses
from driftwatch.store.references import ReferenceState, list_references
from driftwatch.store.slots import MOST_PLANNED, SlotRow, newest_slot, plan_slots, skip_slot
from driftwatch.store.verdicts import Judgement, record_verdict

__all__ = ["Owed", "TellGap", "enter_windows", "find_reference_end", "plan_monitor", "plan_windows"]

TellGap = Callable[[sa.Connection, Gap], None]
"""Tells, in the transaction that gives windows up, of all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Windows to judge, and windows given up with the reason; both oldest first."""

    due: tuple[Window, ...]
    given_up: tuple[Window, ...] = ()
    reason: str = ""


def plan_windows(
    monitor: Monitor,
    *,
    newest: Window | None,
    started_at: datetime,
    now: datetime,
    reference_end: datetime | None = None,
) -> Owed:
    """Return the windows that fell due since `newest`, the last one in the ledger.

    `reference_end` is where the reference that judges ends, where that is not the one of the configuration.

    1. Windows after the reference's end that fell due before the monitor's first start, at `started_at`, are
       history: the newest `catch_up.at_most` of them are judged, older ones are not owed.
    2. Later ones that were missed while nobody looked are judged as `catch_up` says; the others are given
       up, each by name.
    3. A reference without time has no end: what is owed begins with the first start.
    """
    begin = (reference_end or monitor.reference.end or started_at) if newest is None else newest.end
    if begin >= now:
        return Owed(due=())
    closed = windows_between(monitor.schedule, begin, now)
    due = tuple(takewhile(lambda window: due_at(window, monitor.delay) <= now, closed))
    at_most = monitor.catch_up.at_most
    past = sum(due_at(window, monitor.delay) <= started_at for window in due)
    history, missed = due[:past], due[past:]
    keep = {"all": at_most, "latest": 1, "none": _count_fresh(monitor, missed, now)}
    kept = keep[monitor.catch_up.policy]
    cut = max(0, len(missed) - kept)
    reason = f"missed while nobody looked: catch_up keeps {monitor.catch_up.policy}, at most {kept}"
    return Owed(due=(*history[-at_most:], *missed[cut:]), given_up=missed[:cut], reason=reason if cut else "")


def _count_fresh(monitor: Monitor, due: Sequence[Window], now: datetime) -> int:
    """Return 1 where the last window is not over for longer than one window's length: it was not missed."""
    return sum(1 for window in due[-1:] if now - due_at(window, monitor.delay) < window.length)


def plan_monitor(
    database: Database,
    monitor: Monitor,
    row: MonitorRow,
    now: datetime,
    *,
    tell_gap: TellGap,
) -> Owed:
    """Enter what `monitor` owes into the ledger and return it; planning twice changes nothing.

    `tell_gap` is called in every transaction that gives windows up. Windows that fell due while the monitor
    was paused are given up without it: somebody wanted it so.
    """
    newest, end = database.read(lambda tx: _find_begin(tx, row))
    owed = plan_windows(
        monitor,
        newest=newest.window if newest else None,
        started_at=row.first_started_at,
        now=now,
        reference_end=end,
    )
    for part, tell in _split_paused(database, monitor, row, owed, tell_gap):
        for at in range(0, len(part.given_up), MOST_PLANNED):
            some = part.given_up[at : at + MOST_PLANNED]
            database.write(
                partial(_give_up, monitor=monitor, row=row, windows=some, owed=part, now=now, tell_gap=tell)
            )
    enter_windows(database, monitor, row, owed.due)
    return owed


def _split_paused(
    database: Database, monitor: Monitor, row: MonitorRow, owed: Owed, tell_gap: TellGap
) -> list[tuple[Owed, TellGap]]:
    """Return what is given up by its reason, and who is told of it: of what fell due in a pause nobody."""
    if not owed.given_up:
        return []
    since = due_at(owed.given_up[0], monitor.delay)
    known = database.read(lambda tx: list_pauses(tx, row, since=since))
    of: dict[int, list[Window]] = {}
    for window in owed.given_up:
        pause = _find_covering(known, due_at(window, monitor.delay))
        of.setdefault(pause.id if pause else 0, []).append(window)
    missed = of.pop(0, [])
    parts = [
        (Owed(due=(), given_up=tuple(windows), reason=_say_paused(known, number, monitor)), _tell_nobody)
        for number, windows in of.items()
    ]
    rest = Owed(due=(), given_up=tuple(missed), reason=owed.reason)
    return [*parts, (rest, tell_gap)]


def _find_covering(known: Sequence[Pause], moment: datetime) -> Pause | None:
    return next((one for one in known if one.covers(moment)), None)


def _say_paused(known: Sequence[Pause], number: int, monitor: Monitor) -> str:
    pause = next(one for one in known if one.id == number)
    return (
        f"{monitor.id} was paused by {pause.author} ({pause.reason}): catch_up keeps "
        f"{monitor.catch_up.policy}"
    )


def _tell_nobody(tx: sa.Connection, gap: Gap) -> None:
    """Tell nobody of windows that were given up because somebody wanted it so."""


def _find_begin(tx: sa.Connection, row: MonitorRow) -> tuple[SlotRow | None, datetime | None]:
    """Return the last window in the ledger; where there is none yet, the end of the reference that judges."""
    newest = newest_slot(tx, row)
    return newest, find_reference_end(tx, row) if newest is None else None


def find_reference_end(tx: sa.Connection, row: MonitorRow) -> datetime | None:
    """Return where the reference that judges ends; None where there is none."""
    active = next((one for one in list_references(tx, row) if one.state is ReferenceState.ACTIVE), None)
    end = active.spec.get("to") if active else None
    return None if end is None else read_stamp(end)


def enter_windows(database: Database, monitor: Monitor, row: MonitorRow, windows: Sequence[Window]) -> None:
    """Enter `windows` into the ledger; one that is there already stays as it is."""
    for at in range(0, len(windows), MOST_PLANNED):
        some = [(window, due_at(window, monitor.delay)) for window in windows[at : at + MOST_PLANNED]]
        database.write(partial(plan_slots, monitor=row, windows=some))


def _give_up(  # noqa: PLR0913 - what is given up, whose it is, and who is told
    tx: sa.Connection,
    *,
    monitor: Monitor,
    row: MonitorRow,
    windows: Sequence[Window],
    owed: Owed,
    now: datetime,
    tell_gap: TellGap,
) -> None:
    given_up = False
    for window in windows:
        if skip_slot(tx, row, window, due_at=due_at(window, monitor.delay), reason=owed.reason):
            verdict = Verdict(window=window, word=VerdictWord.NOT_EVALUATED, rows=None, reason=owed.reason)
            record_verdict(tx, row, verdict, None, Judgement(finished_at=now, seconds=0.0, token=0))
            given_up = True
    if given_up:
        # The first transaction tells of all that is given up: the others have nothing new to say.
        first, last = owed.given_up[0], owed.given_up[-1]
        tell_gap(tx, Gap(windows=len(owed.given_up), first=first, last=last, reason=owed.reason))
