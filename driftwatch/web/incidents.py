"""The list of incidents, and the page of one: what happened, how it went on, and who was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse

from driftwatch.incidents.finding import VerdictWord
from driftwatch.incidents.incident import (
    Incident,
    IncidentKind,
    IncidentState,
    Member,
    Severity,
    rank_members,
)
from driftwatch.incidents.naming import name_member
from driftwatch.incidents.similar import say_end, say_length
from driftwatch.jobs.cases import Case, build_cases, find_case, need_incident
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.surroundings import Around, read_around
from driftwatch.store.delivery import DeliveryRow
from driftwatch.store.incidents import EventRow, list_events
from driftwatch.store.incidents import IncidentRow as StoredIncident
from driftwatch.store.outbox import list_deliveries
from driftwatch.store.pages import WantedIncidents, page_incidents
from driftwatch.store.retrains import RetrainRow, RetrainState, list_retrains
from driftwatch.store.tellings import list_tellings
from driftwatch.web.access import Scope, need
from driftwatch.web.actions import ACTIONS, list_actions
from driftwatch.web.bulk import BULK
from driftwatch.web.forms import find_token, find_who
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House
from driftwatch.web.paging import PAGE, ColumnsNumber, Leaf, PageNumber, build_leaf, cut
from driftwatch.web.slices import SlicePart, read_slices
from driftwatch.web.telling import say_telling, say_who
from driftwatch.web.windows import SHAPES, Shape

__all__ = [
    "Chosen",
    "IncidentPage",
    "IncidentRow",
    "Step",
    "build_incident_rows",
    "list_saved",
    "read_incident",
    "router",
]

router = APIRouter()

_OVER = Shape(mark="✓", word="resolved", tone="calm")
_QUIET = Shape(mark="◌", word="recorded", tone="quiet")


_RETRAIN_WORDS: Final = {
    RetrainState.REQUESTED: "waits to be sent",
    RetrainState.SENDING: "is being sent",
    RetrainState.ACCEPTED: "taken up",
    RetrainState.FAILED: "given up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """One incident in the list: its mark and word, who has it, and whether people were told."""

    case: Case
    shape: Shape
    who: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of an incident's history, with what was sent because of it."""

    event: EventRow
    deliveries: tuple[DeliveryRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """Everything on the page of an incident."""

    case: Case
    shape: Shape
    monitor: Monitor | None
    members: tuple[tuple[str, Member], ...]
    steps: tuple[Step, ...]
    retrains: tuple[RetrainRow, ...]
    who: str
    told: str
    slices: SlicePart | None
    around: Around
    worked_out: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which incidents are shown; an empty word is any.

    `q` stands somewhere in it, `taken_by` has it, `free`: nobody looks at it. `days`: it opened in the last
    so many, 0 is whenever.
    """

    state: Annotated[str, Query(pattern="^(open|resolved|all)$")] = "open"
    monitor: Annotated[str, Query(max_length=200)] = ""
    owner: Annotated[str, Query(max_length=200)] = ""
    kind: Annotated[str, Query(max_length=40)] = ""
    severity: Annotated[str, Query(max_length=40)] = ""
    q: Annotated[str, Query(max_length=200)] = ""
    taken_by: Annotated[str, Query(max_length=100)] = ""
    free: Annotated[bool, Query()] = False
    days: Annotated[int, Query(ge=0, le=3660)] = 0

    def build_wanted(self, house: House) -> WantedIncidents:
        """Return what the store is asked for."""
        return WantedIncidents(
            resolved={"open": False, "resolved": True}.get(self.state),
            monitor=self.monitor or None,
            monitors=tuple(one.id for one in house.monitors if one.owner == self.owner)
            if self.owner
            else None,
            kind=self.kind or None,
            severity=self.severity or None,
            text=self.q.strip() or None,
            taken_by=self.taken_by or None,
            free=self.free,
            since=house.now() - timedelta(days=self.days) if self.days else None,
        )

    @property
    def address(self) -> str:
        """The filters as they stand in an address."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        usual = {field.name: field.default for field in fields(self)}
        return urlencode({name: _write(value) for name, value in given.items() if value != usual[name]})


def _write(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def list_saved(who: str) -> list[tuple[str, str]]:
    """Return filters that people want again and again: their names and what stands in the address.

    >>> list_saved("")[0]
    ('nobody is at it', 'free=true')
    """
    mine = [("mine", urlencode({"taken_by": who}))] if who else []
    return [
        *mine,
        ("nobody is at it", "free=true"),
        ("critical", "severity=critical"),
        ("last 7 days", "state=all&days=7"),
    ]


@router.get("/incidents", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_incidents(
    request: Request, house: Here, chosen: Annotated[Chosen, Depends()], page: PageNumber = 1
) -> HTMLResponse:
    """Show incidents, the newest first."""
    leaf = _read_leaf(house, chosen.build_wanted(house), page)
    who = find_who(request)
    frame = house.frame("Incidents", "incidents")
    return render(
        request,
        "incidents.html",
        frame,
        {
            "leaf": leaf,
            "chosen": chosen,
            "monitors": [one.id for one in house.monitors],
            "kinds": list(IncidentKind),
            "severities": list(Severity),
            "owners": sorted({one.owner for one in house.monitors if one.owner}),
            "saved": list_saved(who),
            "bulk": BULK,
            "request": request,
        },
    )


def _read_leaf(house: House, wanted: WantedIncidents, number: int) -> Leaf[IncidentRow]:
    rows, total = house.read(lambda tx: page_incidents(tx, wanted, at_most=PAGE, skip=(number - 1) * PAGE))
    return build_leaf(build_incident_rows(house, rows), number, total)


def build_incident_rows(house: House, rows: Sequence[StoredIncident]) -> list[IncidentRow]:
    """Return stored incidents as the list shows them."""
    cases = build_cases(rows, house.monitors)
    tellings = house.read(lambda tx: list_tellings(tx, [row.id for row in rows]))
    return [
        IncidentRow(
            case=case,
            shape=choose_shape(case.incident),
            who=say_who(case.incident) if case.incident.is_live else "",
            told=say_telling(case.incident, tellings.get(case.incident.id or 0, {})),
        )
        for case in cases
    ]


@router.get("/incidents/{number}", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_incident(
    request: Request,
    house: Here,
    number: Annotated[int, Path(ge=1, le=2**53)],
    did: Annotated[str, Query(pattern="^[a-z]{0,20}$")] = "",
    page: PageNumber = 1,
    columns: ColumnsNumber = 1,
) -> HTMLResponse:
    """Show one incident; `did` is what was done to it a moment ago."""
    found = read_incident(house, number)
    frame = house.frame(found.case.title, "incidents")
    values = {
        "page": found,
        "members": cut(found.members, columns),
        "steps": cut(found.steps, page),
        "retrain_words": _RETRAIN_WORDS,
        "request": request,
        "did": ACTIONS[did].verb.lower() if did in ACTIONS else "",
        "actions": list_actions(found.case.incident, found.monitor),
        "token": find_token(request),
        "who": find_who(request),
        "say_length": say_length,
        "say_end": say_end,
        "pictures": house.draw_incident(number),
    }
    return render(request, "incident.html", frame, values)


def read_incident(house: House, number: int) -> IncidentPage:
    """Return the page of an incident. Raises UsageError where there is none with this number."""
    case = find_case(house.app.database, house.monitors, number)
    events = house.read(lambda tx: list_events(tx, number))
    sent = house.read(lambda tx: list_deliveries(tx, incident_id=number))
    incident = case.incident
    monitor = next((one for one in house.monitors if one.id == incident.monitor), None)
    around, worked_out = _look_around(house, case, monitor)
    tellings = {one.channel: one.state for one in sorted(sent, key=lambda one: one.seq or 0)}
    return IncidentPage(
        case=case,
        shape=choose_shape(incident),
        monitor=monitor,
        members=tuple((name_member(one), one) for one in rank_members(incident.members)),
        steps=tuple(_list_steps(events, sent)),
        retrains=tuple(house.read(lambda tx: list_retrains(tx, incident_id=number))),
        who=say_who(incident) if incident.is_live else "",
        told=say_telling(incident, tellings),
        slices=read_slices(house, incident),
        around=around,
        worked_out=worked_out,
        now=house.now(),
    )


def _look_around(house: House, case: Case, monitor: Monitor | None) -> tuple[Around, tuple[str, ...]]:
    """Return what stood around an incident, and how it was worked out."""
    row = need_incident(house.app.database, case.incident.id or 0)
    same_source = house.app.parts.gate.list_same_source(case.incident.monitor)
    around = house.read(lambda tx: read_around(tx, row, monitor, same_source))
    return around, house.reasons.read(house.app, row, monitor, case.text)


def _list_steps(events: Sequence[EventRow], sent: Sequence[DeliveryRow]) -> list[Step]:
    by_seq: Mapping[int, list[DeliveryRow]] = {event.seq: [] for event in events}
    for one in sent:
        by_seq.get(one.seq or 0, []).append(one)
    return [Step(event=event, deliveries=tuple(by_seq[event.seq])) for event in reversed(events)]


def choose_shape(incident: Incident) -> Shape:
    """Return how an incident looks: over, only recorded, or what it is about and how bad it is."""
    if incident.state is IncidentState.RESOLVED:
        return _OVER
    if incident.severity is Severity.MINOR:
        return _QUIET
    mark = SHAPES[VerdictWord.DRIFT if incident.kind is IncidentKind.DRIFT else VerdictWord.DATA].mark
    return Shape(mark=mark, word=f"{incident.severity.value}, {incident.state.value}", tone="bad")
