"""Incidents: what is wrong, since when, and who was told."""

from __future__ import annotations

from typing import Literal

from fastapi import Request
from starlette.responses import Response

from driftwatch.incidents.incident import IncidentKind, Severity
from driftwatch.jobs.as_json import build_delivery_json, build_event_json
from driftwatch.jobs.cases import build_cases, find_case
from driftwatch.store.incidents import list_events
from driftwatch.store.outbox import list_deliveries
from driftwatch.store.pages import WantedIncidents, page_incidents
from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import answer, build_tag
from driftwatch.web.api.paging import Part
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.incidents import FoundIncident, Incidents
from driftwatch.web.api.values import Number, Text, need_monitor
from driftwatch.web.house import Here, House

__all__ = ["router"]

router = open_router("incidents")

_READ = [need(Scope.READ)]
_IS_OVER = {"open": False, "resolved": True, "all": None}


@router.get("/incidents", response_model=Incidents, dependencies=_READ)
def list_incidents(
    house: Here,
    part: Part,
    *,
    state: Literal["open", "resolved", "all"] = "open",
    monitor: Text = "",
    kind: IncidentKind | None = None,
    severity: Severity | None = None,
) -> Response:
    """List incidents, the newest first; without `state` those that are not over."""
    need_monitor(house, monitor)
    seen = part.read(int)
    wanted = WantedIncidents(resolved=_IS_OVER[state], monitor=monitor or None, kind=kind, severity=severity)
    before = None if seen is None else seen[0]
    rows, total = house.read(lambda tx: page_incidents(tx, wanted, at_most=part.limit + 1, before=before))
    shown, more = part.cut(rows)
    last = [shown[-1].id] if more else []
    document = {
        "schema": "driftwatch.incidents/v1",
        "incidents": [case.to_json() for case in build_cases(shown, house.monitors)],
        "total": total,
    }
    return part.answer(document, *last)


@router.get("/incidents/{number}", response_model=FoundIncident, dependencies=_READ)
def find_incident(request: Request, house: Here, number: Number) -> Response:
    """Show one incident with its history and what was sent because of it.

    The tag begins with the incident's own version: send it as `If-Match` with an action, and that is refused
    with 412 where somebody has changed the incident meanwhile.
    """
    return show_incident(request, house, number)


def show_incident(request: Request, house: House, number: int) -> Response:
    """Return one incident as the answer."""
    case = find_case(house.app.database, house.monitors, number)
    events = house.read(lambda tx: list_events(tx, number))
    sent = house.read(lambda tx: list_deliveries(tx, incident_id=number))
    document = {
        "schema": "driftwatch.incident/v1",
        "incident": case.to_json(),
        "events": [build_event_json(event) for event in events],
        "deliveries": [build_delivery_json(row) for row in sent],
    }
    return answer(request, document, tag=f'"{case.incident.seq}.{build_tag(document).strip(chr(34))}"')
