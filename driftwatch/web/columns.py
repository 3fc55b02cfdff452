"""The page of one column: how it changed, over time and against the reference, and why its limits are so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from driftwatch.charts.values import Chart
from driftwatch.config.values import parse_moment
from driftwatch.errors import UsageError
from driftwatch.incidents.column_limits import explain_column_limits
from driftwatch.incidents.finding import Finding
from driftwatch.jobs.column_charts import draw_over_time, draw_sides
from driftwatch.jobs.column_evidence import ColumnEvidence, read_column
from driftwatch.jobs.column_export import build_column_json, list_column_rows
from driftwatch.jobs.column_figures import Quantile, Rate, list_quantiles, list_rates, say_detectable
from driftwatch.jobs.explain import build_allowed
from driftwatch.jobs.marks import list_marks
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.windows import window_at
from driftwatch.profiles.window import Window
from driftwatch.store.monitors import MonitorRow, find_monitor
from driftwatch.web.access import Scope, need
from driftwatch.web.column_links import read_key
from driftwatch.web.csv_rows import build_csv
from driftwatch.web.frame import render
from driftwatch.web.house import Here, House
from driftwatch.web.windows import SHAPES

__all__ = ["ColumnPage", "read_column_page", "router"]

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPage:
    """Everything on the page of a column. `earlier` and `later` are the windows beside the one shown."""

    monitor: Monitor
    found: ColumnEvidence
    findings: tuple[Finding, ...]
    over_time: tuple[Chart, ...]
    sides: tuple[Chart, ...]
    rates: tuple[Rate, ...]
    quantiles: tuple[Quantile, ...]
    detectable: str
    why: tuple[str, ...]
    earlier: Window | None
    later: Window | None


@router.get(
    "/monitors/{monitor}/columns/{name:path}",
    response_class=HTMLResponse,
    dependencies=[need(Scope.READ)],
)
def show_column(  # noqa: PLR0913, PLR0917 - what the address holds.
    request: Request,
    house: Here,
    monitor: Annotated[str, Path(max_length=200)],
    name: Annotated[str, Path(max_length=20_000)],
    at: Annotated[str, Query(max_length=40)] = "",
    key: Annotated[str, Query(max_length=20_000)] = "",
    kind: Annotated[str, Query(alias="format", pattern="^(|json|csv)$")] = "",
) -> Response:
    """Show one column of a monitor, in the window that holds the moment `at` or in the latest one."""
    watched = house.app.find_monitor(monitor)
    row = house.read(lambda tx: find_monitor(tx, monitor))
    if row is None:
        raise UsageError(f"{monitor} has judged nothing yet")
    window = window_at(watched.schedule, _read_moment(at, watched.timezone)) if at else None
    column = read_key(key) if key else name
    found = read_column(house.app.database, house.columns, row, column, window)
    if kind == "json":
        return JSONResponse(build_column_json(monitor, found))
    if kind == "csv":
        heads, rows = list_column_rows(found)
        return build_csv("column", heads, rows)
    page = read_column_page(house, watched, row, found)
    frame = house.frame(f"{column} in {watched.title or monitor}", "overview")
    values = {"page": page, "verdict_shapes": SHAPES}
    return render(request, "column.html", frame, values)


def _read_moment(text: str, zone: str) -> datetime:
    try:
        moment = parse_moment(text).stamp
    except ValueError as error:
        raise UsageError(f"at: {text!r} {error}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def read_column_page(house: House, monitor: Monitor, row: MonitorRow, found: ColumnEvidence) -> ColumnPage:
    """Return the page of a column from what is known of it."""
    allowed = build_allowed(monitor)
    name, current = found.column.name, found.current
    span = Window(start=found.windows[0].window.start, end=found.windows[-1].window.end)
    marks = house.read(lambda tx: list_marks(tx, monitor, row, span))
    reading = house.scored.find(monitor, row, found.shown)
    at = found.compared.index(found.shown)
    return ColumnPage(
        monitor=monitor,
        found=found,
        findings=tuple(one for one in found.shown.verdict.findings if one.column == name),
        over_time=tuple(draw_over_time(found, allowed, marks)),
        sides=() if current is None else tuple(draw_sides(found.reference, current)),
        rates=tuple(list_rates(found.reference, current)),
        quantiles=tuple(list_quantiles(found.reference, current)),
        detectable="" if current is None else say_detectable(found.reference, current, allowed),
        why=explain_column_limits(
            allowed,
            name,
            reading,
            monitor.policy.importance.get(name, 1.0),
            is_derived=found.column.is_derived,
        ),
        earlier=found.compared[at - 1].window if at else None,
        later=found.compared[at + 1].window if at + 1 < len(found.compared) else None,
    )
