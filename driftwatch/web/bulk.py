"""The same done to several incidents at once: first what it will do, then what was done or refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field as Bounded
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from driftwatch.errors import UsageError
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.jobs.cases import Case, find_case
from driftwatch.store.silences import add_silence
from driftwatch.web.access import Scope, need
from driftwatch.web.acting import Action, Field, Fields
from driftwatch.web.actions import ACTIONS, list_actions
from driftwatch.web.forms import Sent, find_token, find_who, keep_who
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House
from driftwatch.web.lengths import LENGTHS, choose_length
from driftwatch.web.paging import PAGE

__all__ = ["BULK", "Done", "router"]

router = APIRouter()

_PICKED: Final = re.compile(r"pick-([0-9]{1,15})", re.ASCII)


def _silence(house: House, number: int, sent: Fields) -> object:
    """Hear nothing of incidents of this kind of this monitor for a while."""
    now, incident = house.now(), find_case(house.app.database, house.monitors, number).incident
    silence = Silence(
        matchers=Matchers(monitor=incident.monitor, kind=incident.kind.value),
        starts_at=now,
        ends_at=now + choose_length(sent.get("length", "")),
        author=sent["who"],
        reason=sent.get("reason", ""),
        created_at=now,
    )
    return house.app.database.write(lambda tx: add_silence(tx, silence))


_SILENCE: Final = Action(
    verb="Silence",
    consequence=(
        "Nobody hears of incidents of the same monitor and kind while it holds, of new ones neither. They "
        "are judged and kept all the same, and what is still open at the end is told then."
    ),
    take=_silence,
    fields=(
        Field(name="length", label="For how long", choices={words: words for words in LENGTHS}),
        Field(name="reason", label="Why, for those who hear nothing", required=False),
    ),
)

BULK: Final[Mapping[str, Action[int]]] = {
    **{name: ACTIONS[name] for name in ("acknowledge", "snooze", "assign", "note")},
    "silence": _SILENCE,
    **{name: ACTIONS[name] for name in ("label", "resolve")},
}
"""What can be done to several incidents at once, by the word in the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One of the incidents: `refused` says why nothing is, or was, done to it."""

    case: Case
    refused: str = ""


@router.get("/incidents/bulk", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_plan(
    request: Request,
    house: Here,
    do: Annotated[str, Query(max_length=20)] = "",
    pick: Annotated[list[Annotated[int, Bounded(ge=1, le=2**53)]] | None, Query(max_length=PAGE)] = None,
) -> HTMLResponse:
    """Show what would be done to the incidents that were picked, and ask for what it needs."""
    action = _need_action(do)
    plan = [Done(case=case, refused=_say_idle(house, case, do)) for case in _list_cases(house, pick or [])]
    return _show(request, house, do, action, plan)


@router.post("/incidents/bulk", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)])
def do_all(request: Request, house: Here, sent: Sent) -> HTMLResponse:
    """Do it to each of them in turn, and show which were refused and why."""
    name = sent.get("do", "")
    action = _need_action(name)
    picked = [int(found[1]) for field in sent if (found := _PICKED.fullmatch(field))][:PAGE]
    covered: set[tuple[str, str]] = set()
    done = []
    for case in _list_cases(house, picked):
        about = (case.incident.monitor, case.incident.kind.value)
        if name == "silence" and about in covered:
            done.append(Done(case=case))  # The silence of another one of them covers it.
            continue
        refused = _say_idle(house, case, name) or _take(house, action, case, sent)
        done.append(Done(case=case, refused=refused))
        covered |= {about} if not refused else set()
    response = _show(request, house, name, action, done, sent=sent)
    keep_who(request, response, sent["who"])
    return response


def _take(house: House, action: Action[int], case: Case, sent: Fields) -> str:
    """Do it to one incident, and return why it was refused; nothing where it was done."""
    try:
        action.take(house, case.incident.id or 0, sent)
    except UsageError as error:
        return str(error)
    return ""


def _need_action(name: str) -> Action[int]:
    if name not in BULK:
        raise HTTPException(400, f"Say what is to be done: {', '.join(BULK)}.")
    return BULK[name]


def _list_cases(house: House, numbers: Sequence[int]) -> list[Case]:
    if not numbers:
        raise HTTPException(400, "Nothing was picked: go back, and tick the incidents that are meant.")
    return [find_case(house.app.database, house.monitors, number) for number in dict.fromkeys(numbers)]


def _say_idle(house: House, case: Case, name: str) -> str:
    """Return why there is nothing to do to an incident as it stands; nothing where there is."""
    monitor = next((one for one in house.monitors if one.id == case.incident.monitor), None)
    known = list_actions(case.incident, monitor)
    possible = case.incident.is_open if name == "silence" else name in known
    return "" if possible else f"it is {case.incident.state}, or not of a kind for this"


def _show(
    request: Request,
    house: House,
    name: str,
    action: Action[int],
    rows: Sequence[Done],
    *,
    sent: Fields | None = None,
) -> HTMLResponse:
    frame = house.frame(f"{action.verb} several incidents", "incidents")
    values = {
        "name": name,
        "action": action,
        "fitting": [one for one in rows if not one.refused],
        "refused": [one for one in rows if one.refused],
        "is_done": sent is not None,
        "token": find_token(request),
        "who": sent["who"] if sent else find_who(request),
    }
    return render(request, "bulk.html", frame, values)
