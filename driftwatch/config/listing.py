"""Every setting that holds, with where it stands in the file: for people who wonder what is at work.

Nothing secret is in it: a secret shows itself as `***`, and so does whatever its own section keeps out of its
`repr`. A value with variables in it is shown as it is written in the file, without what fills it in.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from driftwatch.config.sections import Chosen, list_settings
from driftwatch.config.tree import Items, Node, Scalar, Table
from driftwatch.config.values import Moment, format_duration
from driftwatch.config.variables import VARIABLE
from driftwatch.net.secrets import Secret

__all__ = ["GENERAL", "Changed", "Listed", "list_changed", "list_values"]

GENERAL: Final = ""
"""The part of what belongs to no monitor."""

_MASK: Final = "***"
_LONGEST: Final = 300
_USER: Final = re.compile(r"://[^/@\s]*@")
_DEFAULT: Final = re.compile(r":-[^}]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One setting: its path, its value as text, and its line; None where it holds by default.

    `part` is the monitor that it belongs to, or `GENERAL`. `mark` differs where the value does, secret ones
    too.
    """

    part: str
    path: str
    value: str
    line: int | None
    mark: str = field(repr=False, default="")


def list_values(settings: Any, root: Node) -> tuple[Listed, ...]:
    """Return every setting of a file that was read without a mistake, in the order of the schema.

    What is not set and has no default is left out.
    """
    return tuple(_walk(settings, root, _Place()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    part: str = GENERAL
    path: str = ""
    hidden: bool = False

    def enter(self, key: str, *, hidden: bool = False) -> _Place:
        path = f"{self.path}.{key}" if self.path else key
        return dataclasses.replace(self, path=path, hidden=self.hidden or hidden)


def _walk(value: Any, node: Node | None, place: _Place) -> Iterator[Listed]:
    if value is None:
        return
    if isinstance(value, Chosen):
        yield _list_leaf(value.kind, _find(node, "kind"), place.enter("kind"))
        yield from _walk(value.value, node, place)
        yield from _walk(value.extra, node, place)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, _find(node, str(key)), place.enter(str(key)))
    elif dataclasses.is_dataclass(value) and not isinstance(value, Moment):
        yield from _walk_section(value, node, place)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from _walk_items(value, node, place)
    else:
        yield _list_leaf(value, node, place)


def _walk_section(value: Any, node: Node | None, place: _Place) -> Iterator[Listed]:
    shown = {one.name: one.repr for one in dataclasses.fields(value)}
    section: type = type(value)
    for key, known in list_settings(section).items():
        inner = place.enter(key, hidden=not shown.get(known.field, True))
        # A section may be written as the one value that matters in it, such as `patience: 2`.
        found = node if isinstance(node, Scalar) else _find(node, key)
        yield from _walk(getattr(value, known.field), found, inner)


def _walk_items(values: Sequence[Any], node: Node | None, place: _Place) -> Iterator[Listed]:
    if not any(dataclasses.is_dataclass(one) and not isinstance(one, Moment) for one in values):
        if values:
            yield _list_leaf(tuple(values), node, place)
        return
    for number, one in enumerate(values):
        inner = node.items[number] if isinstance(node, Items) and number < len(node.items) else None
        name = getattr(one, "id", None) if place.path == "monitors" else None
        there = place.enter(str(number if name is None else name))
        yield from _walk(one, inner, there if name is None else dataclasses.replace(there, part=str(name)))


def _find(node: Node | None, key: str) -> Node | None:
    return node.find(key) if isinstance(node, Table) else None


def _list_leaf(value: Any, node: Node | None, place: _Place) -> Listed:
    return Listed(
        part=place.part,
        path=place.path,
        value=_MASK if place.hidden else _say(value, node),
        line=None if node is None else node.place.line,
        mark=_mark(value),
    )


def _say(value: Any, node: Node | None) -> str:
    if isinstance(value, Secret):
        return _MASK
    if isinstance(node, Scalar) and re.search(VARIABLE, node.text):
        return _cut(_DEFAULT.sub(":-…}", _USER.sub("://***@", node.text)))
    return _cut(_USER.sub("://***@", _write(value)))


def _write(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_write(one) for one in value)
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Moment):
        return value.stamp.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return _MASK if isinstance(value, Secret) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _mark(value: Any) -> str:
    """Return what tells one value from another without saying what it is."""
    parts = value.reveal_parts() if isinstance(value, Secret) else value
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One setting that differs between two readings: None where one of them does not have it."""

    path: str
    before: Listed | None
    after: Listed | None


def list_changed(before: Sequence[Listed], after: Sequence[Listed]) -> tuple[Changed, ...]:
    """Return the settings that differ, those of `after` in its order first, then those that are gone."""
    old, new = {one.path: one for one in before}, {one.path: one for one in after}
    differing = [
        Changed(path=path, before=old.get(path), after=one)
        for path, one in new.items()
        if path not in old or old[path].mark != one.mark
    ]
    gone = [Changed(path=path, before=one, after=None) for path, one in old.items() if path not in new]
    return (*differing, *gone)
