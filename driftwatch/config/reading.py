"""Reads the values of the tree by the types of the settings they are for.

A wrong value becomes a mistake and the reading goes on with the default: every mistake is told at once.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path as FilePath
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from driftwatch.config.mistakes import Mistakes, Path, suggest
from driftwatch.config.sections import (
    Choice,
    Chosen,
    Setting,
    describe_type,
    get_choice,
    get_members,
    is_items,
    is_table,
    list_settings,
)
from driftwatch.config.tree import Items, Node, Scalar, Table
from driftwatch.config.values import NUMBERS, VALUES
from driftwatch.config.variables import insert_variables
from driftwatch.errors import DriftwatchError
from driftwatch.net.secrets import Secret

__all__ = ["BAD", "Bad", "Reader", "list_good", "show_text"]


class Bad(Enum):
    """Stands for a value that could not be read; the mistake is recorded."""

    BAD = "bad"


BAD: Final = Bad.BAD

_T = TypeVar("_T")

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_READABLE_BY_ALL: Final = 0o004
# Containers mount these for one process alone, often readable by every user inside.
_MOUNTED: Final = ("/run/secrets/", "/var/run/secrets/")


def list_good(items: Iterable[_T]) -> Iterator[tuple[int, _T]]:
    """Return the items that could be read, each with its place."""
    return ((place, item) for place, item in enumerate(items) if item is not BAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filled:
    """A value after its variables are filled in.

    `is_quoted` when quotes say that it is no number, `is_literal` when nothing came from outside the file.
    """

    text: str
    is_quoted: bool
    is_literal: bool
    parts: tuple[str | FilePath, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Turns nodes of the tree into values of the wanted types; what is wrong goes into `mistakes`."""

    mistakes: Mistakes
    environment: Mapping[str, str]
    folder: FilePath

    def read(self, node: Node, wanted: Any, path: Path) -> Any:
        """Return the value of `node` as the type `wanted`, or BAD."""
        members = get_members(wanted)
        if types.NoneType in members and _is_null(node):
            return None
        members = tuple(one for one in members if one is not types.NoneType)
        fitting = tuple(one for one in members if _fits(node, one))
        if not fitting or _is_null(node):
            words = " or ".join(describe_type(one) for one in members)
            return self.refuse(node, path, f"wants {words}, not {_describe_shape(node)}")
        if isinstance(node, Scalar):
            return self.read_scalar(node, fitting, path)
        return self.read_collection(node, fitting[0], path)

    def refuse(self, node: Node, path: Path, text: str) -> Literal[Bad.BAD]:
        """Record a mistake at `node`."""
        self.mistakes.add(node.place, path, text)
        return BAD

    def read_collection(self, node: Items | Table, wanted: Any, path: Path) -> Any:
        """Return the value of a list or of keys."""
        if isinstance(node, Items):
            return self.read_items(node, wanted, path)
        choice = get_choice(wanted)
        if choice is not None:
            return self.read_chosen(node, choice, path)
        if dataclasses.is_dataclass(wanted):
            return self.read_section(node, wanted, path)
        return self.read_mapping(node, *get_args(wanted), path=path)

    def read_items(self, node: Items, wanted: Any, path: Path) -> Any:
        """Return a tuple or frozenset of the values of a list; a wrong one stays BAD in its place."""
        inner = get_args(wanted)[0]
        values = [self.read(item, inner, (*path, place)) for place, item in enumerate(node.items)]
        return frozenset(values) if get_origin(wanted) is frozenset else tuple(values)

    def read_mapping(self, node: Table, key: Any, wanted: Any, *, path: Path) -> Any:
        """Return a dict by the names as they stand; a wrong value stays BAD in its place."""
        values = {}
        for name, value in node.entries:
            # The name is not filled in: a variable there would hide which setting is meant.
            try:
                VALUES[key](name.text)
            except ValueError as error:
                self.mistakes.add(name.place, (*path, name.text), str(error))
            values[name.text] = self.read(value, wanted, (*path, name.text))
        return values

    def read_section(self, node: Table, section: Any, path: Path, also: frozenset[str] = frozenset()) -> Any:
        """Return `section` filled from the keys of `node`, or BAD; keys in `also` belong to others."""
        known = list_settings(section)
        values: dict[str, Any] = {}
        for name, value in node.entries:
            if name.text in known:
                found = known[name.text]
                values[found.field] = self.read(value, found.type, (*path, name.text))
            elif name.text not in also:
                hint = suggest(name.text, also.union(known))
                self.mistakes.add(name.place, (*path, name.text), f"is not known to this version{hint}")
        for one in known.values():
            if one.required and values.get(one.field) is None:
                place = (node.find(one.key) or node).place
                self.mistakes.add(place, (*path, one.key), _describe_missing(one))
            if values.get(one.field, BAD) is BAD:
                values[one.field] = one.default
        checks_itself = hasattr(section, "__post_init__")
        if any(one is dataclasses.MISSING or (checks_itself and _holds_bad(one)) for one in values.values()):
            return BAD
        return self.build(node, section, values, path)

    def build(self, node: Table, section: Any, values: Mapping[str, Any], path: Path) -> Any:
        """Return `section(**values)`; what it refuses is a mistake of the setting that it names first."""
        try:
            return section(**values)
        except (ValueError, DriftwatchError) as error:
            text = _hide_secrets(str(error), values)
            name, value = _find_named(node, text) or (None, node)
            return self.refuse(value, (*path, name.text) if name else path, text)

    def read_chosen(self, node: Table, choice: Choice, path: Path) -> Any:
        """Return the section that the key `kind` chooses from a catalogue."""
        kinds = choice.load()
        kind = node.find("kind")
        if kind is None:
            self.mistakes.add(node.place, (*path, "kind"), f"is missing; one of {', '.join(kinds)}")
            return BAD
        chosen = self.read(kind, str, (*path, "kind"))
        if chosen is BAD:
            return BAD
        if chosen not in kinds:
            known = f"there are {', '.join(kinds)}"
            text = f"there is no {choice.noun} of this kind; {known}{suggest(chosen, kinds)}"
            return self.refuse(kind, (*path, "kind"), text)
        shared = frozenset(list_settings(choice.extra)) if choice.extra else frozenset()
        value = self.read_section(node, kinds[chosen], path, shared | {"kind"})
        extra = self.read_shared(node, choice.extra, path) if choice.extra else None
        return BAD if value is BAD or extra is BAD else Chosen(kind=chosen, value=value, extra=extra)

    def read_shared(self, node: Table, extra: type, path: Path) -> Any:
        """Return the keys that all kinds of a catalogue share."""
        known = list_settings(extra)
        mine = tuple((name, value) for name, value in node.entries if name.text in known)
        return self.read_section(Table(place=node.place, entries=mine), extra, path)

    def read_scalar(self, node: Scalar, wanted: tuple[Any, ...], path: Path) -> Any:
        """Return a single value as the first of the types `wanted` that it is one of, text last."""
        filled = self.fill(node, path)
        if filled is BAD:
            return BAD
        if Secret in wanted:
            # Where both are possible, a text of the file itself is no secret unless it names a user.
            if str in wanted and filled.is_literal and filled.text and "@" not in filled.text:
                return filled.text
            return self.build_secret(node, filled, path)
        reasons: list[str] = []
        for one in sorted(wanted, key=lambda one: one is str):
            try:
                return _convert(filled, one)
            except ValueError as error:
                reasons.append(str(error))
        head, hint, tail = reasons[0].partition(" (did you mean")
        found = f", not {show_text(node)}" if filled.text else ""
        return self.refuse(node, path, f"{head}{found}{hint}{tail}")

    def fill(self, node: Scalar, path: Path) -> _Filled | Literal[Bad.BAD]:
        """Return the text of `node` with its variables filled in."""
        inserted = insert_variables(node.text, self.environment, self.folder)
        for mistake in inserted.mistakes:
            self.mistakes.add(node.place, path, mistake)
        if inserted.mistakes:
            return BAD
        try:
            text = Secret.of_parts(inserted.parts).reveal()
        except DriftwatchError as error:
            return self.refuse(node, path, str(error))
        literal = not inserted.is_filled
        if not literal:
            # It may be a secret, whatever setting it stands in: a wrong one is where they end up.
            self.mistakes.hide(text, show_text(node).strip("'"))
        quoted = literal and not node.plain
        return _Filled(text=text, is_quoted=quoted, is_literal=literal, parts=inserted.parts)

    def build_secret(self, node: Scalar, filled: _Filled, path: Path) -> Any:
        """Return a Secret that reads its files again when they change."""
        if not filled.text:
            return self.refuse(node, path, "wants a text, and is empty")
        for file in filled.parts:
            if isinstance(file, FilePath) and _is_open_to_all(file):
                self.mistakes.warn(node.place, path, f"every user of this machine can read {file}")
        return Secret.of_parts(filled.parts)


