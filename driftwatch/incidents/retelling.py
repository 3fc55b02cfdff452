"""Tell an incident anew as it stands: after a silence, or when nobody could be reached for long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from driftwatch.incidents.changes import mark_told
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    NoticeType,
    Severity,
    Transition,
    TransitionKind,
)

__all__ = ["tell_again"]


def tell_again(incident: Incident, reason: str, *, arrived: bool, now: datetime) -> Advance:
    """Return one transition that tells `incident` as it stands, and why only now.

    `arrived` says whether something about it has arrived where it is told. Nothing is told of one that is
    not open, or that is minor.
    """
    if not incident.is_open or incident.severity is Severity.MINOR:
        return Advance(incident=incident)
    notice = NoticeType.UPDATED if arrived else NoticeType.OPENED
    step = Transition(
        seq=incident.seq + 1,
        kind=TransitionKind.TOLD,
        reason=reason,
        tells=notice,
        at=now,
        window=incident.seen_to,
    )
    after = replace(mark_told(incident, notice, now), seq=step.seq)
    return Advance(incident=after, transitions=(step,))
