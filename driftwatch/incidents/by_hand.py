"""What a person does to an incident: take it up, hear less of it, write something down, end it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from driftwatch.errors import UsageError
from driftwatch.incidents.changes import mark_told
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentKind,
    IncidentState,
    Label,
    NoticeType,
    Transition,
    TransitionKind,
)
from driftwatch.incidents.naming import LABEL_WORDS
from driftwatch.incidents.words import say_moment, say_window, shorten

__all__ = [
    "ACKNOWLEDGED_FOR",
    "LONGEST_SNOOZE",
    "acknowledge",
    "assign",
    "end_with_history",
    "end_with_monitor",
    "label",
    "note",
    "resolve_by_hand",
    "snooze",
]

ACKNOWLEDGED_FOR = timedelta(days=7)
"""How long an acknowledgement lasts: what nobody has ended by then is everybody's again."""
LONGEST_SNOOZE = timedelta(days=30)

_LONGEST_NOTE = 2_000
_LABELLED = frozenset({IncidentKind.DRIFT, IncidentKind.DATA})


def acknowledge(incident: Incident, who: str, now: datetime) -> Advance:
    """Return the incident with `who` looking at it for `ACKNOWLEDGED_FOR`; it stays open meanwhile.

    A rise in severity undoes this. Raises UsageError when the incident is not open.
    """
    _require_open(incident, "acknowledged")
    until = now + ACKNOWLEDGED_FOR
    after = replace(incident, acknowledged_by=who, acknowledged_at=now, acknowledged_until=until)
    reason = f"{who} is looking at it, until {say_moment(until)} at the latest."
    return _note(after, TransitionKind.ACKNOWLEDGED, reason, who, now)


def snooze(incident: Incident, who: str, now: datetime, *, length: timedelta) -> Advance:
    """Return the incident with no reminder and no step of an escalation for `length`.

    A rise in severity undoes this. Raises UsageError when it is not open, or the snooze is too long.
    """
    _require_open(incident, "snoozed")
    if not timedelta(0) < length <= LONGEST_SNOOZE:
        raise UsageError(
            f"a snooze lasts from a moment to {LONGEST_SNOOZE.days} days; for more, add a silence"
        )
    after = replace(incident, snoozed_by=who, snoozed_until=now + length)
    reason = f"{who} wants to hear nothing more of it until {say_moment(now + length)}."
    return _note(after, TransitionKind.SNOOZED, reason, who, now)


def assign(incident: Incident, to: str, who: str, now: datetime) -> Advance:
    """Return the incident as one that `to` has from now on.

    Raises UsageError when it is not open, or `to` names nobody.
    """
    _require_open(incident, "assigned")
    if not to.strip():
        raise UsageError(f"{_name(incident)} can be assigned to somebody with a name only")
    reason = f"{to} has it now." if to == who else f"{who} gave it to {to}."
    return _note(replace(incident, assigned_to=to), TransitionKind.ASSIGNED, reason, who, now)


def note(incident: Incident, text: str, who: str, now: datetime) -> Advance:
    """Return the incident with something that `who` wrote down in its history, resolved ones too.

    Raises UsageError when nothing is written.
    """
    if not text.strip():
        raise UsageError("a note needs a text")
    return _note(incident, TransitionKind.NOTED, f"{who}: {shorten(text, _LONGEST_NOTE)}", who, now)


def _note(after: Incident, kind: TransitionKind, reason: str, who: str, now: datetime) -> Advance:
    step = Transition(seq=after.seq + 1, kind=kind, reason=reason, tells=None, at=now, window=None, actor=who)
    return Advance(incident=replace(after, seq=step.seq), transitions=(step,))


def resolve_by_hand(incident: Incident, who: str, why: str, now: datetime) -> Advance:
    """Return the incident resolved because a person says so; told when somebody was told that it opened.

    Raises UsageError when it is not open, or when the last window was still breached: it would open again
    with the next one.
    """
    _require_open(incident, "resolved")
    if incident.still_breached:
        number = "NUMBER" if incident.id is None else str(incident.id)
        raise UsageError(
            f"{_name(incident)} cannot be resolved: the last window, {say_window(incident.last_window)}, is "
            "still breached and it would open again with the next one. To hear less of it: "
            f"`driftwatch incident snooze {number} --for 2d`. {_say_way_out(incident, number)}"
        )
    reason = f"Resolved by hand by {who}: {why}"
    closed = replace(incident, resolved_by=who, resolved_why=why)
    return _close(closed, TransitionKind.RESOLVED, reason, now, actor=who)


def _say_way_out(incident: Incident, number: str) -> str:
    if incident.kind not in _LABELLED:
        return "It resolves by itself as soon as its condition ends"
    return (
        f"If nothing is wrong: `driftwatch incident label {number} expected`; if the data will be like this "
        f"from now on: `driftwatch reference accept --incident {number}`"
    )


def label(incident: Incident, said: Label, who: str, now: datetime) -> Advance:
    """Return the incident with what `who` says it was; a later label takes the place of an earlier one.

    Raises UsageError when it never opened, or is not about what windows hold.
    """
    if incident.opened_at is None or incident.kind not in _LABELLED:
        raise UsageError(
            f"{_name(incident)} cannot be labelled: only a drift or data incident that opened says something "
            "about which windows are ordinary"
        )
    reason = f"{who} says that this was {LABEL_WORDS[said]}."
    after = replace(incident, label=said, labelled_by=who, labelled_at=now)
    return _note(after, TransitionKind.LABELLED, reason, who, now)


def end_with_history(
    incident: Incident, now: datetime, *, because: str | None = None, who: str | None = None
) -> Advance:
    """Return an incident that is not over as ended because its monitor begins another history.

    `because` says why it does, and `who` had it do so; without, it watches other data from now on.

    Nothing could ever resolve it; told when somebody was told that it opened.
    """
    kind = TransitionKind.RESOLVED if incident.is_open else TransitionKind.DROPPED
    because = because or "Its monitor watches other data now"
    ended = replace(incident, resolved_why=f"{because}.")
    reason = f"{because}: another history begins, and this one stands still."
    return _close(ended, kind, reason, now, actor=who)


def end_with_monitor(incident: Incident, who: str, now: datetime) -> Advance:
    """Return an incident that is not over as ended because `who` removed its monitor."""
    kind = TransitionKind.RESOLVED if incident.is_open else TransitionKind.DROPPED
    ended = replace(incident, resolved_why=f"{who} removed the monitor.")
    return _close(ended, kind, f"Monitor removed by {who}: it watches nothing any more.", now, actor=who)


def _close(
    incident: Incident, kind: TransitionKind, reason: str, now: datetime, *, actor: str | None = None
) -> Advance:
    step = Transition(
        seq=incident.seq + 1,
        kind=kind,
        reason=reason,
        tells=None if incident.told_at is None else NoticeType.RESOLVED,
        at=now,
        window=None,
        actor=actor,
    )
    after = replace(incident, state=IncidentState.RESOLVED, resolved_at=now, seq=step.seq)
    return Advance(incident=mark_told(after, step.tells, now) if step.tells else after, transitions=(step,))


def _require_open(incident: Incident, wanted: str) -> None:
    if not incident.is_open:
        raise UsageError(
            f"{_name(incident)} cannot be {wanted}: it is {incident.state}. "
            "Only an open or recovering incident can; `driftwatch incident list` shows them"
        )


def _name(incident: Incident) -> str:
    number = "an incident" if incident.id is None else f"incident {incident.id}"
    return f"{number} ({incident.kind} of {incident.monitor})"
