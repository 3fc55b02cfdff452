"""Tables for people and JSON for scripts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

__all__ = [
    "clean_text",
    "flush_output",
    "print_clean_lines",
    "print_json",
    "print_lines",
    "print_table",
    "say_age",
    "say_stamp",
    "shade",
    "wants_colour",
]

_COLOURS = {"red": "31", "yellow": "33", "green": "32", "grey": "90", "bold": "1"}
_SHADES = {
    "ok": "green",
    "drift": "red",
    "data": "yellow",
    "warning": "yellow",
    "trouble": "red",
    "critical": "red",
    "major": "red",
    "minor": "yellow",
    "error": "red",
    "no_data": "yellow",
    "partial": "yellow",
    "not_evaluated": "yellow",
    "dead": "red",
    "failed": "red",
}


def print_json(value: Any) -> None:
    """Print `value` as JSON, alone on standard output."""
    _write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def print_lines(*lines: str) -> None:
    """Print lines, replacing what the terminal cannot show and what would steer it."""
    print_clean_lines(*map(clean_text, lines))


def print_clean_lines(*lines: str) -> None:
    """Print lines in which nothing steers the terminal but colours of ours."""
    encoding = sys.stdout.encoding or "ascii"
    for line in lines:
        _write(line.encode(encoding, "replace").decode(encoding) + "\n")


def clean_text(text: str) -> str:
    r"""Return `text` with a blank for every character that shows nothing and may steer a terminal or a log.

    Names and values of data stand in what is printed: none of them may move the cursor or change a title.

    >>> clean_text("a\x1b[2Jb\nc")
    'a [2Jb\nc'
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        _turn_away()


def flush_output() -> None:
    """Write what is still held back, where anybody reads it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _turn_away()


def _turn_away() -> None:
    """Let the rest go nowhere: whoever read our output has enough of it, and the exit status still counts."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print columns as wide as they need to be; words for states are coloured on a terminal."""
    titles, texts = [_say(title) for title in header], [[_say(cell) for cell in row] for row in rows]
    widths = [max(len(line[at]) for line in [titles, *texts]) for at in range(len(titles))]
    lines = [_join(titles, widths, shaded=False), *(_join(row, widths, shaded=True) for row in texts)]
    print_clean_lines(*lines)


def _join(cells: Sequence[str], widths: Sequence[int], *, shaded: bool) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    if shaded:
        padded = [shade(cell, _SHADES.get(cell.strip(), "")) for cell in padded]
    return "  ".join(padded).rstrip()


def shade(text: str, colour: str) -> str:
    """Return `text` in a colour, where standard output is a terminal that wants colours."""
    return f"\033[{_COLOURS[colour]}m{text}\033[0m" if colour in _COLOURS and wants_colour() else text


def wants_colour() -> bool:
    """Return whether standard output is a terminal that wants colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _say(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, datetime):
        return say_stamp(cell)
    if isinstance(cell, timedelta):
        return say_age(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return f"{cell:,}"
    # A cell has one line, or the table would say what nobody put into it.
    return clean_text(str(cell)).replace("\n", " ")


def say_stamp(moment: datetime) -> str:
    """Return a time in UTC to the minute."""
    return moment.strftime("%Y-%m-%d %H:%MZ")


def say_age(age: timedelta) -> str:
    """Return a duration in its two largest units.

    >>> say_age(timedelta(hours=26, minutes=5)), say_age(timedelta(seconds=40))
    ('1d 2h', '40s')
    """
    seconds = int(age.total_seconds())
    parts = [
        (seconds // 86_400, "d"),
        (seconds // 3600 % 24, "h"),
        (seconds // 60 % 60, "m"),
        (seconds % 60, "s"),
    ]
    filled = [f"{count}{unit}" for count, unit in parts if count]
    return " ".join(filled[:2]) or "0s"
