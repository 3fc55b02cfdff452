"""How every address of the API is made: named by what it does, with the one form of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from driftwatch.web.access import Asking
from driftwatch.web.api.shapes.shape import Problem

__all__ = ["open_router"]

_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    "default": {"model": Problem, "description": "What is wrong, and what to do about it."}
}


def open_router(tag: str) -> APIRouter:
    """Return a router for addresses about `tag`; the name of a function is its operation's id."""
    return APIRouter(
        tags=[tag],
        responses=_REFUSALS,
        generate_unique_id_function=_name_operation,
        dependencies=[Depends(_refuse_unknown)],
    )


def _name_operation(route: APIRoute) -> str:
    return route.name


def _refuse_unknown(request: Request, asking: Asking) -> None:
    """Raise HTTPException for a parameter that is not known: a list would seem to be filtered by it."""
    if asking is None:
        return  # Who may not ask is told nothing else.
    known = tuple(dict.fromkeys(_walk_parameters(request.scope["route"].dependant)))
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is not None:
        there = f"there are {', '.join(known)}" if known else "there is none here"
        raise HTTPException(422, f"query.{unknown[:100]}: no such parameter; {there}")


def _walk_parameters(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in dependant.query_params)
    for part in dependant.dependencies:
        yield from _walk_parameters(part)
