"""What nobody hears about for a while, who said so, and how much it has kept back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from driftwatch.incidents.silences import Silence
from driftwatch.store.silences import count_hidden, list_silences
from driftwatch.web.access import Scope, need
from driftwatch.web.forms import find_token, find_who
from driftwatch.web.frame import render
from driftwatch.web.house import Here
from driftwatch.web.paging import PageNumber, build_leaf, cut
from driftwatch.web.silencing import list_hidden

__all__ = ["SilenceRow", "router"]

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRow:
    """One silence: whether it holds now, is still to come or is over, and how many notices it kept back.

    `hides` are the open incidents that people hear nothing of because it holds.
    """

    silence: Silence
    state: str
    kept_back: int
    hides: int


@router.get("/silences", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_silences(
    request: Request, house: Here, page: PageNumber = 1, every: Annotated[bool, Query()] = False
) -> HTMLResponse:
    """Show the silences that are not over, or every one."""
    now = house.now()
    found = house.read(lambda tx: list_silences(tx, now, every=every))
    leaf = cut(found[::-1], page)
    kept_back, cases = house.read(count_hidden), house.list_serious()
    rows = [
        SilenceRow(
            silence=one,
            state=_say_state(one, now),
            kept_back=kept_back[one.id or 0],
            hides=len(list_hidden(house, one.matchers, cases)) if one.holds_at(now) else 0,
        )
        for one in leaf.items
    ]
    frame = house.frame("Silences", "silences")
    values = {
        "leaf": build_leaf(rows, leaf.number, leaf.total),
        "every": every,
        "now": now,
        "request": request,
        "token": find_token(request),
        "who": find_who(request),
    }
    return render(request, "silences.html", frame, values)


def _say_state(silence: Silence, now: datetime) -> str:
    if silence.holds_at(now):
        return "holds now"
    return "over" if silence.ends_at <= now else "to come"
