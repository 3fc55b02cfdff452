"""Incidents and their history."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from driftwatch.incidents.incident import (
    IncidentKind,
    IncidentState,
    Label,
    NoticeType,
    Severity,
    TransitionKind,
)
from driftwatch.web.api.shapes.deliveries import Delivery
from driftwatch.web.api.shapes.markers import Marker
from driftwatch.web.api.shapes.shape import Shape

__all__ = ["Event", "FoundIncident", "Incident", "Incidents", "Member"]


class Member(Shape):
    """One thing that is wrong within an incident."""

    column: str | None
    since: str
    """The window in which it joined."""
    statistic: str
    value: float | None
    limit: float | None
    about: str
    moved_share: float | None
    minor: bool
    text: str


class Incident(Shape):
    """Something that is wrong with a monitor, as it stands."""

    id: int
    monitor: str
    kind: IncidentKind
    severity: Severity
    state: IncidentState
    title: str
    text: str
    """It in plain words, with what happens if nothing is done."""
    first_window: str
    last_window: str
    opened_at: str | None
    resolved_at: str | None
    resolved_by: str | None
    paged: bool
    told_at: str | None
    acknowledged_by: str | None
    acknowledged_at: str | None
    acknowledged_until: str | None
    snoozed_by: str | None
    snoozed_until: str | None
    assigned_to: str | None
    label: Label | None
    labelled_by: str | None
    labelled_at: str | None
    windows_open: int
    columns: list[Member]
    markers: list[Marker]
    """What happened shortly before it began."""
    slice: str | None
    """Which rows carry the change, where a slice of them is clearly responsible."""


class Incidents(Shape):
    """Incidents, the newest first."""

    schema_: Literal["driftwatch.incidents/v1"] = Field(alias="schema")
    incidents: list[Incident]
    total: int
    """How many there are in all."""
    next: str | None
    """The address of those before them; null where there are none."""


class Event(Shape):
    """A step in the life of an incident."""

    at: str
    kind: TransitionKind
    reason: str
    actor: str | None
    """Who did it, where a person did."""
    notice: NoticeType | None
    """The notice that told it, where one did."""


class FoundIncident(Shape):
    """One incident with its history and what was sent because of it."""

    schema_: Literal["driftwatch.incident/v1"] = Field(alias="schema")
    incident: Incident
    events: list[Event]
    deliveries: list[Delivery]
