"""The list of incidents, and the windows of a monitor, as files for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import StreamingResponse

from driftwatch.store.monitors import MonitorRow
from driftwatch.store.pages import WantedIncidents, page_incidents
from driftwatch.store.verdicts import VerdictRow, list_verdicts
from driftwatch.web.access import Scope, need
from driftwatch.web.csv_rows import MOST_ROWS, Cell, build_csv
from driftwatch.web.house import Here, House
from driftwatch.web.incidents import Chosen, IncidentRow, build_incident_rows

__all__ = ["router"]

router = APIRouter()

_AT_ONCE: Final = 500

_INCIDENT_HEADS: Final = (
    *(
        "number",
        "monitor",
        "owner",
        "title",
        "kind",
        "severity",
        "state",
        "since",
        "last_window",
        "opened_at",
    ),
    *("resolved_at", "acknowledged_by", "assigned_to", "label", "told", "address"),
)
_WINDOW_HEADS: Final = (
    *("start", "end", "verdict", "rows", "score", "limit", "calibration", "revision", "found"),
)


@router.get("/incidents.csv", dependencies=[need(Scope.READ)])
def send_incidents(request: Request, house: Here, chosen: Annotated[Chosen, Depends()]) -> StreamingResponse:
    """Send the incidents that fit, the newest first."""
    root = str(request.base_url).rstrip("/")
    rows = _list_incidents(house, chosen.build_wanted(house), root)
    return build_csv("incidents", _INCIDENT_HEADS, rows)


def _list_incidents(house: House, wanted: WantedIncidents, root: str) -> Iterator[tuple[Cell, ...]]:
    owners = {one.id: one.owner for one in house.monitors}
    before: int | None = None
    for _ in range(0, MOST_ROWS, _AT_ONCE):
        stored, _total = house.read(partial(page_incidents, wanted=wanted, at_most=_AT_ONCE, before=before))
        for row in build_incident_rows(house, stored):
            yield _spell_incident(row, owners.get(row.case.incident.monitor), root)
        if len(stored) < _AT_ONCE:
            return
        before = stored[-1].id


def _spell_incident(row: IncidentRow, owner: str | None, root: str) -> tuple[Cell, ...]:
    incident = row.case.incident
    return (
        incident.id,
        incident.monitor,
        owner,
        row.case.title,
        incident.kind.value,
        incident.severity.value,
        incident.state.value,
        incident.first_window.start,
        incident.last_window.start,
        incident.opened_at,
        incident.resolved_at,
        incident.acknowledged_by,
        incident.assigned_to,
        None if incident.label is None else incident.label.value,
        row.told,
        f"{root}/incidents/{incident.id}",
    )


@router.get("/monitors/{name}/windows.csv", dependencies=[need(Scope.READ)])
def send_windows(house: Here, name: Annotated[str, Path(max_length=200)]) -> StreamingResponse:
    """Send the windows of a monitor's present history, the newest first."""
    monitor = house.app.find_monitor(name)
    row = house.app.find_row(monitor)
    return build_csv("windows", _WINDOW_HEADS, () if row is None else _list_windows(house, row))


def _list_windows(house: House, row: MonitorRow) -> Iterator[tuple[Cell, ...]]:
    end: datetime | None = None
    for _ in range(0, MOST_ROWS, _AT_ONCE):
        found = house.read(partial(list_verdicts, monitor=row, end=end, newest=_AT_ONCE))
        for one in reversed(found):
            yield _spell_window(one)
        if len(found) < _AT_ONCE:
            return
        end = found[0].window.start


def _spell_window(row: VerdictRow) -> tuple[Cell, ...]:
    verdict = row.verdict
    return (
        row.window.start,
        row.window.end,
        verdict.word.value,
        verdict.rows,
        verdict.score,
        verdict.limit,
        verdict.calibration,
        row.revision,
        "; ".join(one.text for one in verdict.findings) or verdict.reason,
    )
