"""Silences: what nobody hears about for a while, and who said so."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from driftwatch.jobs.as_json import build_silence_json
from driftwatch.store.silences import count_hidden
from driftwatch.store.silences import list_silences as list_rows
from driftwatch.web.access import Scope, need
from driftwatch.web.api.paging import Part
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.silences import Silences
from driftwatch.web.house import Here

__all__ = ["router"]

router = open_router("silences")


@router.get("/silences", response_model=Silences, dependencies=[need(Scope.READ)])
def list_silences(
    house: Here,
    part: Part,
    *,
    every: Annotated[bool, Query(description="Those that are over, too.")] = False,
) -> Response:
    """List the silences that are not over, the newest first."""
    seen = part.read(int)
    found = house.read(lambda tx: list_rows(tx, house.now(), every=every))[::-1]
    hidden = house.read(count_hidden)
    shown, more = part.cut([one for one in found if seen is None or (one.id or 0) < seen[0]])
    last = [shown[-1].id or 0] if more else []
    document = {
        "schema": "driftwatch.silences/v1",
        "silences": [build_silence_json(one, hidden[one.id or 0]) for one in shown],
        "total": len(found),
    }
    return part.answer(document, *last)
