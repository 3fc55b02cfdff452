"""Every mistake of a configuration, each with its place, told together."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from driftwatch.errors import ConfigError

__all__ = ["ConfigMistakesError", "Mistake", "Mistakes", "Note", "Path", "Place", "format_path", "suggest"]

Path = tuple[str | int, ...]

Note = Callable[[Path, str], None]
"""Records that the setting at a path is wrong."""

# A file that is no configuration at all can have thousands; nobody reads beyond the first ones.
_MOST_TOLD = 100
# Shorter ones are no secrets, and stand in many a word.
_LEAST_HIDDEN = 4
_MOST_LETTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where something stands in the file; both counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mistake:
    """One thing that is wrong: where it stands, which setting it is, what is wrong and what is wanted."""

    place: Place
    path: str
    text: str


class ConfigMistakesError(ConfigError):
    """The configuration has mistakes: one line each, `file:line:column: path: what is wrong`."""

    def __init__(self, file: str, mistakes: Iterable[Mistake]) -> None:
        self.file = file
        self.mistakes = tuple(sorted(set(mistakes)))
        lines = [
            f"{file}:{one.place.line}:{one.place.column}: {one.path}{': ' if one.path else ''}{one.text}"
            for one in self.mistakes[:_MOST_TOLD]
        ]
        if len(self.mistakes) > _MOST_TOLD:
            lines.append(f"{file}: and {len(self.mistakes) - _MOST_TOLD} more mistakes")
        super().__init__("\n".join(lines))


@dataclass(slots=True, kw_only=True)
class Mistakes:
    """Collects mistakes, and warnings that stop nothing, while a file is read."""

    found: list[Mistake] = field(default_factory=list)
    warned: list[Mistake] = field(default_factory=list)
    _written: dict[str, str] = field(default_factory=dict)

    def hide(self, value: str, written: str) -> None:
        """Let later texts show what is `written` in the file in place of `value`, which is not in it."""
        for spelt in {value, repr(value)[1:-1], json.dumps(value)[1:-1]}:
            if len(spelt.strip()) >= _LEAST_HIDDEN:
                self._written[spelt] = written

    def add(self, place: Place, path: Path, text: str) -> None:
        """Record that the setting at `path` is wrong."""
        self.found.append(Mistake(place=place, path=format_path(path), text=self._show(text)))

    def has_inside(self, path: Path) -> bool:
        """Return whether a setting inside the section at `path` is wrong."""
        inside = (f"{format_path(path)}.", f"{format_path(path)}[")
        return any(one.path.startswith(inside) for one in self.found)

    def warn(self, place: Place, path: Path, text: str) -> None:
        """Record something about `path` that works but should be looked at."""
        self.warned.append(Mistake(place=place, path=format_path(path), text=self._show(text)))

    def _show(self, text: str) -> str:
        for value in sorted(self._written, key=len, reverse=True):
            text = text.replace(value, self._written[value])
        if not text.isprintable():
            # One mistake is one line, whatever names and values it repeats.
            text = "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)
        return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 200]} … {text[-200:]}"


def format_path(path: Path) -> str:
    """Return `path` as it is written in messages.

    >>> format_path(("monitors", 0, "reference", "to"))
    'monitors[0].reference.to'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f"{'.' if text else ''}{_format_key(part)}"
    return text


def _format_key(key: str) -> str:
    # A key with a line separator in it must not make two lines of one mistake.
    is_plain = key.isprintable()
    return key if re.fullmatch(r"[\w*-]{1,60}", key) else json.dumps(key[:60], ensure_ascii=not is_plain)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean …?)` when one of the `known` words is close to `word`, else nothing.

    >>> suggest("windw", ["window", "delay"])
    ' (did you mean window?)'
    """
    close = get_close_matches(word[:60].lower(), sorted(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close and close[0].isprintable() else ""
