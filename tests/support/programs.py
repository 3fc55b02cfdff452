"""Who asks the API as programs do, and holds every answer against the API's own description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI
from jsonschema_rs import Draft202012Validator

from driftwatch.web.api.document import build_document
from driftwatch.web.api.routes import API
from tests.support.site import Site

__all__ = ["ask", "check_answer", "list_operations", "read"]

_PROBLEM = "application/problem+json"


def read(site: Site, path: str, **params: Any) -> dict[str, Any]:
    """Return the document at an address of the API, which must be there and fit its description."""
    answer = ask(site, "GET", path, **({"params": params} if params else {}))
    assert answer.status_code == 200, (path, answer.status_code, answer.text)
    found: dict[str, Any] = answer.json()
    return found


def ask(site: Site, method: str, path: str, **options: Any) -> Any:
    """Return the answer to a request, which fits its description."""
    answer = site.client.request(method, path if path.startswith(API) else API + path, **options)
    check_answer(site.client.app, method, answer)  # type: ignore[arg-type]
    return answer


def check_answer(app: FastAPI, method: str, answer: Any) -> None:
    """Hold an answer against the description of its operation: nothing missing, and nothing undescribed."""
    document = build_document(app)
    operation = _find_operation(document, method, answer.request.url.path)
    if operation is None:
        assert answer.headers["content-type"] == _PROBLEM, answer.text
        return
    status = str(answer.status_code)
    described = operation["responses"].get(status) or operation["responses"]["default"]
    if "content" not in described:
        assert answer.text == ""
        return
    ((kind, content),) = described["content"].items()
    assert answer.headers["content-type"] == kind, answer.text
    schema = {**_close(content["schema"]), "components": _close(document["components"])}
    Draft202012Validator(schema).validate(answer.json())


def list_operations(document: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the method, the path and the description of every operation."""
    return [
        (method.upper(), path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def _find_operation(document: Mapping[str, Any], method: str, path: str) -> dict[str, Any] | None:
    fitting = [
        (template.count("{"), operation)
        for found, template, operation in list_operations(document)
        if found == method and _compile(template).fullmatch(path)
    ]
    return min(fitting, key=lambda one: one[0])[1] if fitting else None


@cache
def _compile(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", template))


def _close(schema: Any) -> Any:
    """Return a schema that allows nothing which it does not describe."""
    if isinstance(schema, list):
        return [_close(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {name: _close(one) for name, one in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        closed.setdefault("additionalProperties", False)
    return closed
