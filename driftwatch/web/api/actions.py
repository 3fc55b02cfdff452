"""What can be done to an incident: the same as with its page, and refused for the same reasons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from driftwatch.incidents.by_hand import acknowledge, assign, note, resolve_by_hand, snooze
from driftwatch.incidents.incident import Advance, Incident, Label
from driftwatch.jobs.acceptance import accept_incident
from driftwatch.jobs.cases import change_case, find_case, label_case, refuse_outdated
from driftwatch.jobs.retrain_request import request_retraining
from driftwatch.web.api.changing import (
    CHANGES,
    Actor,
    By,
    Expected,
    Length,
    Line,
    WhyBody,
    Words,
    change,
    name_actor,
    read_length,
    read_tag,
)
from driftwatch.web.api.incidents import show_incident
from driftwatch.web.api.retrains import find_retrain
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.incidents import FoundIncident
from driftwatch.web.api.shapes.retrains import FoundRetrain
from driftwatch.web.api.values import Number
from driftwatch.web.house import Here, House

__all__ = ["router"]

router = open_router("incidents")

Step = Callable[[Incident, datetime], Advance]


class SnoozeBody(By):
    """For how long."""

    for_: Length = Field(alias="for")


class AssignBody(By):
    """To whom."""

    to: Line


class NoteBody(By):
    """What is to be remembered."""

    text: Words


class LabelBody(By):
    """What it was."""

    label: Label


@router.post("/incidents/{number}/acknowledge", response_model=FoundIncident, dependencies=CHANGES)
def acknowledge_incident(
    request: Request, house: Here, caller: Actor, number: Number, body: By, expected: Expected = ""
) -> Response:
    """Say that you are looking at it: reminders and escalations stop for up to 7 days, and it stays open."""
    who = name_actor(caller, body)
    _change(house, number, lambda incident, now: acknowledge(incident, who, now), expected)
    return show_incident(request, house, number)


@router.post("/incidents/{number}/snooze", response_model=FoundIncident, dependencies=CHANGES)
def snooze_incident(
    request: Request, house: Here, caller: Actor, number: Number, body: SnoozeBody, expected: Expected = ""
) -> Response:
    """Have nobody reminded of it for a while; it stays open, and people are told again if it gets worse."""
    who, length = name_actor(caller, body), read_length(body.for_, "body.for")
    _change(house, number, lambda incident, now: snooze(incident, who, now, length=length), expected)
    return show_incident(request, house, number)


@router.post("/incidents/{number}/assign", response_model=FoundIncident, dependencies=CHANGES)
def assign_incident(
    request: Request, house: Here, caller: Actor, number: Number, body: AssignBody, expected: Expected = ""
) -> Response:
    """Say who has it from now on."""
    who = name_actor(caller, body)
    _change(house, number, lambda incident, now: assign(incident, body.to, who, now), expected)
    return show_incident(request, house, number)


@router.post("/incidents/{number}/note", response_model=FoundIncident, dependencies=CHANGES)
def note_incident(
    request: Request, house: Here, caller: Actor, number: Number, body: NoteBody, expected: Expected = ""
) -> Response:
    """Write something down in its history; resolved ones take notes too."""
    who = name_actor(caller, body)
    _change(house, number, lambda incident, now: note(incident, body.text, who, now), expected)
    return show_incident(request, house, number)


@router.post("/incidents/{number}/resolve", response_model=FoundIncident, dependencies=CHANGES)
def resolve_incident(
    request: Request, house: Here, caller: Actor, number: Number, body: WhyBody, expected: Expected = ""
) -> Response:
    """Close it by hand; refused while its last window still shows it."""
    who = name_actor(caller, body)
    _change(house, number, lambda incident, now: resolve_by_hand(incident, who, body.why, now), expected)
    return show_incident(request, house, number)


@router.post("/incidents/{number}/label", response_model=FoundIncident, dependencies=CHANGES)
def label_incident(
    request: Request, house: Here, caller: Actor, number: Number, body: LabelBody, expected: Expected = ""
) -> Response:
    """Say what it was: that decides for good whether its windows count as ordinary."""
    who, seen = name_actor(caller, body), read_tag(expected)
    _need(house, number)
    change(lambda: label_case(house.app.parts, house.monitors, number, body.label, who, seen=seen))
    return show_incident(request, house, number)


@router.post("/incidents/{number}/accept", response_model=FoundIncident, dependencies=CHANGES)
def accept_as_normal(
    request: Request, house: Here, caller: Actor, number: Number, body: WhyBody, expected: Expected = ""
) -> Response:
    """Make what it shows the new normal: its columns are compared with its own windows from now on.

    Its windows are read from the source again, which takes its time. What is open of its monitor ends.
    """
    who, incident = name_actor(caller, body), _need(house, number)
    change(lambda: refuse_outdated(incident, read_tag(expected)))
    monitor = house.app.find_monitor(incident.monitor)
    change(lambda: accept_incident(house.app.parts, monitor, incident, who, body.why))
    return show_incident(request, house, number)


@router.post(
    "/incidents/{number}/retrain", response_model=FoundRetrain, tags=["retrains"], dependencies=CHANGES
)
def request_retrain(
    request: Request, house: Here, caller: Actor, number: Number, body: WhyBody, expected: Expected = ""
) -> Response:
    """Ask for retraining because of it, now; refused while one is under way, or the last was not long ago."""
    who, incident = name_actor(caller, body), _need(house, number)
    change(lambda: refuse_outdated(incident, read_tag(expected)))
    monitor = house.app.find_monitor(incident.monitor)
    asked = change(lambda: request_retraining(house.app.parts, monitor, number, who=who, why=body.why))
    return find_retrain(request, house, asked)


def _change(house: House, number: int, step: Step, expected: str) -> None:
    seen = read_tag(expected)
    _need(house, number)
    change(lambda: change_case(house.app.parts, house.monitors, number, step, seen=seen))


def _need(house: House, number: int) -> Incident:
    return find_case(house.app.database, house.monitors, number).incident
