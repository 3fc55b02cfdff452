"""Which rows carry a change, in one sentence, and how that was found out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any, Final

from driftwatch.incidents.phrases import say_usual
from driftwatch.incidents.stamps import decode_window, encode_window
from driftwatch.incidents.words import say_count, say_percent, say_window, shorten
from driftwatch.profiles.window import Window
from driftwatch.statistics.slices import SliceKind

__all__ = [
    "FoundSlice",
    "SliceReport",
    "decode_report",
    "encode_report",
    "say_how_counted",
    "say_report",
    "say_slice",
]

_LONGEST_NAME: Final = 60
_NEVER_SEEN, _NO_VALUE = "unseen", "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSlice:
    """The rows that carry the part `explained` of the change of `column`: those with `name` in `divide`.

    `name` is None for `apart` rows: with a name that the reference never had (`unseen`), or none (`missing`).
    They are `share` of the rows of the window, and `usual_share` of the reference's.
    """

    column: str
    divide: str
    name: str | None
    kind: SliceKind
    explained: float
    share: float
    usual_share: float
    apart: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceReport:
    """What a search for slices found in a window, or `failed`: why there was none.

    `rows` of the window were read once more and compared with `usual_rows` of `usual_windows` windows of the
    reference, by `divides` columns. `stored` is a name whose share changed, by the counts that are stored,
    where rows could not be read.
    """

    window: Window
    columns: tuple[str, ...] = ()
    divides: int = 0
    rows: int = 0
    usual_rows: int = 0
    usual_windows: int = 0
    found: tuple[FoundSlice, ...] = ()
    stored: FoundSlice | None = None
    failed: str | None = None


def say_report(report: SliceReport) -> str:
    """Return the one sentence that people are told, empty where no slice is responsible."""
    if report.found:
        return say_slice(report.found[0])
    if report.stored is not None:
        return (
            f"By the stored counts, {_say_growth(report.stored)}; whether those rows carry the change is not "
            "known."
        )
    return ""


def say_slice(found: FoundSlice) -> str:
    """Return which rows carry a change.

    >>> late = dict(column="dep_delay", divide="carrier", name="US", explained=0.944, share=0.21)
    >>> say_slice(FoundSlice(**late, kind=SliceKind.OWN, usual_share=0.2))
    '94 % of the change in dep_delay is carrier = `US`: the rows with it, 21 % of all, changed, and the \
others hardly did.'
    >>> say_slice(FoundSlice(**late, kind=SliceKind.SIZE, usual_share=0.05))
    '94 % of the change in dep_delay is carrier = `US`: the rows with it went from 5 % to 21 % of all.'
    """
    explained = f"{floor(found.explained * 100 + 1e-8)} %"
    said = f"{explained} of the change in {shorten(found.column, _LONGEST_NAME)} is {_name(found)}"
    if found.kind is SliceKind.OWN:
        share = say_percent(found.share)
        return f"{said}: the rows with it, {share} of all, changed, and the others hardly did."
    return f"{said}: the rows with it {_say_went(found)} of all."


def _name(found: FoundSlice) -> str:
    divide = shorten(found.divide, _LONGEST_NAME)
    if found.apart == _NEVER_SEEN:
        return f"a {divide} that the reference never had"
    if found.apart == _NO_VALUE:
        return f"no value in {divide}"
    return f"{divide} = `{shorten(found.name or '', _LONGEST_NAME)}`"


def _say_growth(found: FoundSlice) -> str:
    return f"rows with {_name(found)} {_say_went(found)} of all"


def _say_went(found: FoundSlice) -> str:
    now = "none" if found.share == 0 else say_percent(found.share)
    return f"went from {say_usual(found.usual_share)} to {now}"


def say_how_counted(report: SliceReport) -> str:
    """Return what was counted, in one sentence, for whoever doubts it."""
    if report.failed is not None:
        return f"Rows could not be searched for slices: {report.failed}."
    window = say_window(report.window)
    return (
        f"Counted by reading {say_count(report.rows, 'row')} of the window of {window} once more, against "
        f"{say_count(report.usual_rows, 'row')} of {say_count(report.usual_windows, 'window')} of the "
        f"reference, by {say_count(report.divides, 'column')}."
    )


def encode_report(report: SliceReport) -> dict[str, Any]:
    """Return a document of plain JSON values from which `decode_report` restores the report."""
    return {
        "version": 1,
        "window": encode_window(report.window),
        "columns": list(report.columns),
        "divides": report.divides,
        "rows": report.rows,
        "usual_rows": report.usual_rows,
        "usual_windows": report.usual_windows,
        "found": [_encode(one) for one in report.found],
        "stored": None if report.stored is None else _encode(report.stored),
        "failed": report.failed,
    }


def decode_report(document: Mapping[str, Any]) -> SliceReport:
    """Return the report that `encode_report` wrote."""
    stored = document["stored"]
    plain = {name: document[name] for name in ("divides", "rows", "usual_rows", "usual_windows", "failed")}
    return SliceReport(
        window=decode_window(document["window"]),
        columns=tuple(document["columns"]),
        found=tuple(_decode(one) for one in document["found"]),
        stored=None if stored is None else _decode(stored),
        **plain,
    )


def _encode(found: FoundSlice) -> dict[str, Any]:
    names = ("column", "divide", "name", "explained", "share", "usual_share", "apart")
    return {**{name: getattr(found, name) for name in names}, "kind": found.kind.value}


def _decode(document: Mapping[str, Any]) -> FoundSlice:
    return FoundSlice(**{**document, "kind": SliceKind(document["kind"])})
