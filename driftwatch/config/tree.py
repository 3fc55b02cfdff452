"""YAML text into a tree whose every value knows its line and column.

*Why not a ready-made loader:* values stay text here, and the setting they are for decides what they are.
So `no`, `12:30` and `017` mean what they say, and nothing is read by the habits of YAML 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from driftwatch.config.mistakes import Mistakes, Path, Place

__all__ = [
    "MOST_ALIASES",
    "MOST_BYTES",
    "MOST_DEPTH",
    "MOST_NODES",
    "Items",
    "Node",
    "Scalar",
    "Table",
    "parse_tree",
]

MOST_BYTES: Final = 1_000_000
MOST_ALIASES: Final = 50
MOST_DEPTH: Final = 20
# Aliases of aliases grow without bound in few bytes; this counts every value once for each use.
MOST_NODES: Final = 100_000

_STANDARD_TAGS: Final = "tag:yaml.org,2002:"
# The parser written in C is ten times as fast, but not every build of PyYAML has it.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A single value as text; `plain` when it stands without quotes."""

    place: Place
    text: str
    plain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Keys with their values, in order."""

    place: Place
    entries: tuple[tuple[Scalar, Node], ...]

    def find(self, key: str) -> Node | None:
        """Return the value of `key`, or None."""
        return next((value for name, value in self.entries if name.text == key), None)


Node = Scalar | Items | Table


class _RefusedError(Exception):
    """The text cannot be read any further; the place and reason go into the mistakes."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.place = place
        self.text = text


def parse_tree(content: bytes, mistakes: Mistakes) -> Node | None:
    """Return the tree of a YAML document, or None with the reason among `mistakes`.

    Refused are more than `MOST_BYTES`, text that is not UTF-8, tags, more than `MOST_ALIASES` aliases, more
    than `MOST_DEPTH` levels and a second document. A key that is given twice is a mistake at the second.
    """
    try:
        return _Composer(events=_parse_events(content), mistakes=mistakes).compose_document()
    except _RefusedError as refused:
        mistakes.add(refused.place, (), refused.text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(line=mark.line + 1, column=mark.column + 1) if mark else Place()
        mistakes.add(place, (), f"this is not YAML: {_describe_problem(error)}")
    except yaml.YAMLError:
        mistakes.add(_find_unprintable(content), (), "a control character stands here; remove it")
    return None


def _describe_problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "it cannot be read"
    # The pure Python parser repeats what it found here; that may be part of a secret.
    return problem.partition(" '")[0] if problem.startswith("found undefined tag") else problem


def _parse_events(content: bytes) -> Iterator[yaml.Event]:
    if len(content) > MOST_BYTES:
        raise _RefusedError(Place(), f"the file has {len(content)} bytes; at most {MOST_BYTES} are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _RefusedError(Place(line=line), "this line is not UTF-8 text; save the file as UTF-8") from None
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
    return events


def _find_unprintable(content: bytes) -> Place:
    for number, line in enumerate(content.decode("utf-8-sig").splitlines(), start=1):
        for column, letter in enumerate(line, start=1):
            if not letter.isprintable() and letter != "\t":
                return Place(line=number, column=column)
    return Place()


@dataclass(slots=True, kw_only=True)
class _Composer:
    """Builds the tree from the parser's events; `sizes` counts the values under each anchored node."""

    events: Iterator[yaml.Event]
    mistakes: Mistakes
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    aliases: int = 0
    nodes: int = 0

    def compose_document(self) -> Node | None:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _RefusedError(
                        _place(event), "a second document starts here; one file is one document"
                    )
                root = self.compose(next(self.events), (), 1)
        if root is None or (isinstance(root, Scalar) and root.plain and not root.text):
            raise _RefusedError(Place(), "the file is empty; driftwatch init writes one to start from")
        return root

    def compose(self, event: yaml.Event, path: Path, depth: int) -> Node:
        place = _place(event)
        if depth > MOST_DEPTH:
            raise _RefusedError(place, f"this is nested more than {MOST_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            return self.follow_alias(event)
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!" and not str(tag).startswith(_STANDARD_TAGS):
            raise _RefusedError(
                place, "a tag stands here; write plain values, and quote text that starts with !"
            )
        before = self.nodes
        self.count_nodes(1, place)
        node = self.compose_content(event, path, depth)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self.anchors[anchor] = (node, self.nodes - before)
        return node

    def compose_content(self, event: yaml.Event, path: Path, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None or event.style == ""
            return Scalar(place=_place(event), text=event.value, plain=plain)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.compose_items(event, path, depth)
        return self.compose_table(event, path, depth)

    def compose_items(self, event: yaml.Event, path: Path, depth: int) -> Items:
        items: list[Node] = []
        while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
            items.append(self.compose(inner, (*path, len(items)), depth + 1))
        return Items(place=_place(event), items=tuple(items))

    def compose_table(self, event: yaml.Event, path: Path, depth: int) -> Table:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            key = self.compose(inner, path, depth + 1)
            name = key.text if isinstance(key, Scalar) else ""
            value = self.compose(next(self.events), (*path, name), depth + 1)
            if not isinstance(key, Scalar):
                self.mistakes.add(_place(inner), path, "a key is one word, not a list or keys")
            elif name in entries:
                first = entries[name][0].place.line
                self.mistakes.add(_place(inner), (*path, name), f"is given twice; first in line {first}")
            else:
                entries[name] = (key, value)
        return Table(place=_place(event), entries=tuple(entries.values()))

    def follow_alias(self, event: yaml.AliasEvent) -> Node:
        self.aliases += 1
        if self.aliases > MOST_ALIASES:
            raise _RefusedError(_place(event), f"there are more than {MOST_ALIASES} aliases (*name)")
        if event.anchor not in self.anchors:
            # The name is not repeated: it may be a secret that starts with a star and lacks its quotes.
            raise _RefusedError(
                _place(event), "no anchor (&name) of this name stands above; quote text that starts with *"
            )
        node, size = self.anchors[event.anchor]
        self.count_nodes(size, _place(event))
        return node

    def count_nodes(self, more: int, place: Place) -> None:
        self.nodes += more
        if self.nodes > MOST_NODES:
            raise _RefusedError(place, f"there are more than {MOST_NODES} values, aliases counted in full")


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(line=mark.line + 1, column=mark.column + 1) if mark else Place()
