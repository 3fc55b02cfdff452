"""A comparison as text for a terminal: one line, then a table with pictures, then what was found."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from driftwatch.cli.pictures import draw_bars
from driftwatch.incidents.finding import VerdictWord
from driftwatch.incidents.words import say_percent
from driftwatch.jobs.comparison import ColumnComparison, Comparison
from driftwatch.profiles.outline import draw_outline

__all__ = ["Look", "write_text"]

_MARKS = {VerdictWord.DRIFT: ("✗", "x"), VerdictWord.DATA: ("!", "!"), VerdictWord.OK: ("✓", "+")}
_COLOURS = {VerdictWord.DRIFT: "31", VerdictWord.DATA: "33", VerdictWord.OK: "32"}
_RIGHT = frozenset({"KS", "PSI", "moved ≥", "missing"})
# What is left out first where the terminal is narrow.
_DISPENSABLE = ("kind", "PSI", "missing", "KS", "reference", "current", "moved ≥")
_QUIET_ROWS = 40
_LEAST_NAME = 12
_GAP = "  "
_PLAIN = str.maketrans({"≥": ">", "…": "~"})

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the terminal can show. `width` None means that lines may be as long as they like."""

    width: int | None = None
    colour: bool = False
    blocks: bool = True


def write_text(comparison: Comparison, look: Look) -> str:
    """Return the comparison as lines of text, the summary first."""
    lines = [_paint(_show_name(comparison.summary), comparison.verdict, look)]
    if comparison.columns and comparison.verdict is not VerdictWord.NO_DATA:
        lines += ["", *_write_table(comparison, look)]
    if comparison.findings:
        lines += ["", "found:", *_write_items((found.text for found in comparison.findings), look)]
    if comparison.skipped:
        skipped = (f"{column.column}: {column.why}" for column in comparison.skipped)
        lines += ["", "not judged:", *_write_items(skipped, look)]
    if comparison.gaps:
        lines += ["", "not known:", *_write_items(comparison.gaps, look)]
    if comparison.extra:
        lines += ["", "only in the current rows:", *_write_items([", ".join(comparison.extra)], look)]
    text = "\n".join(lines) + "\n"
    return text if look.blocks else text.translate(_PLAIN)


def _write_table(comparison: Comparison, look: Look) -> Iterator[str]:
    columns = sorted(comparison.columns.values(), key=_rank)
    quiet = [column for column in columns if not column.findings]
    hidden = len(quiet) - _QUIET_ROWS
    shown = columns if hidden <= 0 else columns[: len(columns) - hidden]
    rows = [_write_cells(column, look) for column in shown]
    titles = _fit_titles(rows, look.width)
    widths = _fit_widths(rows, titles, look.width)
    yield _write_line({title: title for title in titles}, widths)
    for column, row in zip(shown, rows, strict=True):
        line = _write_line(row, widths)
        yield _paint(line, column.verdict, look) if column.findings else line
    if hidden > 0:
        yield f"and {hidden:,} more columns in which nothing was found (-o json lists them all)"


def _rank(column: ColumnComparison) -> tuple[bool, bool, float]:
    return (not column.findings, column.verdict is not VerdictWord.DRIFT, -(column.moved_share or 0.0))


def _write_cells(column: ColumnComparison, look: Look) -> Row:
    outline = draw_outline(column.reference, column.current)
    mark = _MARKS.get(column.verdict, ("·", "-"))[0 if look.blocks else 1]
    return {
        "column": _show_name(column.column),
        "kind": column.kind,
        "reference": draw_bars(outline.reference.tolist(), top=outline.highest, blocks=look.blocks),
        "current": draw_bars(outline.current.tolist(), top=outline.highest, blocks=look.blocks),
        "KS": _write_value(column, "ks"),
        "PSI": _write_value(column, "psi"),
        "moved ≥": say_percent(column.moved_share) if column.moved_share else "-",
        "missing": say_percent(column.current_missing_share) if column.current_missing_share else "-",
        "verdict": f"{mark} {column.verdict.value}",
    }


def _write_value(column: ColumnComparison, statistic: str) -> str:
    found = column.statistics.get(statistic)
    return "-" if found is None or found.value is None else f"{found.value:.3f}"


def _show_name(name: str) -> str:
    # Text from a file must not move the cursor or change colours.
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in name)


def _measure(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) > 0 for sign in text)


def _fit_titles(rows: Sequence[Row], width: int | None) -> list[str]:
    titles = list(rows[0])
    for title in _DISPENSABLE:
        if width is None or _add_up(_fit_widths(rows, titles, None), short=True) <= width:
            break
        titles.remove(title)
    return titles


def _fit_widths(rows: Sequence[Row], titles: Sequence[str], width: int | None) -> dict[str, int]:
    widths = {title: max(_measure(title), *(_measure(row[title]) for row in rows)) for title in titles}
    too_much = 0 if width is None else _add_up(widths) - width
    if too_much > 0:
        widths["column"] = max(_LEAST_NAME, widths["column"] - too_much)
    return widths


def _add_up(widths: Mapping[str, int], *, short: bool = False) -> int:
    name = min(widths["column"], _LEAST_NAME) if short else widths["column"]
    return sum(widths.values()) - widths["column"] + name + len(_GAP) * (len(widths) - 1)


def _write_line(row: Row, widths: Mapping[str, int]) -> str:
    return _GAP.join(
        _pad(row[title], width, right=title in _RIGHT) for title, width in widths.items()
    ).rstrip()


def _pad(text: str, width: int, *, right: bool) -> str:
    while _measure(text) > width:
        text = text[:-2] + "…"
    room = " " * (width - _measure(text))
    return room + text if right else text + room


def _write_items(items: Iterator[str] | Sequence[str], look: Look) -> Iterator[str]:
    for item in items:
        text = _show_name(item)
        if look.width is None:
            yield f"  {text}"
        else:
            yield textwrap.fill(text, max(20, look.width), initial_indent="  ", subsequent_indent="    ")


def _paint(text: str, word: VerdictWord, look: Look) -> str:
    return f"\x1b[{_COLOURS[word]}m{text}\x1b[0m" if look.colour and word in _COLOURS else text
