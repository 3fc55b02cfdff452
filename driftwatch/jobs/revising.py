"""A window that was judged again, or out of its turn: its incidents are replayed over what it shows.

Only the drift and the data axis are: what grows with time alone reads the store anyway.
"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.finding import Verdict
from driftwatch.incidents.incident import Incident, IncidentKind
from driftwatch.incidents.revising import replay_axis
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.steps import Steps
from driftwatch.profiles.window import Window
from driftwatch.store.evidence import load_statistics
from driftwatch.store.incidents import list_incidents
from driftwatch.store.verdicts import list_verdicts

__all__ = ["revise_incidents"]

_AXES = (IncidentKind.DRIFT, IncidentKind.DATA)


def revise_incidents(steps: Steps, window: Window, why: str) -> None:
    """Bring the live incidents to where the newest verdicts lead, `window` having been judged again.

    Each is replayed from the window at which nothing was wrong last: no earlier one can make a difference.
    """
    watch = steps.watch
    begins = {kind: _find_begin(steps.tx, watch, kind, window) for kind in _AXES}
    verdicts = _load_verdicts(steps.tx, watch, min(begins.values()))
    for kind, begin in begins.items():
        replayed = replay_axis(
            [verdict for verdict in verdicts if not verdict.window < begin],
            watch.monitor.policy,
            kind=kind,
            monitor=watch.monitor.id,
            delay=watch.monitor.delay,
        )
        steps.revise(kind, replayed, why)


def _find_begin(tx: sa.Connection, watch: Watch, kind: IncidentKind, window: Window) -> Window:
    """Return the first window of the incident that was live before `window`; that window where none was."""
    live = [
        incident.first_window
        for incident in _list_incidents(tx, watch, kind)
        if incident.first_window < window and (incident.is_live or not incident.seen_to < window)
    ]
    return min(live, default=window)


def _list_incidents(tx: sa.Connection, watch: Watch, kind: IncidentKind) -> list[Incident]:
    rows = list_incidents(tx, include_resolved=True, monitor=watch.row)
    return [
        decode_incident(dict(row.document), id=row.id)
        for row in rows
        if row.history == watch.row.history and row.kind == kind
    ]


def _load_verdicts(tx: sa.Connection, watch: Watch, begin: Window) -> list[Verdict]:
    """Return the newest verdicts from a window on, with the statistics that say which columns were judged."""
    return [
        replace(row.verdict, statistics=load_statistics(tx, watch.row, row.window))
        for row in list_verdicts(tx, watch.row, start=begin.start)
    ]
