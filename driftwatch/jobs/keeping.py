"""Which windows are kept however old they are: judging the next one, or an open incident, rests on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

import sqlalchemy as sa

from driftwatch.calibration.calibration import count_history
from driftwatch.incidents.codec import decode_incident
from driftwatch.jobs.monitor import Monitor, Rolling
from driftwatch.jobs.retention import Retention
from driftwatch.jobs.windows import find_usual_length
from driftwatch.store.incidents import open_incidents
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.pruning import Scope, find_floor

__all__ = ["Floors", "find_floors", "list_scopes", "stretch_retention"]

_LATEST = 30
"""Windows whose counts are kept as they were: a drill plays with so many."""
_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Floors:
    """Only windows that start before these may lose their fine counts, all counts, their verdicts."""

    fine: datetime
    counts: datetime
    verdicts: datetime


def list_scopes(row: MonitorRow) -> list[Scope]:
    """Return every history of a monitor, the first one first."""
    return [Scope(monitor_id=row.id, history=history) for history in range(1, row.history + 1)]


def find_floors(tx: sa.Connection, monitor: Monitor, row: MonitorRow, scope: Scope) -> Floors:
    """Return the floors of one history.

    1. What an incident that is not resolved is about stays, from the first window that it refers to.
    2. Limits rest on the verdicts of as many windows as the budget counts, in the present history and in the
       one that it inherits.
    3. The present history's running season cycle is judged together with the next window, and a rolling
       reference beside the pinned one is made of counts as they were counted.
    """
    budget = monitor.judging.budget
    cycle = 0 if budget is None else budget.cycle
    beside = ceil(_look_back(monitor.reference.beside, monitor) / find_usual_length(monitor.schedule))
    is_present, counts = (
        scope.history == row.history,
        max(_LATEST, cycle + 2, monitor.policy.patience.of, beside),
    )
    judged = max(_YEAR if budget is None else count_history(budget), counts)
    open_since = _find_open(tx, row, scope)
    fine = find_floor(tx, scope, counts if is_present else 0)
    verdicts = find_floor(tx, scope, judged if is_present or scope.history == row.inherits else 0)
    return Floors(fine=fine, counts=min(fine, open_since), verdicts=min(verdicts, open_since))


def _find_open(tx: sa.Connection, row: MonitorRow, scope: Scope) -> datetime:
    """Return the first window that an incident which is not resolved refers to."""
    found = find_floor(tx, scope, 0)
    for stored in open_incidents(tx, replace(row, history=scope.history)):
        incident = decode_incident(dict(stored.document), id=stored.id)
        starts = [member.base or member.since for member in incident.members]
        found = min([found, incident.first_window.start, *starts])
    return found


def stretch_retention(monitor: Monitor) -> Retention:
    """Return what the monitor's retention comes to.

    Counts stay as they are for as long as a rolling reference that is made of them looks back; verdicts and
    incidents for as long as one that is read anew does, for what they hold out of it, and for as long as late
    rows may change them.
    """
    kept = monitor.retention
    full = max(kept.full, _look_back(monitor.reference.beside, monitor))
    coarse, rolls = max(kept.coarse, full), _look_back(monitor.reference.rolling, monitor)
    least = rolls + (monitor.late or timedelta(0)) + 2 * monitor.policy.season
    return Retention(full=full, coarse=coarse, findings=max(kept.findings, coarse, least))


def _look_back(rolling: Rolling | None, monitor: Monitor) -> timedelta:
    """Return how long before a window the oldest one lies that a rolling reference may be made of."""
    if rolling is None:
        return timedelta(0)
    return rolling.last + rolling.gap + 2 * monitor.policy.season + monitor.delay
