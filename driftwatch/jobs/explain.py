"""What explains an incident, or a window's silence, put together from the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from driftwatch.calibration.effects import ALPHA
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.explaining import Allowed, Explained, Explanation, Told, explain_incident
from driftwatch.incidents.incident import Incident, IncidentKind, TransitionKind
from driftwatch.incidents.readings import Reading
from driftwatch.incidents.rules import DEFAULT_MINIMUM_EFFECT
from driftwatch.incidents.why_not import Looked, Waits, say_why_not
from driftwatch.jobs.cases import Case, find_case
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.readings import is_special, read_window
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.replay import choose_windows
from driftwatch.jobs.windows import due_at, window_at
from driftwatch.profiles.window import Window
from driftwatch.statistics.detectable import smallest_share
from driftwatch.store.database import Database
from driftwatch.store.incidents import EventRow, find_incident, list_events, list_incidents
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.outbox import list_deliveries
from driftwatch.store.slots import SlotState, open_slots
from driftwatch.store.verdicts import VerdictRow, list_verdicts, newest_verdict

__all__ = ["CaseExplained", "Silence", "build_allowed", "explain_case", "explain_silence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseExplained:
    """An incident, what explains it, and the sentences that say so."""

    case: Case
    explained: Explained
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Silence:
    """A window, what its silence depends on, and the lines that say so."""

    looked: Looked
    lines: tuple[str, ...]


def explain_case(
    database: Database, monitors: Sequence[Monitor], watch: Watch | None, number: int
) -> CaseExplained:
    """Return the incident with this number and why it is there.

    `watch` is the monitor that it belongs to, None where the configuration names it no more. Raises
    UsageError where there is no such incident.
    """
    case = find_case(database, monitors, number)
    stored = database.read(lambda tx: find_incident(tx, number))
    if watch is not None and stored is not None:
        watch = replace(watch, row=replace(watch.row, history=stored.history))
    events = database.read(lambda tx: list_events(tx, number))
    opened, last = _find_windows(case.incident, events)
    explained = Explained(
        incident=case.incident,
        allowed=build_allowed(watch.monitor) if watch else Allowed(),
        opened=_read(database, watch, opened),
        last=_read(database, watch, last),
        told=database.read(lambda tx: _list_told(tx, number)),
        channels=watch.monitor.notify if watch else (),
    )
    return CaseExplained(case=case, explained=explained, explanation=explain_incident(explained))


def _find_windows(incident: Incident, events: Sequence[EventRow]) -> tuple[datetime | None, datetime | None]:
    """Return the starts of the window that opened a drift or data incident, and of the last that shows it."""
    if incident.kind not in {IncidentKind.DRIFT, IncidentKind.DATA}:
        return None, None
    opened = (event.window_start for event in events if event.kind == TransitionKind.OPENED)
    return next(opened, None) or incident.first_window.start, incident.last_window.start


def _read(database: Database, watch: Watch | None, start: datetime | None) -> Reading | None:
    if watch is None or start is None:
        return None
    row = database.read(lambda tx: _find_verdict(tx, watch, start))
    return None if row is None else read_window(database, watch, row)


def _find_verdict(tx: sa.Connection, watch: Watch, start: datetime) -> VerdictRow | None:
    window = window_at(watch.monitor.schedule, start)
    return next(iter(list_verdicts(tx, watch.row, window.start, window.end)), None)


def build_allowed(monitor: Monitor) -> Allowed:
    """Return what a monitor allows, as it is configured now."""
    judging, budget = monitor.judging, monitor.judging.budget
    if budget is None:
        return Allowed(minimum_effect=judging.minimum_effect, rules=judging.rules)
    return Allowed(
        promise=replace(budget.promise, at_most=budget.promise.at_most * budget.share),
        minimum_effect=judging.minimum_effect or DEFAULT_MINIMUM_EFFECT,
        rules=judging.rules,
        is_half=monitor.reference.beside is not None,
    )


def _list_told(tx: sa.Connection, number: int, seqs: frozenset[int] | None = None) -> tuple[Told, ...]:
    """Return the deliveries of an incident, of these of its steps only where given."""
    return tuple(
        Told(
            at=one.created_at,
            notice=one.type,
            channel=one.channel,
            state=one.state.value,
            error=one.last_error,
        )
        for one in list_deliveries(tx, incident_id=number)
        if seqs is None or one.seq in seqs
    )


def explain_silence(database: Database, watch: Watch, window: Window | None, now: datetime) -> Silence:
    """Return why nobody was told of `window`, or who was.

    None means the latest window that is due; where that one was never planned, the newest that was judged
    is explained too.
    """
    if window is not None:
        return _explain_window(database, watch, window, now)
    latest = _explain_window(database, watch, choose_windows(watch.monitor, now)[0], now)
    newest = database.read(lambda tx: newest_verdict(tx, watch.row))
    if newest is None or latest.looked.verdict is not None or latest.looked.waits is not None:
        return latest
    judged = _explain_window(database, watch, newest.window, now)
    return replace(judged, lines=(*latest.lines, *judged.lines))


def _explain_window(database: Database, watch: Watch, window: Window, now: datetime) -> Silence:
    looked = database.read(lambda tx: _look(tx, watch, window, now))
    row = database.read(lambda tx: _find_verdict(tx, watch, window.start))
    if row is not None:
        smallest = _find_smallest(watch, row.verdict.rows)
        reading = read_window(database, watch, row)
        looked = replace(looked, verdict=row.verdict, reading=reading, smallest=smallest)
    return Silence(looked=looked, lines=tuple(say_why_not(looked)))


def _look(tx: sa.Connection, watch: Watch, window: Window, now: datetime) -> Looked:
    monitor = watch.monitor
    incidents = [one for one in _list_history(tx, watch.row) if _was_live(one, window)]
    events = {one.id or 0: list_events(tx, one.id or 0) for one in incidents}
    here = {
        number: frozenset(event.seq for event in found if event.window_start == window.start)
        for number, found in events.items()
    }
    told = [told for number, seqs in here.items() for told in _list_told(tx, number, seqs)]
    return Looked(
        monitor=monitor.id,
        window=window,
        now=now,
        due_at=due_at(window, monitor.delay),
        allowed=build_allowed(monitor),
        patience=monitor.policy.patience,
        channels=monitor.notify,
        mode=monitor.mode,
        waits=_find_waiting(tx, watch.row, window),
        incidents=tuple(incidents),
        opened=frozenset(number for number, found in events.items() if _opened_in(found, window)),
        told=tuple(told),
        special=is_special(tx, watch, window),
    )


def _list_history(tx: sa.Connection, row: MonitorRow) -> list[Incident]:
    rows = list_incidents(tx, include_resolved=True, monitor=row)
    return [decode_incident(dict(one.document), id=one.id) for one in rows if one.history == row.history]


def _was_live(incident: Incident, window: Window) -> bool:
    return incident.first_window.start <= window.start <= incident.seen_to.start


def _opened_in(events: Sequence[EventRow], window: Window) -> bool:
    return any(one.kind == TransitionKind.OPENED and one.window_start == window.start for one in events)


def _find_waiting(tx: sa.Connection, row: MonitorRow, window: Window) -> Waits | None:
    slot = next((one for one in open_slots(tx, row) if one.window == window), None)
    if slot is None:
        return None
    is_claimed = slot.state is SlotState.CLAIMED
    return Waits(next_at=slot.next_at, is_claimed=is_claimed, reason=slot.reason)


def _find_smallest(watch: Watch, rows: int | None) -> float | None:
    """Return the least share of moved rows of one column that so many rows could have shown."""
    if not rows:
        return None
    judging, usual = watch.monitor.judging, watch.reference.total.rows
    beyond = judging.minimum_effect or DEFAULT_MINIMUM_EFFECT
    return smallest_share(usual, rows, alpha=ALPHA, beyond=beyond)
