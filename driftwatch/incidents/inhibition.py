"""Inhibition: a source that is broken explains what is found in its data, and is told in its place.

It is read from what is open when something is about to be told, whatever came first: a page that waits is
kept back by a failure that was noticed after it. Once the source works again, what is still open is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from driftwatch.incidents.incident import Incident, IncidentKind, Severity
from driftwatch.incidents.naming import GIVEN_UP

__all__ = ["EXPLAINING", "EXPLAINS_OTHERS_FOR", "find_inhibitor"]

EXPLAINING: Final = frozenset({IncidentKind.FRESHNESS, IncidentKind.EVALUATION})
"""The incidents that mean that a source is broken."""

EXPLAINS_OTHERS_FOR: Final = timedelta(days=1)
"""How long a failure of one monitor keeps back what is found by another of the same source.

Its cause may be the monitor's own: what another finds in data that it can read is not kept back for good.
"""

_EXPLAINED = frozenset({"drift", "data", "performance"})


def find_inhibitor(
    incident: Incident, others: Iterable[Incident], *, told: bool, now: datetime
) -> str | None:
    """Return in words which of `others` explains `incident`; None where none does.

    `others` are of the same monitor or of others with the same source. What people were `told` of before the
    source broke is not explained by that.
    """
    if incident.kind not in _EXPLAINED or incident.opened_at is None:
        return None
    for other in others:
        if other.opened_at is None or not _is_broken(other):
            continue
        if told and other.opened_at > incident.opened_at:
            continue
        if other.monitor == incident.monitor:
            return f"incident {other.id} ({other.kind}) of the same monitor explains it"
        if now - other.opened_at < EXPLAINS_OTHERS_FOR:
            return f"incident {other.id} ({other.kind}) of {other.monitor}, with the same source, explains it"
    return None


def _is_broken(other: Incident) -> bool:
    """Return whether a source is broken: windows that we gave up ourselves say nothing of it."""
    is_ours = all(member.about == GIVEN_UP for member in other.members)
    return other.kind in EXPLAINING and other.is_open and other.severity > Severity.MINOR and not is_ours
