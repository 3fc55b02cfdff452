"""The routes of a site, found by walking its router, each with the scopes that it declares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from driftwatch.web.access import Scope

__all__ = ["Route", "list_routes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method at one address, and the widest scope that it declares; None where it declares none."""

    method: str
    path: str
    scope: Scope | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def list_routes(site: FastAPI) -> list[Route]:
    """Return every route of a site, whatever room it is in; what is mounted has the method GET."""
    return [
        Route(method=method, path=str(found.path), scope=_find_scope(found))
        for found in iter_route_contexts(site.routes)
        for method in sorted(getattr(found, "methods", None) or {"GET"})
    ]


def _find_scope(route: Any) -> Scope | None:
    dependant = getattr(route, "dependant", None)
    found = [] if dependant is None else [Scope(name) for name in _walk(dependant)]
    return max(found, key=list(Scope).index, default=None)


def _walk(dependant: Any) -> Iterator[str]:
    yield from dependant.own_oauth_scopes or ()
    for inner in dependant.dependencies:
        yield from _walk(inner)
