"""What a person can do about an incident: a form each, with its consequence in words.

Acknowledging, snoozing, silencing, resolving and labelling are different things, and each says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import acknowledge, assign, note, resolve_by_hand, snooze
from driftwatch.incidents.incident import Advance, Incident, IncidentKind, Label
from driftwatch.incidents.naming import LABEL_WORDS
from driftwatch.jobs.cases import Case, change_case, find_case, label_case
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.retrain_request import request_retraining
from driftwatch.web.accepting import accept, foresee
from driftwatch.web.access import Scope, need
from driftwatch.web.acting import Act, Action, Field, Fields, go_to, need_why, send_act, show_act
from driftwatch.web.forms import Sent
from driftwatch.web.house import Here, House
from driftwatch.web.lengths import LENGTHS, choose_length

__all__ = ["ACTIONS", "Number", "list_actions", "router"]

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]
Step = Callable[[Incident, datetime], Advance]

_LABELS: Final = {one.value: LABEL_WORDS[one] for one in Label}


def _by(build: Callable[[Fields], Step]) -> Callable[[House, int, Fields], object]:
    """Return what takes the step that `build` makes of what was sent."""
    return lambda house, number, sent: change_case(house.app.parts, house.monitors, number, build(sent))


def _acknowledge(sent: Fields) -> Step:
    return lambda incident, now: acknowledge(incident, sent["who"], now)


def _snooze(sent: Fields) -> Step:
    length = choose_length(sent.get("length", ""))
    return lambda incident, now: snooze(incident, sent["who"], now, length=length)


def _assign(sent: Fields) -> Step:
    return lambda incident, now: assign(incident, sent.get("to", ""), sent["who"], now)


def _note(sent: Fields) -> Step:
    return lambda incident, now: note(incident, sent.get("text", ""), sent["who"], now)


def _resolve(sent: Fields) -> Step:
    why = need_why(sent, "say why it is over: the reason is kept in its history")
    return lambda incident, now: resolve_by_hand(incident, sent["who"], why, now)


def _label(house: House, number: int, sent: Fields) -> object:
    said = sent.get("said", "")
    if said not in {one.value for one in Label}:
        raise UsageError(f"{said!r} is none of {', '.join(one.value for one in Label)}")
    return label_case(house.app.parts, house.monitors, number, Label(said), sent["who"])


def _retrain(house: House, number: int, sent: Fields) -> object:
    monitor = _find_monitor(house, number)
    return request_retraining(house.app.parts, monitor, number, who=sent["who"], why=sent.get("why", ""))


def _find_monitor(house: House, number: int) -> Monitor:
    return house.app.find_monitor(find_case(house.app.database, house.monitors, number).incident.monitor)


ACTIONS: Final[Mapping[str, Action[int]]] = {
    "acknowledge": Action(
        verb="Acknowledge",
        consequence=(
            "You are looking at it. Reminders and escalations stop for up to 7 days; it stays open, and "
            "people are told again if it gets worse."
        ),
        take=_by(_acknowledge),
    ),
    "snooze": Action(
        verb="Snooze",
        consequence=(
            "Nobody is reminded of it for a while. It stays open, and people are told again if it gets worse."
        ),
        take=_by(_snooze),
        fields=(Field(name="length", label="For how long", choices={words: words for words in LENGTHS}),),
    ),
    "assign": Action(
        verb="Assign",
        consequence="Everybody sees who has it from now on. Nobody is told by this alone.",
        take=_by(_assign),
        fields=(Field(name="to", label="To whom"),),
    ),
    "note": Action(
        verb="Note",
        consequence="It is kept in the history of the incident, for whoever looks at it next.",
        take=_by(_note),
        fields=(Field(name="text", label="What is to be remembered"),),
        is_open_only=False,
    ),
    "label": Action(
        verb="Label",
        consequence=(
            "Expected: its windows count as ordinary from now on. Drift or bad data: they never do, and what "
            "the page took from the false-alarm budget is given back. A later label takes the place of this "
            "one."
        ),
        take=_label,
        fields=(Field(name="said", label="What it was", choices=_LABELS, is_weighty=True),),
        is_open_only=False,
    ),
    "resolve": Action(
        verb="Resolve",
        consequence=(
            "It is over, and whoever was told that it began is told so. Refused while the last window still "
            "shows it: it would open again with the next one."
        ),
        take=_by(_resolve),
        fields=(Field(name="why", label="Why it is over"),),
        is_apart=True,
    ),
    "retrain": Action(
        verb="Request retraining",
        consequence=(
            "The trigger of this monitor is asked to train the model again, at once. Refused while a request "
            "is under way, within the cooldown, and while the data is faulty: that would be learned."
        ),
        take=_retrain,
        fields=(Field(name="why", label="Why it is to be retrained"),),
        is_apart=True,
    ),
    "accept": Action(
        verb="Accept as the new normal",
        consequence=(
            "The columns of this incident are compared with its own windows from now on, and not with the "
            "former reference. Another history begins: every open incident of the monitor ends, and whoever "
            "was told of one is told so. On the page of the reference this can be taken back."
        ),
        take=accept,
        fields=(Field(name="why", label="Why it is normal from now on"),),
        is_apart=True,
        is_long=True,
        preview=foresee,
    ),
}
"""What can be done to an incident, by the word in the address: the most used first."""


def list_actions(incident: Incident, monitor: Monitor | None = None) -> dict[str, Action[int]]:
    """Return what can be done to an incident as it stands, by the word in the address.

    `monitor` is the one that it is about, None where the configuration does not name it any more.
    """
    return {
        name: one
        for name, one in ACTIONS.items()
        if (incident.is_open or not one.is_open_only) and name not in _list_idle(incident, monitor)
    }


def _list_idle(incident: Incident, monitor: Monitor | None) -> set[str]:
    """Return what makes no sense for an incident of its kind."""
    idle = set()
    if incident.kind not in {IncidentKind.DRIFT, IncidentKind.DATA} or incident.opened_at is None:
        idle |= {"label", "accept"}
    if monitor is None or monitor.reference.rolling is not None:
        idle.add("accept")
    if monitor is None or monitor.retrain is None:
        idle.add("retrain")
    return idle


@router.get("/incidents/{number}/{name}", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_form(request: Request, house: Here, number: Number, name: str) -> Response:
    """Show the form of one action, for links in messages: they lead to a button and never do anything."""
    act = build_act(house, number, name)
    if act.errand is not None and act.errand.is_done:
        return go_to(request, act.back, act.errand.who)
    return show_act(request, act)


@router.post("/incidents/{number}/{name}", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)])
def do_action(request: Request, house: Here, sent: Sent, number: Number, name: str) -> Response:
    """Do it, and lead back to the incident; what is refused is said beside the form."""
    return send_act(request, build_act(house, number, name), sent)


def build_act(house: House, number: int, name: str) -> Act[int]:
    """Return an action on an incident. Raises UsageError where it is not possible any more."""
    case, action = find_case(house.app.database, house.monitors, number), ACTIONS.get(name)
    if action is None:
        raise HTTPException(404)
    act = Act(
        house=house,
        action=action,
        subject=number,
        address=f"/incidents/{number}/{name}",
        back=f"/incidents/{number}?did={name}",
        title=case.title,
        section="incidents",
        crumbs=(("Incidents", "/incidents"), (f"#{number}", f"/incidents/{number}")),
    )
    if act.errand is None or act.errand.refused:
        _refuse_idle(house, case, name)
    return act


def _refuse_idle(house: House, case: Case, name: str) -> None:
    """Raise UsageError where there is nothing to do to an incident as it stands."""
    incident = case.incident
    monitor = next((one for one in house.monitors if one.id == incident.monitor), None)
    if name in list_actions(incident, monitor):
        return
    if name in _list_idle(incident, monitor):
        raise UsageError(f"incident {incident.id} is none to {ACTIONS[name].verb.lower()}")
    raise UsageError(f"incident {incident.id} is {incident.state}: there is nothing to {name} any more")
