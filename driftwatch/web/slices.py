"""The rows that carry a change, as far as they were searched for, and the button that asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from driftwatch.incidents.by_hand import note
from driftwatch.incidents.incident import Incident, IncidentKind
from driftwatch.incidents.slices import decode_report, say_how_counted, say_report, say_slice
from driftwatch.jobs.cases import change_case
from driftwatch.store.slices import SearchState, ask_search, find_search
from driftwatch.web.access import Scope, need
from driftwatch.web.forms import Sent, keep_who
from driftwatch.web.house import Here, House

__all__ = ["SlicePart", "read_slices", "router"]

router = APIRouter()

_ASKED = "Asked for a search for the rows that carry the change."


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicePart:
    """What the page of an incident says about slices: what was found, how, when, and whether one is due."""

    lines: tuple[str, ...]
    how: str
    searched_at: datetime | None
    is_due: bool


def read_slices(house: House, incident: Incident) -> SlicePart | None:
    """Return what is known of the slices of an incident; None where there can be none to search."""
    if incident.kind not in {IncidentKind.DRIFT, IncidentKind.DATA} or incident.opened_at is None:
        return None
    row = house.read(lambda tx: find_search(tx, incident.id or 0))
    if row is None or row.document is None:
        is_due = row is not None or incident.is_open
        return SlicePart(lines=(), how="", searched_at=None, is_due=is_due)
    report = decode_report(row.document)
    lines = [say_slice(one) for one in report.found] or [say_report(report)]
    return SlicePart(
        lines=tuple(filter(None, lines)),
        how=say_how_counted(report),
        searched_at=row.searched_at,
        is_due=row.state is not SearchState.DONE,
    )


@router.post("/incidents/{number}/slices", response_class=HTMLResponse, dependencies=[need(Scope.OPERATE)])
def search(
    request: Request, house: Here, sent: Sent, number: Annotated[int, Path(ge=1, le=2**53)]
) -> Response:
    """Have the rows of an incident searched by the daemon, once more where that was done."""
    parts = house.app.parts
    change_case(parts, house.monitors, number, lambda incident, now: note(incident, _ASKED, sent["who"], now))
    parts.database.write(lambda tx: ask_search(tx, number, parts.clock.now()))
    root = request.scope.get("root_path", "")
    response = RedirectResponse(f"{root}/incidents/{number}#slices", status_code=303)
    keep_who(request, response, sent["who"])
    return response
