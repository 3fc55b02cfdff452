"""What happened in the world, as people have marked it: the list, and the form that adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from driftwatch.errors import UsageError
from driftwatch.incidents.markers import Marker
from driftwatch.jobs.markers import build_marker, mark
from driftwatch.store.markers import Wanted, list_markers, page_markers
from driftwatch.web.access import Scope, need
from driftwatch.web.forms import Sent, find_token, find_who, keep_who
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House
from driftwatch.web.paging import PAGE, PageNumber, build_leaf

__all__ = ["list_latest", "router"]

router = APIRouter()

_EVERY: Final = "every monitor"
_OF_OWNER: Final = "owner"
_SHOWN: Final = 5


@router.get("/markers", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_markers(
    request: Request,
    house: Here,
    page: PageNumber = 1,
    monitor: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Show what was marked, the latest first."""
    return _show(request, house, monitor, {}, page=page)


@router.post("/markers", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)])
def add(request: Request, house: Here, sent: Sent) -> Response:
    """Keep a marker, and lead to where it is listed; what is refused is said beside the form."""
    name = sent.get("monitor", "").strip()
    try:
        mark(house.app.parts, house.monitors, _build_marker(house, name, sent))
    except UsageError as error:
        return _show(request, house, name, sent, refused=str(error), status=409)
    root = request.scope.get("root_path", "")
    back = f"{root}/monitors/{quote(name, safe='')}#markers" if name else f"{root}/markers"
    response = RedirectResponse(back, status_code=303)
    keep_who(request, response, sent["who"])
    return response


def list_latest(house: House, name: str, owner: str | None) -> list[Marker]:
    """Return the latest markers that concern a monitor."""
    return house.read(lambda tx: list_markers(tx, Wanted(monitor=name, owner=owner), at_most=_SHOWN))


def _build_marker(house: House, name: str, sent: Mapping[str, str]) -> Marker:
    """Return the marker that a form asks for; without a monitor it concerns every one."""
    concerns = sent.get("concerns", "")
    owner = house.app.find_monitor(name).owner if name and concerns == _OF_OWNER else None
    is_own = bool(name) and owner is None and concerns != _EVERY
    return build_marker(
        sent.get("kind", ""),
        house.now(),
        at=_read_moment(sent.get("at", "")),
        version=sent.get("version"),
        text=sent.get("text"),
        monitor=name if is_own else None,
        owner=owner,
        author=sent["who"],
    )


def _read_moment(text: str) -> datetime | None:
    """Return a time as a browser's field writes it, in UTC where it names no zone; None for an empty one."""
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError("the time cannot be read; write it as 2013-02-08T14:30, in UTC") from None


def _show(  # noqa: PLR0913 - what is shown, and how it went.
    request: Request,
    house: House,
    name: str,
    fields: Mapping[str, str],
    *,
    page: int = 1,
    refused: str = "",
    status: int = 200,
) -> HTMLResponse:
    known = next((one for one in house.monitors if one.id == name), None)
    wanted = Wanted(monitor=name or None, owner=known.owner if known else None)
    found, total = house.read(lambda tx: page_markers(tx, wanted, at_most=PAGE, skip=(page - 1) * PAGE))
    frame = house.frame("Markers", "overview")
    values = {
        "leaf": build_leaf(found, page, total),
        "name": name,
        "owner": known.owner if known else None,
        "fields": fields,
        "refused": refused,
        "now": house.now(),
        "request": request,
        "token": find_token(request),
        "who": fields.get("who") or find_who(request),
    }
    return render(request, "markers.html", frame, values, status=status)
