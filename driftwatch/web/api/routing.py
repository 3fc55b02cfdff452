"""How every address of the API is made: named by what it does, with the one form of refusals."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute

from driftwatch.web.api.shapes.shape import Problem

__all__ = ["open_router"]

_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    "default": {"model": Problem, "description": "What is wrong, and what to do about it."}
}


def open_router(tag: str) -> APIRouter:
    """Return a router for addresses about `tag`; the name of a function is its operation's id."""
    return APIRouter(tags=[tag], responses=_REFUSALS, generate_unique_id_function=_name_operation)


def _name_operation(route: APIRoute) -> str:
    return route.name
