"""What a request does, in the words in which it is kept: those of the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from fastapi import Request

from driftwatch.access.act import Act
from driftwatch.access.caller import Caller
from driftwatch.web.door import find_address

if TYPE_CHECKING:
    from driftwatch.web.house import House

__all__ = ["build_act", "name_action", "watch_request"]

_API: Final = ["api", "v1"]
_MOST_FIELDS: Final = 100
_VERBS: Final = {"POST": "add", "PUT": "replace", "PATCH": "change", "DELETE": "remove"}


def name_action(method: str, path: str, parameters: Mapping[str, object]) -> tuple[str, str]:
    """Return what a request does as a noun and a verb, and what it does it to.

    >>> name_action("POST", "/incidents/7/acknowledge", {"number": "7", "name": "acknowledge"})
    ('incident.acknowledge', '7')
    >>> name_action("POST", "/api/v1/silences", {})
    ('silence.add', '')
    >>> name_action("DELETE", "/api/v1/silences/3", {"number": "3"})
    ('silence.remove', '3')
    >>> name_action("POST", "/api/v1/monitors/rides/references/2/promote", {"monitor": "rides", "version": 2})
    ('reference.promote', 'rides 2')
    """
    parts = [part for part in path.split("/") if part]
    if parts[:2] == _API:
        parts = parts[2:]
    noun, rest = _make_singular(parts[0] if parts else "site"), parts[1:]
    if rest[1:2] == ["references"]:
        noun = _make_singular(rest.pop(1))
    has_verb = len(rest) > 1 or (bool(rest) and rest[0] not in {str(one) for one in parameters.values()})
    verb = rest.pop() if has_verb else _VERBS.get(method, method.lower())
    if rest and not has_verb and verb == "add":
        verb = "change"
    return f"{noun}.{verb}", " ".join(rest)


def _make_singular(noun: str) -> str:
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")


async def watch_request(request: Request, caller: Caller) -> Callable[[], Act]:
    """Return what builds the act of a request that changes something, for when it does."""
    fields = _read_fields(request.headers.get("content-type", ""), await request.body())
    path = str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))
    action, subject = name_action(request.method, path, request.path_params)
    who = caller.name or fields.pop("who", "")
    details = {name: value for name, value in fields.items() if name != "who"}
    return lambda: build_act(
        request, Caller(name=who, scope=caller.scope, how=caller.how), action, subject, details
    )


def build_act(
    request: Request, caller: Caller, action: str, subject: str = "", details: Mapping[str, str] | None = None
) -> Act:
    """Return something that `caller` does with a request, with where it comes from."""
    house: House = request.app.state.house
    return Act(
        at=house.now(),
        actor=caller.name,
        how=caller.how,
        action=action,
        subject=subject,
        address=find_address(request, house.app.config.access),
        details=details or {},
    )


def _read_fields(content_type: str, body: bytes) -> dict[str, str]:
    """Return what was sent by name, nothing where it is of no form that is known."""
    try:
        if content_type.startswith("application/json"):
            found = json.loads(body or b"{}")
            return {str(name): str(value) for name, value in found.items() if value is not None}
        return _join_fields(parse_qsl(body.decode("utf-8"), max_num_fields=_MOST_FIELDS))
    except (ValueError, AttributeError, RecursionError):
        return {}


def _join_fields(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return fields by name; of a field that was sent several times, as boxes are, every value."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
