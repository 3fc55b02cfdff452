"""Refusals as programs read them: problem details, RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.responses import Response
from starlette.types import Scope

from driftwatch.store.documents import dump_json

__all__ = ["PROBLEM", "build_problem", "is_for_programs", "tell_problem"]

PROBLEM: Final = "application/problem+json"

_API: Final = "/api/"
_UNREADABLE: Final = frozenset({"json_invalid", "json_type"})
_MOST_MISTAKES: Final = 20


def is_for_programs(scope: Scope) -> bool:
    """Return whether an address is one that programs ask, and not a page for people."""
    path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
    return path.startswith(_API)


def build_problem(
    status: int,
    said: str,
    headers: Mapping[str, str] | None = None,
    *,
    errors: Sequence[Any] = (),
    members: Mapping[str, Any] | None = None,
) -> Response:
    """Return a refusal with `said` as its detail; `errors` name what was given wrongly.

    `members` say more about it, as a program wants to know it.
    """
    problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": said}
    if errors:
        problem["errors"] = list(errors)
    problem |= members or {}
    return Response(dump_json(problem) + "\n", status, headers, PROBLEM)


def tell_problem(error: Exception, status: int, said: str, headers: Mapping[str, str] | None) -> Response:
    """Return an error as a refusal; one about what was given names every field."""
    if not isinstance(error, RequestValidationError):
        return build_problem(status, said, headers)
    status, said, errors = _list_mistakes(error)
    return build_problem(status, said, errors=errors)


def _list_mistakes(error: RequestValidationError) -> tuple[int, str, list[dict[str, str]]]:
    """Return the status of a request that cannot be read, that in words, and what is wrong with which field.

    What was sent is not said again: nobody knows what it holds.
    """
    found = error.errors()
    if any(one["type"] in _UNREADABLE for one in found):
        return 400, "The body is no JSON.", []
    mistakes = [
        {"field": ".".join(str(part) for part in one["loc"]), "detail": str(one["msg"])}
        for one in found[:_MOST_MISTAKES]
    ]
    first = mistakes[0]
    return 422, f"{first['field']}: {first['detail']}", mistakes
