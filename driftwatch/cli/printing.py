"""Tables for people and JSON for scripts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

__all__ = [
    "flush_output",
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
    """Print lines, replacing what the terminal cannot show."""
    encoding = sys.stdout.encoding or "ascii"
    for line in lines:
        _write(line.encode(encoding, "replace").decode(encoding) + "\n")


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
    texts = [[_say(cell) for cell in row] for row in rows]
    widths = [max(len(line[at]) for line in [list(header), *texts]) for at in range(len(header))]
    lines = [_join(header, widths, shaded=False), *(_join(row, widths, shaded=True) for row in texts)]
    print_lines(*lines)


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
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)


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
