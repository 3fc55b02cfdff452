"""The API as a page that people read: every address in words, with what to send and a command that asks."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from driftwatch.web.access import Scope, need
from driftwatch.web.api.document import build_document
from driftwatch.web.frame import render
from driftwatch.web.house import Here

__all__ = ["Group", "Member", "Operation", "read_groups", "router"]

router = APIRouter()

Json = Mapping[str, Any]

_ALWAYS: Final = frozenset({"If-None-Match"})
"""What every address takes: it is said once."""
_EXAMPLES: Final = {"string": "text", "integer": 1, "number": 1.0, "boolean": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Something that is sent: its name, what it may be, and what it means."""

    name: str
    kind: str
    needed: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one address. `shape` is the name of what comes back, `curl` a command that asks."""

    method: str
    path: str
    name: str
    paragraphs: tuple[str, ...]
    scope: str
    parameters: tuple[Member, ...]
    body: tuple[Member, ...]
    refusals: tuple[tuple[str, str], ...]
    shape: str
    curl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The operations about one thing."""

    name: str
    text: str
    operations: tuple[Operation, ...]


@router.get("/api", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_api(request: Request, house: Here) -> HTMLResponse:
    """Show every address of the API."""
    document = build_document(request.app)
    root = str(request.base_url).rstrip("/")
    values = {"document": document, "groups": read_groups(document, root), "address": root}
    return render(request, "api.html", house.frame("API", "api"), values)


def read_groups(document: Json, root: str) -> tuple[Group, ...]:
    """Return the operations of an OpenAPI document by what they are about; `root` is where it is served."""
    operations = [
        (operation["tags"][-1], _read_operation(document, method, path, operation, root))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return tuple(
        Group(
            name=tag["name"],
            text=tag["description"],
            operations=tuple(one for name, one in operations if name == tag["name"]),
        )
        for tag in document["tags"]
    )


def _read_operation(document: Json, method: str, path: str, operation: Json, root: str) -> Operation:
    parameters = [one for one in operation.get("parameters", ()) if one["name"] not in _ALWAYS]
    body = _find_body(document, operation)
    answers = operation["responses"]
    good = next(answers[status] for status in ("200", "201") if status in answers)
    *paragraphs, _ = operation["description"].split("\n\n")
    return Operation(
        method=method.upper(),
        path=path,
        name=operation["operationId"],
        paragraphs=tuple(paragraphs),
        scope=str(operation["x-scope"]),
        parameters=tuple(_read_parameter(one) for one in parameters),
        body=tuple(_list_members(document, body)) if body else (),
        refusals=tuple(
            (status, one["description"]) for status, one in answers.items() if _is_refusal(status)
        ),
        shape=_name_shape(good["content"]["application/json"]["schema"]),
        curl=_write_curl(document, method, root + path, parameters, body),
    )


def _is_refusal(status: str) -> bool:
    return status.isdecimal() and int(status) >= 400


def _find_body(document: Json, operation: Json) -> Json | None:
    if "requestBody" not in operation:
        return None
    schema: Json = operation["requestBody"]["content"]["application/json"]["schema"]
    return _resolve(document, schema)


def _resolve(document: Json, schema: Json) -> Json:
    if "$ref" not in schema:
        return schema
    found: Json = document["components"]["schemas"][_name_shape(schema)]
    return found


def _name_shape(schema: Json) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2] or "an object"


def _read_parameter(parameter: Json) -> Member:
    return Member(
        name=parameter["name"],
        kind=_say_kind(parameter["schema"]),
        needed=parameter["required"],
        text=parameter.get("description", ""),
    )


def _list_members(document: Json, body: Json) -> Iterator[Member]:
    for name, schema in body["properties"].items():
        yield Member(
            name=name,
            kind=_say_kind(schema, document),
            needed=name in body.get("required", ()),
            text=schema.get("description", ""),
        )


def _say_kind(schema: Json, document: Json | None = None) -> str:
    """Return what a value may be, in a word or two; a word that it may be is a kind too.

    >>> _say_kind({"anyOf": [{"enum": ["open", "all"]}, {"type": "null"}]}), _say_kind({"type": "integer"})
    ('open, all', 'integer')
    """
    if document is not None:
        schema = _resolve(document, schema)
    if "enum" in schema:
        return ", ".join(str(word) for word in schema["enum"])
    if "anyOf" in schema:
        kinds = (_say_kind(one, document) for one in schema["anyOf"] if one.get("type") != "null")
        return " or ".join(kinds)
    if schema.get("type") == "array":
        return f"{_say_kind(schema['items'], document)}; may be repeated"
    return str(schema.get("type", _name_shape(schema)))


def _write_curl(document: Json, method: str, url: str, parameters: Sequence[Json], body: Json | None) -> str:
    """Return a command that asks, with an example in every place that needs something."""
    examples = {one["name"]: _find_example(one["schema"], document) for one in parameters if one["required"]}
    places = {one["name"] for one in parameters if one["in"] == "path"}
    address = re.sub(r"\{(\w+)\}", lambda found: str(examples[found[1]]), url)
    query = urlencode({name: value for name, value in examples.items() if name not in places})
    command = f"curl -s {shlex.quote(f'{address}?{query}' if query else address)}"
    if method == "get" or body is None:
        return command
    sent = {name: _find_example(body["properties"][name], document) for name in body.get("required", ())}
    text = json.dumps({**sent, "who": "Ana"})
    return f"{command} -H 'content-type: application/json' -d {shlex.quote(text)}"


def _find_example(schema: Json, document: Json) -> Any:
    schema = _resolve(document, schema)
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    return _EXAMPLES.get(str(schema.get("type")), "text")
