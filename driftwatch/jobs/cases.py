"""Incidents as people look at them: read from the store with their words, and changed by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.calibration.ledger import refund_page
from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import end_with_history, label
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.describe import Words, write_words
from driftwatch.incidents.incident import Advance, Incident, Label
from driftwatch.incidents.incident_json import build_incident_json
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.jobs.circumstances import add_circumstances
from driftwatch.jobs.facts import build_facts
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.recording import Held, keep_advance, list_recipients
from driftwatch.store.database import Database
from driftwatch.store.incidents import IncidentRow, find_incident, open_incidents
from driftwatch.store.incidents import list_incidents as list_rows
from driftwatch.store.monitors import MonitorRow, find_monitor, name_companion
from driftwatch.store.scores import Ledger, read_ledger, write_ledger

__all__ = [
    "Case",
    "OutdatedError",
    "build_cases",
    "change_case",
    "end_cases",
    "find_case",
    "label_case",
    "list_cases",
    "need_incident",
]

_RIGHT = frozenset({Label.DRIFT, Label.BAD_DATA})
"""What a person says where the page was right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An incident with the words that describe it as it stands."""

    incident: Incident
    words: Words

    @property
    def title(self) -> str:
        """The incident in one line."""
        return self.words.title

    @property
    def text(self) -> str:
        """The incident in paragraphs, a line each: those for everyone, then the numbers."""
        return self.words.text

    def to_json(self) -> dict[str, Any]:
        """Return the entry of `driftwatch.incidents/v1`."""
        return build_incident_json(self.incident, self.title, self.text)


def list_cases(
    database: Database, monitors: Sequence[Monitor], *, every: bool = False, monitor: str | None = None
) -> list[Case]:
    """Return the incidents that are not resolved, or every one, oldest first; pending ones never opened."""

    def read(tx: sa.Connection) -> list[IncidentRow]:
        row = None if monitor is None else _need_monitor(tx, monitor)
        return list_rows(tx, include_resolved=every, monitor=row)

    cases = build_cases(database.read(read), monitors)
    return [case for case in cases if case.incident.opened_at is not None]


def build_cases(rows: Sequence[IncidentRow], monitors: Sequence[Monitor]) -> list[Case]:
    """Return stored incidents with their words, in their order."""
    return [_build_case(row, monitors) for row in rows]


def find_case(database: Database, monitors: Sequence[Monitor], number: int) -> Case:
    """Return the incident with this number, as it is known by now. Raises UsageError without one."""

    def read(tx: sa.Connection) -> tuple[Incident, MonitorFacts]:
        row = _need_incident(tx, number)
        incident, facts = decode_incident(dict(row.document), id=row.id), _build_facts(row, monitors)
        return add_circumstances(tx, incident, facts.owner, number=number), facts

    incident, facts = database.read(read)
    return Case(incident=incident, words=write_words(incident, facts))


def need_incident(database: Database, number: int) -> IncidentRow:
    """Return the stored incident with this number. Raises UsageError where there is none."""
    return database.read(lambda tx: _need_incident(tx, number))


class OutdatedError(UsageError):
    """Something has happened to an incident since it was looked at; look at it again."""


def change_case(
    parts: Parts,
    monitors: Sequence[Monitor],
    number: int,
    step: Callable[[Incident, datetime], Advance],
    *,
    seen: int | None = None,
) -> Incident:
    """Apply what a person does to an incident and return it; what follows is queued with it.

    `seen` is the number of its last step where it was looked at before. Raises UsageError where there is no
    such incident or the step is refused, and OutdatedError where a further step was taken since.
    """

    def change(tx: sa.Connection) -> Incident:
        row = _need_incident(tx, number)
        incident = decode_incident(dict(row.document), id=row.id)
        refuse_outdated(incident, seen)
        taken = step(incident, parts.clock.now())
        owner = _need_monitor(tx, row.monitor_key)
        monitor = _find_watched(row, monitors)
        facts = _build_facts(row, monitors)
        notify = list_recipients(monitor, incident) if monitor else ()
        held = Held(incident=incident, version=row.version)
        kept = keep_advance(tx, parts, owner, held, taken, facts=facts, notify=notify)
        return kept.incident or incident

    return parts.database.write(change)


def refuse_outdated(incident: Incident, seen: int | None) -> None:
    """Raise OutdatedError unless `seen` is the number of the incident's last step, or None."""
    if seen is not None and seen != incident.seq:
        raise OutdatedError(
            f"something has happened to incident {incident.id} since it was looked at; look at it again"
        )


