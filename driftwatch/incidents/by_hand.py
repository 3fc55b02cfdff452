"""What a person does to an incident: acknowledge it, resolve it, or let its monitor watch other data."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from driftwatch.errors import UsageError
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
from driftwatch.incidents.words import say_window

__all__ = ["acknowledge", "end_with_history", "label", "resolve_by_hand"]

_LABELLED = frozenset({IncidentKind.DRIFT, IncidentKind.DATA})


def acknowledge(incident: Incident, who: str, now: datetime) -> Advance:
    """Return the incident with `who` looking at it; it stays open, and a rise in severity undoes this.

    Raises UsageError when the incident is not open.
    """
    _require_open(incident, "acknowledged")
    step = Transition(
        seq=incident.seq + 1,
        kind=TransitionKind.ACKNOWLEDGED,
        reason=f"{who} is looking at it.",
        tells=None,
        at=now,
        window=None,
        actor=who,
    )
    after = replace(incident, seq=step.seq, acknowledged_by=who, acknowledged_at=now)
    return Advance(incident=after, transitions=(step,))


def resolve_by_hand(incident: Incident, who: str, why: str, now: datetime) -> Advance:
    """Return the incident resolved because a person says so; told when somebody was told that it opened.

    Raises UsageError when it is not open, or when the last window was still breached: it would open again
    with the next one.
    """
    _require_open(incident, "resolved")
    if incident.still_breached:
        raise UsageError(
            f"{_name(incident)} cannot be resolved: the last window, {say_window(incident.last_window)}, is "
            "still breached and it would open again with the next one. Acknowledge it instead, or resolve it "
            "once a window is no longer breached"
        )
    reason = f"Resolved by hand by {who}: {why}"
    closed = replace(incident, resolved_by=who, resolved_why=why)
    return _close(closed, TransitionKind.RESOLVED, reason, now, actor=who)


def label(incident: Incident, said: Label, who: str, now: datetime) -> Advance:
    """Return the incident with what `who` says it was; a later label takes the place of an earlier one.

    Raises UsageError when it never opened, or is not about what windows hold.
    """
    if incident.opened_at is None or incident.kind not in _LABELLED:
        raise UsageError(
            f"{_name(incident)} cannot be labelled: only a drift or data incident that opened says something "
            "about which windows are ordinary"
        )
    step = Transition(
        seq=incident.seq + 1,
        kind=TransitionKind.LABELLED,
        reason=f"{who} says that this was {LABEL_WORDS[said]}.",
        tells=None,
        at=now,
        window=None,
        actor=who,
    )
    after = replace(incident, seq=step.seq, label=said, labelled_by=who, labelled_at=now)
    return Advance(incident=after, transitions=(step,))


def end_with_history(incident: Incident, now: datetime, *, because: str | None = None) -> Advance:
    """Return an incident that is not over as ended because its monitor begins another history.

    `because` says why it does; without, it watches other data from now on.

    Nothing could ever resolve it; told when somebody was told that it opened.
    """
    kind = TransitionKind.RESOLVED if incident.is_open else TransitionKind.DROPPED
    because = because or "Its monitor watches other data now"
    reason = f"{because}: another history begins, and this one stands still."
    return _close(incident, kind, reason, now)


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
    after = replace(
        incident,
        state=IncidentState.RESOLVED,
        resolved_at=now,
        seq=step.seq,
        told_at=now if step.tells else incident.told_at,
        told_severity=incident.severity if step.tells else incident.told_severity,
    )
    return Advance(incident=after, transitions=(step,))


def _require_open(incident: Incident, wanted: str) -> None:
    if not incident.is_open:
        raise UsageError(
            f"{_name(incident)} cannot be {wanted}: it is {incident.state}. "
            "Only an open or recovering incident can; `driftwatch incident list` shows them"
        )


def _name(incident: Incident) -> str:
    number = "an incident" if incident.id is None else f"incident {incident.id}"
    return f"{number} ({incident.kind} of {incident.monitor})"
