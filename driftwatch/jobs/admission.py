"""The gate for data, asked about a window of a monitor with what the store knows of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.incidents.admission import Admission, Candidate, decide_admission
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.incident import Incident
from driftwatch.incidents.silences import find_hide
from driftwatch.incidents.stamps import write_stamp
from driftwatch.incidents.why_not import Waits
from driftwatch.incidents.words import say_moment, say_window
from driftwatch.jobs.facts import EMPTY_BY_HABIT
from driftwatch.jobs.gating import build_subject
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.pausing import say_pause
from driftwatch.jobs.plan import find_reference_end
from driftwatch.jobs.windows import due_at, window_at
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.incidents import list_around
from driftwatch.store.monitors import MonitorRow, find_monitor
from driftwatch.store.pauses import find_pause
from driftwatch.store.silences import list_holding
from driftwatch.store.slots import SlotRow, SlotState, find_slot, oldest_slot
from driftwatch.store.verdicts import find_verdict

__all__ = ["Asked", "ask_gate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the gate said of a window of a monitor."""

    monitor: str
    window: Window
    verdict: VerdictWord | None
    admission: Admission

    def to_json(self) -> dict[str, Any]:
        """Return `driftwatch.gate/v1`."""
        admission = self.admission
        return {
            "schema": "driftwatch.gate/v1",
            "monitor": self.monitor,
            "window": {"start": write_stamp(self.window.start), "end": write_stamp(self.window.end)},
            "answer": admission.word.value,
            "verdict": None if self.verdict is None else self.verdict.value,
            "reasons": [{"text": one.text, "incident": one.incident} for one in admission.grounds],
            "would_hold": admission.would_hold,
            "retry_at": None if admission.retry_at is None else write_stamp(admission.retry_at),
        }


def ask_gate(
    database: Database,
    monitor: Monitor,
    moment: datetime,
    now: datetime,
    *,
    allowed: Collection[VerdictWord] = (),
) -> Asked:
    """Return whether the batch of the window that contains `moment` may be used; nothing is judged now.

    Raises UsageError for a window that lies before everything that the monitor judges.
    """
    window = window_at(monitor.schedule, moment)
    candidate = database.read(lambda tx: _read_candidate(tx, monitor, window, now))
    return Asked(
        monitor=monitor.id,
        window=window,
        verdict=None if candidate.verdict is None else candidate.verdict.word,
        admission=decide_admission(candidate, allowed),
    )


def _read_candidate(tx: sa.Connection, monitor: Monitor, window: Window, now: datetime) -> Candidate:
    row = find_monitor(tx, monitor.id)
    slot = None if row is None else find_slot(tx, row, window)
    found = None if row is None else find_verdict(tx, row, window.start)
    verdict = found.verdict if found else _read_given_up(window, slot)
    if verdict is None and slot is None:
        _refuse_history(tx, monitor, row, window)
    incidents = () if row is None else _list_incidents(tx, row, window)
    return Candidate(
        monitor=monitor.id,
        window=window,
        now=now,
        due_at=due_at(window, monitor.delay),
        mode=monitor.mode,
        verdict=verdict,
        waits=_read_waiting(slot),
        incidents=incidents,
        is_usually_empty=verdict is not None and verdict.reason == EMPTY_BY_HABIT,
        hidden=_list_hidden(tx, incidents, monitor.owner, now),
        paused=None if row is None else _say_paused(tx, row, now),
    )


def _read_given_up(window: Window, slot: SlotRow | None) -> Verdict | None:
    """Return the verdict on a window that was given up: that there is none."""
    if slot is None or slot.state not in {SlotState.SKIPPED, SlotState.DEAD}:
        return None
    return Verdict(window=window, word=VerdictWord.NOT_EVALUATED, rows=None, reason=slot.reason)


def _read_waiting(slot: SlotRow | None) -> Waits | None:
    if slot is None or slot.state not in {SlotState.DUE, SlotState.CLAIMED}:
        return None
    return Waits(next_at=slot.next_at, is_claimed=slot.state is SlotState.CLAIMED, reason=slot.reason)


def _say_paused(tx: sa.Connection, row: MonitorRow, now: datetime) -> str | None:
    pause = find_pause(tx, row, now)
    return None if pause is None else f"{row.key} is {say_pause(pause)}"


def _refuse_history(tx: sa.Connection, monitor: Monitor, row: MonitorRow | None, window: Window) -> None:
    """Raise UsageError for a window that nobody will ever judge, which would be waited for in vain."""
    begins = list(_list_begins(tx, monitor, row))
    if begins and window.start < max(begins):
        raise UsageError(
            f"{monitor.id} judges nothing before {say_moment(max(begins))}: the window of "
            f"{say_window(window)} is older, and only `driftwatch check {monitor.id} --at` judges it"
        )


def _list_begins(tx: sa.Connection, monitor: Monitor, row: MonitorRow | None) -> Iterator[datetime]:
    """Yield what windows are judged after: the reference that judges, or is to judge, and those not owed."""
    ends_at = None if row is None else find_reference_end(tx, row)
    oldest = None if row is None else oldest_slot(tx, row)
    if ends_at is not None:
        yield ends_at
    elif monitor.reference.end is not None:
        yield monitor.reference.end
    if oldest is not None:
        yield oldest.window.start


def _list_incidents(tx: sa.Connection, row: MonitorRow, window: Window) -> tuple[Incident, ...]:
    return tuple(decode_incident(dict(one.document), id=one.id) for one in list_around(tx, row, window.start))


def _list_hidden(
    tx: sa.Connection, incidents: tuple[Incident, ...], owner: str | None, now: datetime
) -> tuple[str, ...]:
    holding = list_holding(tx, now)
    hides = (find_hide(holding, build_subject(one, owner), now) for one in incidents if one.is_open)
    return tuple(dict.fromkeys(hide.words for hide in hides if hide is not None))
