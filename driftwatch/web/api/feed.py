"""The feed: what has happened to incidents, for programs that keep up with it by asking now and then."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Query, Request
from starlette.responses import Response

from driftwatch.jobs.as_json import build_event_json
from driftwatch.store.feed import FeedRow, list_feed, read_newest
from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import answer
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.feed import Feed
from driftwatch.web.house import Here

__all__ = ["router"]

router = open_router("feed")


@router.get("/feed", response_model=Feed, dependencies=[need(Scope.READ)])
def read_feed(
    request: Request,
    house: Here,
    *,
    after: Annotated[
        int, Query(ge=0, le=2**63 - 1, description="The `last` of the part before; 0 at first.")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="How many events at most.")] = 100,
) -> Response:
    """List what has happened to incidents after a position, in order: ask again with `last` as `after`.

    No event is passed over, however many transactions write at once: whoever has seen a position has seen
    every lesser one. Ask with the tag, and an answer without news is 304.
    """

    def read(tx: sa.Connection) -> tuple[list[FeedRow], int]:
        return list_feed(tx, after, at_most=limit + 1), read_newest(tx)

    rows, newest = house.read(read)
    shown = rows[:limit]
    last = shown[-1].position if shown else after
    document = {
        "schema": "driftwatch.feed/v1",
        "events": [_build_json(row) for row in shown],
        "last": last,
        "more": len(rows) > limit,
        "newest": newest,
    }
    return answer(request, document)


def _build_json(row: FeedRow) -> dict[str, Any]:
    return {
        "position": row.position,
        "incident": row.incident_id,
        "monitor": row.monitor_key,
        **build_event_json(row.event),
    }
