"""Hearing nothing of something for a while: what that would hide now, and the end of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from driftwatch.errors import UsageError
from driftwatch.incidents.incident import IncidentKind, Severity
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.jobs.cases import Case
from driftwatch.jobs.gating import build_subject
from driftwatch.store.silences import add_silence, expire_silence
from driftwatch.web.access import Scope, need
from driftwatch.web.forms import Sent, find_token, find_who, keep_who
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House
from driftwatch.web.lengths import LENGTHS, choose_length

__all__ = ["Preview", "list_hidden", "router"]

router = APIRouter()

_MATCHED: Final = ("monitor", "owner", "kind", "severity", "column")
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The form as it is filled in, and the open incidents that such a silence would hide now."""

    fields: Mapping[str, str]
    hidden: tuple[Case, ...]
    refused: str = ""


@router.get("/silences/new", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_form(
    request: Request,
    house: Here,
    monitor: Annotated[str, Query(max_length=_LONGEST)] = "",
    kind: Annotated[str, Query(max_length=_LONGEST)] = "",
    column: Annotated[str, Query(max_length=_LONGEST)] = "",
) -> HTMLResponse:
    """Show the form of a silence, filled in as the link has it, and what it would hide now."""
    fields = {"monitor": monitor, "kind": kind, "column": column, "length": "4 hours"}
    return _show(request, house, Preview(fields=fields, hidden=list_hidden(house, build_matchers(fields))))


@router.post("/silences", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)])
def add(request: Request, house: Here, sent: Sent) -> Response:
    """Keep the silence, or show what it would hide where that was asked for."""
    matchers = build_matchers(sent)
    hidden = list_hidden(house, matchers)
    if sent.get("do") == "preview":
        return _show(request, house, Preview(fields=sent, hidden=hidden))
    try:
        silence = _build_silence(sent, matchers, house.now())
        house.app.database.write(lambda tx: add_silence(tx, silence))
    except UsageError as error:
        preview = Preview(fields=sent, hidden=hidden, refused=str(error))
        return _show(request, house, preview, status=409)
    return _go_back(request, sent["who"])


def _build_silence(sent: Mapping[str, str], matchers: Matchers, now: datetime) -> Silence:
    return Silence(
        matchers=matchers,
        starts_at=now,
        ends_at=now + choose_length(sent.get("length", "")),
        author=sent["who"],
        reason=sent.get("reason", ""),
        created_at=now,
    )


@router.post("/silences/{number}/expire", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)])
def expire(
    request: Request, house: Here, sent: Sent, number: Annotated[int, Path(ge=1, le=2**53)]
) -> Response:
    """End a silence now: what it kept back and is still open is told."""
    house.app.database.write(lambda tx: expire_silence(tx, number, sent["who"], house.now()))
    return _go_back(request, sent["who"])


def build_matchers(fields: Mapping[str, str]) -> Matchers:
    """Return what a form is about; fields that are left empty ask for nothing."""
    given = {name: fields.get(name, "").strip() or None for name in _MATCHED}
    return Matchers(**given)


def list_hidden(house: House, matchers: Matchers, cases: Sequence[Case] | None = None) -> tuple[Case, ...]:
    """Return the open incidents that people would hear nothing of; none where nothing is asked for.

    `cases` are those that people are told of, where they were read already.
    """
    owners = {monitor.id: monitor.owner for monitor in house.monitors}
    if matchers == Matchers():
        return ()
    return tuple(
        case
        for case in (house.list_serious() if cases is None else cases)
        if matchers.fits(build_subject(case.incident, owners.get(case.incident.monitor)))
    )


def _show(request: Request, house: House, preview: Preview, *, status: int = 200) -> HTMLResponse:
    frame = house.frame("New silence", "silences")
    values = {
        "preview": preview,
        "lengths": list(LENGTHS),
        "kinds": list(IncidentKind),
        "severities": [one for one in Severity if one is not Severity.MINOR],
        "token": find_token(request),
        "who": preview.fields.get("who") or find_who(request),
    }
    return render(request, "silence.html", frame, values, status=status)


def _go_back(request: Request, who: str) -> RedirectResponse:
    response = RedirectResponse(f"{request.scope.get('root_path', '')}/silences", status_code=303)
    keep_who(request, response, who)
    return response