def label_case(
    parts: Parts,
    monitors: Sequence[Monitor],
    number: int,
    said: Label,
    who: str,
    *,
    seen: int | None = None,
) -> Incident:
    """Keep what a person says an incident was and return it; limits are chosen anew with the next window.

    A page that was right cost nothing: what it took from the false-alarm budget is given back, once.
    Raises UsageError where there is no such incident or it cannot be labelled.
    """

    def change(tx: sa.Connection) -> Incident:
        row = _need_incident(tx, number)
        before = decode_incident(dict(row.document), id=row.id)
        refuse_outdated(before, seen)
        owner, monitor = _need_monitor(tx, row.monitor_key), _find_watched(row, monitors)
        taken = label(before, said, who, parts.clock.now())
        held = Held(incident=before, version=row.version)
        kept = keep_advance(tx, parts, owner, held, taken, facts=_build_facts(row, monitors), notify=())
        if row.history == owner.history:
            _settle_ledgers(tx, owner, before, said, monitor)
        return kept.incident or before

    return parts.database.write(change)


def _settle_ledgers(
    tx: sa.Connection, owner: MonitorRow, before: Incident, said: Label, monitor: Monitor | None
) -> None:
    """Settle what is left of the promise; the rolling reference beside the pinned one has a part of it."""
    for row in (owner, find_monitor(tx, name_companion(owner.key))):
        ledger = None if row is None else read_ledger(tx, row)
        if row is not None and ledger is not None:
            write_ledger(tx, row, _settle(ledger, before, said, monitor))


def _settle(ledger: Ledger, before: Incident, said: Label, monitor: Monitor | None) -> Ledger:
    """Return the ledger after a label: right pages are refunded, and the limits are out of date."""
    budget = monitor.judging.budget if monitor else None
    was_right, is_right = before.label in _RIGHT, said in _RIGHT
    if budget is None or not before.paged or was_right or not is_right:
        return Ledger(level=ledger.level, outdated=True)
    return Ledger(level=refund_page(ledger.level, budget.level), outdated=True)


def end_cases(
    tx: sa.Connection,
    parts: Parts,
    monitor: Monitor,
    row: MonitorRow,
    *,
    because: str | None = None,
    who: str | None = None,
) -> None:
    """End what is open in a history of `monitor` that goes on no more; `row` is of that history.

    `because` says why it does not, and `who` had it so; without, the monitor watches other data.
    """
    for stored in open_incidents(tx, row):
        incident = decode_incident(dict(stored.document), id=stored.id)
        taken = end_with_history(incident, parts.clock.now(), because=because, who=who)
        held = Held(incident=incident, version=stored.version)
        notify = list_recipients(monitor, incident)
        keep_advance(tx, parts, row, held, taken, facts=build_facts(monitor), notify=notify)


def _need_incident(tx: sa.Connection, number: int) -> IncidentRow:
    found = find_incident(tx, number)
    if found is None:
        raise UsageError(f"there is no incident {number}; `driftwatch incident list --all` shows them")
    return found


def _need_monitor(tx: sa.Connection, name: str) -> MonitorRow:
    found = find_monitor(tx, name)
    if found is None:
        raise UsageError(f"the store knows no monitor {name!r}")
    return found


def _build_case(row: IncidentRow, monitors: Sequence[Monitor]) -> Case:
    incident = decode_incident(dict(row.document), id=row.id)
    return Case(incident=incident, words=write_words(incident, _build_facts(row, monitors)))


def _build_facts(row: IncidentRow, monitors: Sequence[Monitor]) -> MonitorFacts:
    """Return the facts of the monitor, or its name alone where the configuration no longer names it."""
    monitor = _find_watched(row, monitors)
    return build_facts(monitor) if monitor else MonitorFacts(id=row.monitor_key)


def _find_watched(row: IncidentRow, monitors: Sequence[Monitor]) -> Monitor | None:
    return next((one for one in monitors if one.id == row.monitor_key), None)
