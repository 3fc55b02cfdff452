"""The gate: may a pipeline use the batch of a window."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import Response

from driftwatch.incidents.admission import MAY_BE_ALLOWED, AdmissionWord
from driftwatch.incidents.finding import VerdictWord
from driftwatch.jobs.admission import Asked, ask_gate
from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import answer
from driftwatch.web.api.problems import build_problem
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.gate import Allowed, Gate, GateProblem
from driftwatch.web.api.values import Name, read_moment
from driftwatch.web.house import Here, House

__all__ = ["router"]

router = open_router("gate")

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": GateProblem, "description": "The batch should be held back, for the reasons given."},
    425: {
        "model": GateProblem,
        "description": "The window is not judged yet; `Retry-After` says when to ask.",
    },
}


@router.get(
    "/monitors/{monitor}/gate",
    response_model=Gate,
    responses=_RESPONSES,
    dependencies=[need(Scope.READ)],
)
def find_gate(
    request: Request,
    house: Here,
    monitor: Name,
    at: Annotated[
        str,
        Query(
            max_length=40,
            description="A time in the window; one that names no zone is in the monitor's.",
            examples=["2013-02-08T00:00:00Z"],
        ),
    ],
    allow: Annotated[
        list[Allowed] | None,
        Query(max_length=len(MAY_BE_ALLOWED), description="Verdicts that pass all the same."),
    ] = None,
) -> Response:
    """Say whether the batch of a window may be used.

    200 where it may, 409 with the reasons where it should be held back, 425 while it is not judged yet.
    """
    watched = house.app.find_monitor(monitor)
    moment = read_moment(at, watched.timezone, field="query.at")
    allowed = [VerdictWord(word) for word in allow or ()]
    asked = ask_gate(house.app.database, watched, moment, house.now(), allowed=allowed)
    if asked.admission.word is AdmissionWord.USE:
        return answer(request, asked.to_json())
    return _hold_back(house, asked)


def _hold_back(house: House, asked: Asked) -> Response:
    admission = asked.admission
    said = "; ".join(ground.text for ground in admission.grounds)
    if admission.retry_at is None:
        return build_problem(409, said, members=asked.to_json())
    seconds = max(1, ceil((admission.retry_at - house.now()).total_seconds()))
    return build_problem(425, said, {"retry-after": str(seconds)}, members=asked.to_json())