def _convert(filled: _Filled, wanted: Any) -> Any:
    if get_origin(wanted) is Literal:
        words = [str(word) for word in get_args(wanted)]
        if filled.text not in words:
            raise ValueError(f"wants {describe_type(wanted)}{suggest(filled.text, words)}")
        return filled.text
    if wanted in NUMBERS and filled.is_quoted:
        raise ValueError(f"wants {describe_type(wanted)} without quotes")
    return VALUES[wanted](filled.text)


def _find_named(node: Table, text: str) -> tuple[Scalar, Node] | None:
    """Return the key of `node`, with its value, that a message names first."""
    words = re.findall(r"\w+", text)
    named = [entry for entry in node.entries if entry[0].text in words]
    return min(named, key=lambda entry: words.index(entry[0].text), default=None)


def _hide_secrets(text: str, values: Mapping[str, Any]) -> str:
    """Return `text`, written by somebody else's code perhaps, without the secrets among `values`."""
    for secret in (value.reveal() for value in values.values() if isinstance(value, Secret)):
        text = text.replace(secret, "***")
    return text


def _holds_bad(value: Any) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, Mapping | tuple | frozenset) and any(
        one is BAD or _holds_bad(one) for one in inner
    )


def show_text(node: Scalar) -> str:
    """Return a value as it is written, its variables not filled in; addresses are not repeated."""
    if "://" in node.text or len(node.text) > 60:
        return "this text"
    return "'" + "".join(letter if letter.isprintable() else " " for letter in node.text) + "'"


def _is_open_to_all(file: FilePath) -> bool:
    try:
        return bool(file.stat().st_mode & _READABLE_BY_ALL) and not str(file).startswith(_MOUNTED)
    except (OSError, ValueError):
        return False


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text in _NULLS


def _fits(node: Node, wanted: Any) -> bool:
    if isinstance(node, Items):
        return is_items(wanted)
    return is_table(wanted) if isinstance(node, Table) else not is_items(wanted) and not is_table(wanted)


def _describe_shape(node: Node) -> str:
    if _is_null(node):
        return "nothing"
    return "a list" if isinstance(node, Items) else "keys" if isinstance(node, Table) else "a single value"


def _describe_missing(setting: Setting) -> str:
    return f"is missing{': ' if setting.text else ''}{setting.text}"
