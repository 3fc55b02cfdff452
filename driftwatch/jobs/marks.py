"""What happened to a monitor beside what was measured, to be drawn over the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from driftwatch.charts.values import Mark
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.incident import Incident
from driftwatch.incidents.markers import say_marker
from driftwatch.jobs.monitor import Monitor
from driftwatch.profiles.window import Window
from driftwatch.store.markers import Wanted, list_markers
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.pages import WantedIncidents, page_incidents
from driftwatch.store.references import list_references

__all__ = ["list_marks"]

_MOST_INCIDENTS: Final = 100
_MOST_MARKERS: Final = 50


def list_marks(tx: sa.Connection, monitor: Monitor, row: MonitorRow, span: Window) -> list[Mark]:
    """Return what happened in a span of time: incidents with their labels, other references, markers.

    The newest 100 incidents of the monitor and the latest 50 markers are looked at.
    """
    rows, _ = page_incidents(tx, WantedIncidents(monitor=row.key), at_most=_MOST_INCIDENTS)
    wanted = Wanted(monitor=monitor.id, owner=monitor.owner, start=span.start, end=span.end)
    incidents = [decode_incident(dict(one.document), id=one.id) for one in rows]
    references = [
        Mark(at=one.promoted_at, kind="reference", words=f"version {one.version} of the reference judges")
        for one in list_references(tx, row)
        if one.promoted_at is not None
    ]
    markers = [
        Mark(at=one.at, kind=one.kind, words=say_marker(one))
        for one in list_markers(tx, wanted, at_most=_MOST_MARKERS)
    ]
    marks = [*_mark_incidents(incidents), *_mark_labels(incidents), *references, *markers]
    seen = (one for one in marks if one.at < span.end and (one.until or one.at) >= span.start)
    return sorted(seen, key=lambda one: one.at)


def _mark_incidents(incidents: Sequence[Incident]) -> list[Mark]:
    return [
        Mark(
            at=one.first_window.start,
            until=one.last_window.end,
            kind="incident",
            words=f"Incident {one.id}: {one.kind}, {one.severity}, {one.state}",
        )
        for one in incidents
    ]


def _mark_labels(incidents: Sequence[Incident]) -> list[Mark]:
    return [
        Mark(
            at=one.first_window.start,
            kind="label",
            words=f"Incident {one.id}: {one.label}, says {one.labelled_by or 'somebody'}",
        )
        for one in incidents
        if one.label is not None
    ]
