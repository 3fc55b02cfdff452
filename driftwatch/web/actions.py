"""What a person can do about an incident: a form each, with its consequence in words.

Acknowledging, snoozing, silencing, resolving and labelling are different things, and each says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import acknowledge, assign, note, resolve_by_hand, snooze
from driftwatch.incidents.incident import Advance, Incident, IncidentKind, Label
from driftwatch.incidents.naming import LABEL_WORDS
from driftwatch.jobs.cases import change_case, find_case, label_case
from driftwatch.web.access import Scope, need
from driftwatch.web.forms import Sent, find_token, find_who, keep_who
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House
from driftwatch.web.lengths import LENGTHS, choose_length

__all__ = ["ACTIONS", "Action", "Field", "list_actions", "router"]

router = APIRouter()

Fields = Mapping[str, str]
Step = Callable[[Incident, datetime], Advance]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something that a form asks for: a line of text, or one of `choices` by their words."""

    name: str
    label: str
    choices: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that can be done to an incident, and what follows from it.

    `take` does it to the incident of a number, with what was sent, and raises UsageError where it is refused.
    `is_open_only`: there is nothing to do once it is over.
    """

    verb: str
    consequence: str
    take: Callable[[House, int, Fields], object]
    fields: tuple[Field, ...] = ()
    is_open_only: bool = True


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
    why = sent.get("why", "").strip()
    if not why:
        raise UsageError("say why it is over: the reason is kept in its history")
    return lambda incident, now: resolve_by_hand(incident, sent["who"], why, now)


def _label(house: House, number: int, sent: Fields) -> object:
    said = sent.get("said", "")
    if said not in {one.value for one in Label}:
        raise UsageError(f"{said!r} is none of {', '.join(one.value for one in Label)}")
    return label_case(house.app.parts, house.monitors, number, Label(said), sent["who"])


ACTIONS: Final[Mapping[str, Action]] = {
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
    "resolve": Action(
        verb="Resolve",
        consequence=(
            "It is over, and whoever was told that it began is told so. Refused while the last window still "
            "shows it: it would open again with the next one."
        ),
        take=_by(_resolve),
        fields=(Field(name="why", label="Why it is over"),),
    ),
    "label": Action(
        verb="Label",
        consequence=(
            "Expected: its windows count as ordinary from now on. Drift or bad data: they never do, and what "
            "the page took from the false-alarm budget is given back. A later label takes the place of this "
            "one."
        ),
        take=_label,
        fields=(Field(name="said", label="What it was", choices=_LABELS),),
        is_open_only=False,
    ),
}
"""What can be done to an incident, by the word in the address."""


def list_actions(incident: Incident) -> dict[str, Action]:
    """Return what can be done to an incident as it stands, by the word in the address."""
    may_be_labelled = incident.kind in {IncidentKind.DRIFT, IncidentKind.DATA} and incident.opened_at
    return {
        name: one
        for name, one in ACTIONS.items()
        if (incident.is_open or not one.is_open_only) and (name != "label" or may_be_labelled)
    }


@router.get("/incidents/{number}/{name}", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_form(
    request: Request, house: Here, number: Annotated[int, Path(ge=1, le=2**53)], name: str
) -> HTMLResponse:
    """Show the form of one action, for links in messages: they lead to a button and never do anything."""
    return _show(request, house, number, name)


@router.post("/incidents/{number}/{name}", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)])
def do_action(
    request: Request, house: Here, sent: Sent, number: Annotated[int, Path(ge=1, le=2**53)], name: str
) -> Response:
    """Do it, and lead back to the incident; what is refused is said beside the form."""
    action = _need_action(house, number, name)
    try:
        action.take(house, number, sent)
    except UsageError as error:
        return _show(request, house, number, name, refused=str(error), status=409)
    back = f"{request.scope.get('root_path', '')}/incidents/{number}?did={name}"
    response = RedirectResponse(back, status_code=303)
    keep_who(request, response, sent["who"])
    return response


def _need_action(house: House, number: int, name: str) -> Action:
    incident = find_case(house.app.database, house.monitors, number).incident
    action = ACTIONS.get(name)
    if action is None:
        raise HTTPException(404)
    if name not in list_actions(incident):
        raise UsageError(f"incident {number} is {incident.state}: there is nothing to {name} any more")
    return action


def _show(
    request: Request, house: House, number: int, name: str, *, refused: str = "", status: int = 200
) -> HTMLResponse:
    action = _need_action(house, number, name)
    case = find_case(house.app.database, house.monitors, number)
    frame = house.frame(f"{action.verb}: {case.title}", "incidents")
    values = {
        "case": case,
        "name": name,
        "action": action,
        "refused": refused,
        "token": find_token(request),
        "who": find_who(request),
    }
    return render(request, "action.html", frame, values, status=status)
