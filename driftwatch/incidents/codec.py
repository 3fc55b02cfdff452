"""Incidents to and from the JSON document that a store keeps.

Why a version: a daemon of a later release must be able to read what an earlier one wrote.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from driftwatch.incidents.incident import (
    Hold,
    Incident,
    IncidentKind,
    IncidentState,
    Label,
    Member,
    NoticeType,
    Severity,
)
from driftwatch.incidents.markers import decode_marker, encode_marker
from driftwatch.incidents.stamps import decode_window, encode_window, read_stamp, write_stamp

__all__ = ["INCIDENT_VERSION", "decode_incident", "encode_incident"]

INCIDENT_VERSION = 1
"""The version of the document that `encode_incident` writes."""

_MOMENTS = (
    "opened_at",
    "resolved_at",
    "told_at",
    "unsent_at",
    "acknowledged_at",
    "acknowledged_until",
    "snoozed_until",
    "labelled_at",
)
_WINDOWS = ("first_window", "last_window", "seen_to")
_PLAIN = (
    "monitor",
    "resolved_by",
    "resolved_why",
    "clean",
    "windows_open",
    "paged",
    "acknowledged_by",
    "snoozed_by",
    "assigned_to",
    "labelled_by",
    "slice",
    "seq",
)


def encode_incident(incident: Incident) -> dict[str, Any]:
    """Return a document of plain JSON values from which `decode_incident` restores the incident.

    The id is not part of it: the store knows it.
    """
    document: dict[str, Any] = {"version": INCIDENT_VERSION}
    document |= {name: getattr(incident, name) for name in _PLAIN}
    document |= {name: _write_moment(getattr(incident, name)) for name in _MOMENTS}
    document |= {name: encode_window(getattr(incident, name)) for name in _WINDOWS}
    return document | {
        "kind": incident.kind.value,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "told_severity": _write_severity(incident.told_severity),
        "told_as": None if incident.told_as is None else incident.told_as.value,
        "unsent_severity": _write_severity(incident.unsent_severity),
        "unsent_as": None if incident.unsent_as is None else incident.unsent_as.value,
        "told_columns": list(incident.told_columns),
        "told_windows": incident.told_windows,
        "streak": incident.streak,
        "reminded": incident.reminded,
        "escalated_to": list(incident.escalated_to),
        "flips": [write_stamp(flip) for flip in incident.flips],
        "flapping": incident.flapping,
        "markers": [encode_marker(marker) for marker in incident.markers],
        "recent": list(incident.recent),
        "label": None if incident.label is None else incident.label.value,
        "left": [_encode_hold(hold) for hold in incident.left],
        "members": [_encode_member(member) for member in incident.members],
    }


def decode_incident(document: dict[str, Any], *, id: int | None) -> Incident:  # noqa: A002 - the field's own name.
    """Return the incident that `encode_incident` wrote.

    Raises ValueError when the document has another version than this release can read.
    """
    if document.get("version") != INCIDENT_VERSION:
        raise ValueError(
            f"a stored incident has version {document.get('version')!r}, this release reads "
            f"{INCIDENT_VERSION}; use the release that wrote it, or a newer one"
        )
    # What the first release did not know yet is not in its documents.
    label = document.get("label")
    restored: dict[str, Any] = {name: document.get(name) for name in _PLAIN}
    restored |= {name: _read_moment(document.get(name)) for name in _MOMENTS}
    restored |= {name: decode_window(document[name]) for name in _WINDOWS}
    return Incident(
        id=id,
        kind=IncidentKind(document["kind"]),
        state=IncidentState(document["state"]),
        severity=Severity(document["severity"]),
        told_severity=_read_severity(document["told_severity"]),
        told_as=_read_notice(document, "told"),
        unsent_severity=_read_severity(document.get("unsent_severity")),
        unsent_as=_read_notice(document, "unsent"),
        label=None if label is None else Label(label),
        left=tuple(_decode_hold(hold) for hold in document.get("left", ())),
        told_columns=tuple(document.get("told_columns", ())),
        told_windows=int(document.get("told_windows", 0)),
        streak=int(document.get("streak", 0)),
        reminded=int(document.get("reminded", 0)),
        escalated_to=tuple(document.get("escalated_to", ())),
        flips=tuple(read_stamp(flip) for flip in document.get("flips", ())),
        flapping=bool(document.get("flapping", False)),
        markers=tuple(decode_marker(marker) for marker in document.get("markers", ())),
        recent=tuple(document["recent"]),
        members=tuple(_decode_member(member) for member in document["members"]),
        **restored,
    )


def _encode_member(member: Member) -> dict[str, Any]:
    return {
        "column": member.column,
        "about": member.about,
        "since": write_stamp(member.since),
        "statistic": member.statistic,
        "value": member.value,
        "limit": member.limit,
        "text": member.text,
        "moved_share": member.moved_share,
        "clean": member.clean,
        "minor": member.minor,
        "base": _write_moment(member.base),
        "importance": member.importance,
        "plain": member.plain,
    }


def _decode_member(document: dict[str, Any]) -> Member:
    moments = {"since": read_stamp(document["since"]), "base": _read_moment(document.get("base"))}
    return Member(**{**document, **moments})


def _encode_hold(hold: Hold) -> dict[str, Any]:
    return {
        "column": hold.column,
        "about": hold.about,
        "since": write_stamp(hold.since),
        "until": _write_moment(hold.until),
    }


def _decode_hold(document: dict[str, Any]) -> Hold:
    moments = {"since": read_stamp(document["since"]), "until": _read_moment(document["until"])}
    return Hold(**{**document, **moments})


def _write_severity(severity: Severity | None) -> str | None:
    return None if severity is None else severity.value


def _read_severity(word: str | None) -> Severity | None:
    return None if word is None else Severity(word)


def _read_notice(document: dict[str, Any], which: str) -> NoticeType | None:
    """Return what was last told, or kept from people; older documents tell by when that was."""
    if f"{which}_as" in document:
        word = document[f"{which}_as"]
        return None if word is None else NoticeType(word)
    at, over = _read_moment(document.get(f"{which}_at")), _read_moment(document.get("resolved_at"))
    if at is None:
        return None
    return NoticeType.RESOLVED if over is not None and at >= over else NoticeType.OPENED


def _write_moment(moment: datetime | None) -> str | None:
    return None if moment is None else write_stamp(moment)


def _read_moment(text: str | None) -> datetime | None:
    return None if text is None else read_stamp(text)
