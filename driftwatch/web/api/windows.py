"""Windows of a monitor with their verdicts, and the numbers behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from driftwatch.incidents.finding import build_finding_json, build_statistic_json, build_window_json
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.as_json import build_counts_json
from driftwatch.profiles.grid import NumberGrid
from driftwatch.store.evidence import load_profile, load_statistics
from driftwatch.store.monitors import MonitorRow, find_monitor
from driftwatch.store.references import load_reference
from driftwatch.store.verdicts import VerdictRow, find_verdict, list_verdicts
from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import answer
from driftwatch.web.api.paging import Part
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.windows import FoundWindow, WindowCounts, Windows
from driftwatch.web.api.values import At, Name, Text, read_moment
from driftwatch.web.house import Here, House

__all__ = ["find_zone", "need_row", "router"]

router = open_router("windows")

_READ = [need(Scope.READ)]


@router.get("/monitors/{monitor}/windows", response_model=Windows, dependencies=_READ)
def list_windows(
    house: Here,
    part: Part,
    monitor: Name,
    *,
    from_: Annotated[Text, Query(alias="from", description="Windows that start here or later.")] = "",
    to: Annotated[Text, Query(description="Windows that end here or earlier.")] = "",
) -> Response:
    """List the windows that were judged in the monitor's present history, the newest first."""
    row, zone = need_row(house, monitor), find_zone(house, monitor)
    start = read_moment(from_, zone, field="query.from") if from_ else None
    end = read_moment(to, zone, field="query.to") if to else None
    seen = part.read(datetime)
    if seen is not None:
        end = seen[0] if end is None else min(end, seen[0])
    found = house.read(lambda tx: list_verdicts(tx, row, start, end, newest=part.limit + 1))[::-1]
    shown, more = part.cut(found)
    last = [shown[-1].window.start] if more else []
    windows = [build_window_json(one.verdict, one.revision) for one in shown]
    document = {"schema": "driftwatch.check/v1", "monitor": monitor, "windows": windows}
    return part.answer(document, *last)


@router.get("/monitors/{monitor}/windows/{at}", response_model=FoundWindow, dependencies=_READ)
def find_window(request: Request, house: Here, monitor: Name, at: At) -> Response:
    """Show the window that contains a time, with the statistics of every column."""
    row = need_row(house, monitor)
    found = _need_window(house, row, at)
    statistics = house.read(lambda tx: load_statistics(tx, row, found.window))
    columns = [
        {
            "column": name,
            "statistics": {key: build_statistic_json(value) for key, value in values.items()},
            "findings": [build_finding_json(one) for one in found.verdict.findings if one.column == name],
        }
        for name, values in statistics.items()
    ]
    document = {
        "schema": "driftwatch.window/v1",
        "monitor": monitor,
        "window": build_window_json(found.verdict, found.revision),
        "judged_at": write_stamp(found.judgement.finished_at),
        "reference_version": found.judgement.reference_version,
        "counts": found.grain.value if found.grain else "as counted",
        "columns": columns,
    }
    return answer(request, document)


@router.get("/monitors/{monitor}/windows/{at}/counts", response_model=WindowCounts, dependencies=_READ)
def find_counts(
    request: Request,
    house: Here,
    monitor: Name,
    at: At,
    column: Annotated[str, Query(max_length=1000, description="The column's name.")],
) -> Response:
    """Show what a column of a window was judged on, where its counts are still kept."""
    row = need_row(house, monitor)
    found = _need_window(house, row, at)
    return answer(request, _read_counts(house, row, found, column))


def _read_counts(house: House, row: MonitorRow, found: VerdictRow, column: str) -> dict[str, Any]:
    version = found.judgement.reference_version
    reference = None if version is None else house.read(lambda tx: load_reference(tx, row, version))
    if reference is None:
        raise HTTPException(404, "This window was not compared with a reference.")
    if column not in reference.grids:
        raise HTTPException(404, f"{row.key} judges no column {column!r}.")
    profile = house.read(lambda tx: load_profile(tx, row, found.window, reference))
    counts = None if profile is None else profile.columns.get(column)
    if counts is None:
        raise HTTPException(404, "The counts of this window are no longer kept, or the column was not in it.")
    grid = reference.grids[column]
    return {
        "schema": "driftwatch.counts/v1",
        "monitor": row.key,
        "start": write_stamp(found.window.start),
        "end": write_stamp(found.window.end),
        "column": column,
        "kind": grid.kind,
        "points": grid.points.tolist() if isinstance(grid, NumberGrid) else None,
        "names": None if isinstance(grid, NumberGrid) else list(grid.names),
        "reference_version": reference.version,
        "reference": build_counts_json(reference.total.columns[column]),
        "current": build_counts_json(counts),
    }


def need_row(house: House, name: str) -> MonitorRow:
    """Return what the store knows of a monitor.

    Raises UsageError where nobody knows it, and HTTPException where it never started.
    """
    row = house.read(lambda tx: find_monitor(tx, name))
    if row is None:
        house.app.find_monitor(name)
        raise HTTPException(404, f"{name} has not been started yet: no window of it was judged.")
    return row


def find_zone(house: House, name: str) -> str:
    """Return the time zone of a monitor; UTC where the configuration does not name it."""
    return next((one.timezone for one in house.monitors if one.id == name), "UTC")


def _need_window(house: House, row: MonitorRow, at: str) -> VerdictRow:
    moment = read_moment(at, find_zone(house, row.key), field="path.at")
    found = house.read(lambda tx: find_verdict(tx, row, moment))
    if found is None:
        raise HTTPException(404, f"No window of {row.key} that contains {write_stamp(moment)} was judged.")
    return found
