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

__all__ = ["SilenceRow", "router"]

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRow:
    """One silence: whether it holds now, is still to come or is over, and how many notices it kept back."""

    silence: Silence
    state: str
    hides: int


@router.get("/silences", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_silences(
    request: Request, house: Here, page: PageNumber = 1, every: Annotated[bool, Query()] = False
) -> HTMLResponse:
    """Show the silences that are not over, or every one."""
    now = house.now()
    found = house.read(lambda tx: list_silences(tx, now, every=every))
    leaf = cut(found[::-1], page)
    hidden = house.read(count_hidden)
    rows = [_build_row(one, now, hides=hidden[one.id or 0]) for one in leaf.items]
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


def _build_row(silence: Silence, now: datetime, *, hides: int) -> SilenceRow:
    state = "over" if silence.ends_at <= now else "to come" if silence.starts_at > now else "holds now"
    return SilenceRow(silence=silence, state=state, hides=hides)
