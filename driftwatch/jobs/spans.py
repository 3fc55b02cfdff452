"""From when to when a rolling reference goes, and which stretches of time are no part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.incident import Incident, IncidentKind, Label
from driftwatch.jobs.monitor import Excluded, Monitor, Rolling
from driftwatch.store.incidents import list_incidents
from driftwatch.store.monitors import MonitorRow

__all__ = ["find_cycle", "find_cycle_start", "find_span", "list_held", "pin_reference"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AXES: Final = frozenset({IncidentKind.DRIFT, IncidentKind.DATA})


def find_cycle(monitor: Monitor, moment: datetime) -> int:
    """Return the number of the season cycle that `moment` lies in, counted from 1970."""
    season: timedelta = monitor.policy.season
    return (moment - _EPOCH) // season


def find_cycle_start(monitor: Monitor, cycle: int) -> datetime:
    """Return when a season cycle begins."""
    return _EPOCH + cycle * monitor.policy.season


def pin_reference(monitor: Monitor, cycle: int, held: Sequence[Excluded]) -> Monitor:
    """Return the monitor with its rolling reference as it is in a season cycle, without what is `held` out.

    It ends `gap` before the cycle begins. A reference that does not roll stays as it is.
    """
    rolling = monitor.reference.rolling
    if rolling is None:
        return monitor
    start, end = find_span(monitor, rolling, cycle)
    spec = replace(monitor.reference, start=start, end=end, held=tuple(held))
    return replace(monitor, reference=spec)


def find_span(monitor: Monitor, rolling: Rolling, cycle: int) -> tuple[datetime, datetime]:
    """Return from when to when, exclusive, a rolling reference goes that judges a season cycle."""
    end = find_cycle_start(monitor, cycle) - rolling.gap
    return end - rolling.last, end


def list_held(tx: sa.Connection, row: MonitorRow) -> list[Excluded]:
    """Return the stretches of drift and of faulty data that are no measure of what is usual.

    Those are incidents that are open, and what a person labelled as drift or as bad data, also in an earlier
    history; never what was labelled as expected.
    """
    incidents = (
        decode_incident(dict(stored.document), id=stored.id)
        for stored in list_incidents(tx, include_resolved=True, monitor=row)
    )
    return [
        Excluded(start=one.first_window.start, end=one.last_window.end, why=f"incident {one.id}")
        for one in incidents
        if _is_held(one)
    ]


def _is_held(incident: Incident) -> bool:
    if incident.kind not in _AXES or incident.opened_at is None or incident.label is Label.EXPECTED:
        return False
    return incident.is_open or incident.label is not None
