"""Monitors: which there are, what the configuration says of one, and how it is."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.responses import Response

from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.removal import list_known
from driftwatch.jobs.status import read_status
from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import answer
from driftwatch.web.api.paging import Part
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.monitors import FoundMonitor, Monitors, Status
from driftwatch.web.api.values import Name
from driftwatch.web.house import Here

__all__ = ["router"]

router = open_router("monitors")

_READ = [need(Scope.READ)]


@router.get("/monitors", response_model=Monitors, dependencies=_READ)
def list_monitors(house: Here, part: Part) -> Response:
    """List the monitors of the configuration and those that only the store knows, by their ids."""
    known = list_known(house.app.database, house.monitors, house.now())
    seen = part.read(str)
    shown, more = part.cut([one for one in known if seen is None or one.id > seen[0]])
    last = [shown[-1].id] if more else []
    document = {
        "schema": "driftwatch.monitors/v1",
        "monitors": [one.to_json() for one in shown],
        "total": len(known),
    }
    return part.answer(document, *last)


@router.get("/monitors/{monitor}", response_model=FoundMonitor, dependencies=_READ)
def find_monitor(request: Request, house: Here, monitor: Name) -> Response:
    """Show what the configuration says of a monitor, and how it is."""
    watched = house.app.find_monitor(monitor)
    status = read_status(house.app.database, [watched], house.now()).monitors[0]
    document = {
        "schema": "driftwatch.monitor/v1",
        "monitor": _build_json(watched),
        "status": status.to_json(),
    }
    return answer(request, document)


@router.get("/monitors/{monitor}/status", response_model=Status, dependencies=_READ)
def find_monitor_status(request: Request, house: Here, monitor: Name) -> Response:
    """Show how one monitor is, beside what waits to be told."""
    watched = house.app.find_monitor(monitor)
    return answer(request, read_status(house.app.database, [watched], house.now()).to_json())


@router.get("/status", response_model=Status, tags=["status"], dependencies=_READ)
def find_status(request: Request, house: Here) -> Response:
    """Show what needs attention, what is late and what comes next, of every monitor of the configuration."""
    return answer(request, read_status(house.app.database, house.monitors, house.now()).to_json())


def _build_json(monitor: Monitor) -> dict[str, Any]:
    return {
        "id": monitor.id,
        "title": monitor.title,
        "description": monitor.description,
        "owner": monitor.owner,
        "runbook": monitor.runbook,
        "mode": monitor.mode,
        "window": str(monitor.schedule),
        "timezone": monitor.timezone,
        "delay": monitor.delay.total_seconds(),
        "notify": list(monitor.notify),
    }
