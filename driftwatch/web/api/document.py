"""The API as an OpenAPI document: made from the routes, with what holds for all of them said once."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from starlette.responses import Response

from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import answer
from driftwatch.web.api.problems import PROBLEM
from driftwatch.web.api.routing import open_router

__all__ = ["TAGS", "build_document", "router"]

router = open_router("document")

TAGS: Final = {
    "status": "What needs attention, what is late and what comes next.",
    "monitors": "What is watched.",
    "windows": "What was judged, and the numbers behind it.",
    "gate": "Whether the batch of a window may be used.",
    "incidents": "What is wrong, since when, and who has it.",
    "feed": "What happens to incidents, for programs that keep up with it.",
    "silences": "What nobody hears about for a while.",
    "deliveries": "What was sent to whom.",
    "markers": "What happened in the world.",
    "references": "What production is compared with.",
    "retrains": "What retraining was asked for.",
    "document": "This document.",
}
"""What the operations are about, in the order in which people read of them."""

_ABOUT: Final = """\
Everything that the pages of driftwatch show and do. Times are in UTC; durations are in seconds. Refusals are
problem details (RFC 9457). Every answer to a GET has a tag: send it as `If-None-Match`, and an unchanged
document is answered 304 without a body. Long lists come in parts: `next`, and the header `Link`, say where to
go on.
"""
_TAG: Final = {"ETag": {"description": "Changes with the document.", "schema": {"type": "string"}}}
_UNCHANGED: Final = {"description": "Nothing has changed since the tag was given.", "headers": _TAG}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The tag of the answer before.",
    "schema": {"type": "string", "maxLength": 200, "pattern": r"^[!-~]*$"},
}
_TOKEN: Final = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "dw_…",
    "description": (
        "An API token; see `driftwatch token create`. None is needed where nobody is asked who they are."
    ),
}


@router.get(
    "/openapi.json",
    dependencies=[need(Scope.READ)],
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def find_document(request: Request) -> Response:
    """Show this document."""
    return answer(
        request, {**build_document(request.app), "servers": [{"url": request.scope.get("root_path") or "/"}]}
    )


def build_document(site: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of every address below `/api/`, made when it is first asked for."""
    if not hasattr(site.state, "document"):
        site.state.document = _build(site)
    found: dict[str, Any] = site.state.document
    return found


def _build(site: FastAPI) -> dict[str, Any]:
    routes = [one for one in iter_route_contexts(site.routes) if str(one.path).startswith("/api/v")]
    found = get_openapi(
        title="driftwatch",
        version=version("driftwatch"),
        description=_ABOUT,
        routes=routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
    )
    found["components"]["securitySchemes"] = {"token": _TOKEN}
    scopes = {
        (str(one.path), method): _find_scope(one.dependant) for one in routes for method in one.methods or ()
    }
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method, scopes[path, method.upper()])
    return found


def _complete(operation: dict[str, Any], method: str, scope: Scope | None) -> None:
    """Add what holds for every operation: who may, how refusals look, and the tags of what is read."""
    operation["security"] = [{"token": []}, {}]
    operation["description"] = f"{operation['description']}\n\nNeeds the scope `{scope}`."
    operation["x-scope"] = scope
    for status, response in operation["responses"].items():
        if status == "default" or int(status) >= 400:
            response["content"] = {PROBLEM: response["content"]["application/json"]}
    if method == "get":
        operation["responses"]["200"]["headers"] = _TAG
        operation["responses"]["304"] = _UNCHANGED
        operation.setdefault("parameters", []).append(_IF_NONE_MATCH)


def _find_scope(dependant: Any) -> Scope | None:
    return max((Scope(name) for name in _walk(dependant)), key=list(Scope).index, default=None)


def _walk(dependant: Any) -> Iterator[str]:
    yield from dependant.own_oauth_scopes or ()
    for inner in dependant.dependencies:
        yield from _walk(inner)
