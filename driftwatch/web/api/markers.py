"""Markers: what happened in the world, named first by incidents that begin soon after."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import Query
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from driftwatch.errors import UsageError
from driftwatch.incidents.markers import Marker, build_marker_json
from driftwatch.jobs.markers import build_marker, mark
from driftwatch.jobs.moments import choose_zone
from driftwatch.store.markers import Wanted, page_markers
from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import reply
from driftwatch.web.api.changing import CHANGES, Actor, By, Line, Words, name_actor
from driftwatch.web.api.paging import Part
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.markers import KeptMarker, Markers
from driftwatch.web.api.values import Text, need_monitor, read_moment
from driftwatch.web.house import Here, House

__all__ = ["router"]

router = open_router("markers")


class MarkerBody(By):
    """What happened."""

    kind: Line = Field(examples=["deploy"])
    """One word, such as deploy, release or migration."""
    version: Line | None = None
    text: Words | None = None
    at: Annotated[str, Field(max_length=40, examples=["2013-02-08T06:00:00Z"])] | None = None
    """When, in the monitor's time zone where it names none; now without. A marker with it is kept once."""
    monitor: Line | None = None
    """The monitor that it concerns; every one without this and `owner`."""
    owner: Line | None = None


@router.get("/markers", response_model=Markers, dependencies=[need(Scope.READ)])
def list_markers(
    house: Here,
    part: Part,
    *,
    monitor: Annotated[Text, Query(description="Those that concern this monitor.")] = "",
) -> Response:
    """List what was marked, the latest first."""
    need_monitor(house, monitor)
    owner = next((one.owner for one in house.monitors if one.id == monitor), None)
    wanted, seen = Wanted(monitor=monitor or None, owner=owner), part.read(datetime, int)

    def read(tx: sa.Connection) -> tuple[list[Marker], int]:
        return page_markers(tx, wanted, at_most=part.limit + 1, before=seen)

    found, total = house.read(read)
    shown, more = part.cut(found)
    last = (shown[-1].at, shown[-1].id or 0) if more else ()
    document = {
        "schema": "driftwatch.markers/v1",
        "markers": [build_marker_json(one) for one in shown],
        "total": total,
    }
    return part.answer(document, *last)


@router.post("/markers", response_model=KeptMarker, status_code=201, dependencies=CHANGES)
def add_marker(house: Here, caller: Actor, body: MarkerBody) -> Response:
    """Mark that something happened: a deploy, a release, a migration."""
    try:
        kept = mark(house.app.parts, house.monitors, _build(house, body, name_actor(caller, body)))
    except UsageError as error:
        raise HTTPException(422, str(error)) from None
    return reply({"schema": "driftwatch.marker/v1", "marker": build_marker_json(kept)}, status=201)


def _build(house: House, body: MarkerBody, who: str) -> Marker:
    zone = choose_zone(house.monitors, body.monitor)
    return build_marker(
        body.kind,
        house.now(),
        at=None if body.at is None else read_moment(body.at, zone, field="body.at"),
        version=body.version,
        text=body.text,
        monitor=body.monitor,
        owner=body.owner,
        author=who,
    )
