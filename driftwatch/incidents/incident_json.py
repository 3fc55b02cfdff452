"""An incident as scripts and webhooks get it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from driftwatch.incidents.incident import Incident, Member, rank_members
from driftwatch.incidents.markers import MOST_NAMED, build_marker_json
from driftwatch.incidents.stamps import write_stamp

__all__ = ["build_incident_json"]


def _describe_member(member: Member) -> dict[str, Any]:
    """Return a member as an entry of `columns` in `driftwatch.incidents/v1`."""
    return {
        "column": member.column,
        "since": write_stamp(member.since),
        "statistic": member.statistic,
        "value": member.value,
        "limit": member.limit,
        "about": member.about,
        "moved_share": member.moved_share,
        "minor": member.minor,
        "text": member.text,
    }


def build_incident_json(incident: Incident, title: str, text: str) -> dict[str, Any]:
    """Return an incident as `driftwatch.incidents/v1` lists it, the columns that changed most first."""
    return {
        "id": incident.id,
        "monitor": incident.monitor,
        "kind": incident.kind.value,
        "severity": incident.severity.value,
        "state": incident.state.value,
        "title": title,
        "text": text,
        "first_window": write_stamp(incident.first_window.start),
        "last_window": write_stamp(incident.last_window.start),
        "opened_at": _stamp_or_none(incident.opened_at),
        "resolved_at": _stamp_or_none(incident.resolved_at),
        "resolved_by": incident.resolved_by,
        "paged": incident.paged,
        "told_at": _stamp_or_none(incident.told_at),
        "acknowledged_by": incident.acknowledged_by,
        "acknowledged_at": _stamp_or_none(incident.acknowledged_at),
        "acknowledged_until": _stamp_or_none(incident.acknowledged_until),
        "snoozed_by": incident.snoozed_by,
        "snoozed_until": _stamp_or_none(incident.snoozed_until),
        "assigned_to": incident.assigned_to,
        "label": None if incident.label is None else incident.label.value,
        "labelled_by": incident.labelled_by,
        "labelled_at": _stamp_or_none(incident.labelled_at),
        "windows_open": incident.windows_open,
        "markers": [build_marker_json(marker) for marker in incident.markers[:MOST_NAMED]],
        "slice": incident.slice,
        "columns": [_describe_member(member) for member in rank_members(incident.members)],
    }


def _stamp_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else write_stamp(moment)
