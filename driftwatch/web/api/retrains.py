"""Retrains: what retraining was asked for, and what came of it."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from driftwatch.errors import UsageError
from driftwatch.jobs.as_json import build_retrain_json, build_retrain_request_json
from driftwatch.store.retrains import list_retrains as list_rows
from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import answer
from driftwatch.web.api.paging import Part
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.retrains import FoundRetrain, Retrains
from driftwatch.web.api.values import Number
from driftwatch.web.house import Here

__all__ = ["router"]

router = open_router("retrains")

_READ = [need(Scope.READ)]


@router.get("/retrains", response_model=Retrains, dependencies=_READ)
def list_retrains(house: Here, part: Part) -> Response:
    """List the requests for retraining, the newest first."""
    seen = part.read(int)
    found = sorted(house.read(list_rows), key=lambda row: -row.id)
    shown, more = part.cut([row for row in found if seen is None or row.id < seen[0]])
    last = [shown[-1].id] if more else []
    document = {
        "schema": "driftwatch.retrains/v1",
        "retrains": [build_retrain_json(row) for row in shown],
        "total": len(found),
    }
    return part.answer(document, *last)


@router.get("/retrains/{number}", response_model=FoundRetrain, dependencies=_READ)
def find_retrain(request: Request, house: Here, number: Number) -> Response:
    """Show one request for retraining with what was sent."""
    row = next((one for one in house.read(list_rows) if one.id == number), None)
    if row is None:
        raise UsageError(f"there is no retrain {number}; `driftwatch retrain list` shows them")
    return answer(request, build_retrain_request_json(row))
