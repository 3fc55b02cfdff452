"""`${NAME}`, `${NAME:-default}` and `${file:/path}` inside values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["VARIABLE", "Inserted", "insert_variables"]

VARIABLE: Final = r"\$\{"
"""How a value that has variables in it can be told, as a regular expression."""
_PIECE: Final = re.compile(
    r"(?P<escaped>\$\$\{)|\$\{(?:file:(?P<file>[^}]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<rest>:-(?P<default>[^}]*))?)\}"
    r"|(?P<broken>\$\{)"
)
_HOW: Final = "write ${NAME}, ${NAME:-default} or ${file:/path}; a literal ${ is written $${"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """The parts of a value: texts, and the paths of files whose content belongs there.

    `mistakes` says what cannot be filled in; `is_filled` whether anything came from outside the file.
    """

    parts: tuple[str | Path, ...]
    mistakes: tuple[str, ...] = ()
    is_filled: bool = False


def insert_variables(text: str, environment: Mapping[str, str], folder: Path) -> Inserted:
    """Return `text` with its variables filled in; the path of a file is relative to `folder`.

    `${NAME:-default}` gives the default where NAME is not set or empty. `$${` stands for a literal `${`.

    >>> insert_variables("https://${HOST}/${PATH_:-a}", {"HOST": "h"}, Path("/etc")).parts
    ('https://h/a',)
    """
    parts: list[str | Path] = []
    mistakes: list[str] = []
    end, filled = 0, False
    for piece in _PIECE.finditer(text):
        parts.append(text[end : piece.start()])
        end = piece.end()
        if piece["escaped"]:
            parts.append("${")
        elif piece["broken"]:
            mistakes.append(f"a ${{ has no end or no proper name; {_HOW}")
        elif piece["file"]:
            parts.append(folder / piece["file"].strip())
        else:
            parts.append(_look_up(piece, environment, mistakes))
        filled = filled or not piece["escaped"]
    parts.append(text[end:])
    return Inserted(parts=_join_texts(parts), mistakes=tuple(mistakes), is_filled=filled)


def _look_up(piece: re.Match[str], environment: Mapping[str, str], mistakes: list[str]) -> str:
    name = piece["name"]
    value = environment.get(name)
    if piece["rest"] is not None:
        return value or piece["default"]
    if value is None:
        mistakes.append(f"the variable {name} is not set; set it, or write ${{{name}:-default}}")
    return value or ""


def _join_texts(parts: Sequence[str | Path]) -> tuple[str | Path, ...]:
    joined: list[str | Path] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)
