"""What pictures have in common: frames made once, data put into them, marks beside what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from driftwatch.charts.values import Mark, Spec
from driftwatch.incidents.words import say_moment, say_window, shorten
from driftwatch.profiles.window import Window

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "HEIGHT",
    "ZOOM_KEYS",
    "build_axis",
    "build_marks",
    "build_scale",
    "describe_marks",
    "fill_frame",
    "find_top",
    "join_layers",
    "name_apart",
    "name_window",
    "tell_time",
]

Row = Mapping[str, Any]

HEIGHT: Final = 200
"""How high a picture is, in pixels; it is as wide as there is room."""

ZOOM_KEYS: Final = "wheel![event.ctrlKey || event.metaKey || event.shiftKey]"
"""A wheel alone moves the page on, over pictures too."""

_SHAPES: Final = {"label": "triangle-down", "reference": "diamond", "marker": "triangle-up"}
_DASHES: Final = {"label": [1, 2], "reference": [8, 3], "marker": [4, 2, 1, 2]}
_HOVER: Final = {"kind": "what", "words": "words", "when": "when"}


def fill_frame(
    frame: Mapping[str, Any],
    title: str,
    rows: Mapping[str, Sequence[Row]],
    *,
    top: float | None = None,
    height: int | None = None,
) -> Spec:
    """Return a specification: a frame with its title, and its rows by the names that the frame gives them.

    `top` is where its scale ends, for a frame with one of `build_scale`; `height` is how high it is, in
    pixels, where the frame leaves that to what is in it.
    """
    filled = deepcopy(dict(frame))
    if height is not None:
        filled["height"] = height
    if top is not None:
        filled["params"] = [*filled.get("params", []), {"name": "top", "value": top}]
    filled["title"] = {**filled.get("title", {}), "text": title}
    filled["datasets"] = {name: list(found) for name, found in rows.items()}
    return filled


def tell_time(moment: datetime) -> int:
    """Return a time as Vega reads it: milliseconds since 1970.

    >>> from datetime import UTC
    >>> tell_time(datetime(2013, 2, 8, tzinfo=UTC))
    1360281600000
    """
    return round(moment.timestamp() * 1000)


def name_window(window: Window) -> dict[str, Any]:
    """Return where a window stands, and what it is called."""
    return {"at": tell_time(window.start), "window": say_window(window)}


def name_apart(names: Sequence[str], length: int) -> list[str]:
    """Return names that fit into so many characters or a few more, no two of them the same.

    >>> name_apart(["abcdef", "abcdeg", ""], 4)
    ['abc…', 'abc… (2)', '(empty)']
    """
    known: Counter[str] = Counter()
    told = []
    for name in names:
        short = shorten(name, length) or "(empty)"
        known[short] += 1
        told.append(short if known[short] == 1 else f"{short} ({known[short]})")
    return told


def describe_marks(marks: Sequence[Mark], windows: Sequence[Window]) -> list[dict[str, Any]]:
    """Return the marks that lie within the time of `windows`, as rows; a stretch is cut at both ends."""
    if not windows:
        return []
    first, last = windows[0].start, windows[-1].end
    return [_describe(one, first, last) for one in marks if one.at < last and (one.until or one.at) >= first]


def _describe(mark: Mark, first: datetime, last: datetime) -> dict[str, Any]:
    is_stretch = mark.until is not None
    return {
        "at": tell_time(max(mark.at, first) if is_stretch else mark.at),
        "until": tell_time(min(mark.until, last)) if mark.until else None,
        "group": mark.kind if mark.kind in _SHAPES or is_stretch else "marker",
        "kind": mark.kind,
        "words": mark.words,
        "when": say_moment(mark.at),
    }


_LABEL: Final = (
    "utchours(datum.value) + utcminutes(datum.value) == 0"
    " ? (utcmonth(datum.value) == 0 && utcdate(datum.value) == 1"
    " ? utcFormat(datum.value, '%Y') : utcFormat(datum.value, '%b %d'))"
    " : [utcFormat(datum.value, '%H:%M'), utcFormat(datum.value, '%b %d')]"
)
"""A year, a day, or a time with its day below: Vega's own labels of a few days are 06 AM and 06 PM alone."""


def build_axis(field: str = "at:T") -> alt.X:
    """Return the axis of time, in UTC as all times of the pages are; every label of it names the day."""
    import altair as alt

    # A label of two lines takes about 80 pixels with what keeps it apart from the next.
    count = alt.ExprRef("max(2, ceil(width / 80))")
    axis = alt.Axis(labelExpr=_LABEL, tickCount=count)
    return alt.X(field, scale=alt.Scale(type="utc"), title=None, axis=axis)


def build_scale(kind: Literal["linear", "sqrt"] = "linear") -> alt.Scale:
    """Return a scale from 0 to what the specification is filled with as its top."""
    import altair as alt

    return alt.Scale(type=kind, domainMin=0, domainMax=alt.ExprRef("top"), nice=False)


def find_top(rows: Sequence[Row], *fields: str) -> float:
    """Return where a scale should end for all that `rows` have in these fields to be seen whole.

    >>> find_top([{"value": 0.5, "limit": None}, {"value": 1.0, "limit": None}], "value", "limit")
    1.1
    """
    found = (row[field] for row in rows for field in fields)
    return 1.1 * max((value for value in found if value), default=1.0)


def join_layers(layers: Sequence[alt.Chart]) -> dict[str, Any]:
    """Return layers over time as one frame: as wide as there is room, to be moved and zoomed into."""
    import altair as alt

    zoom = alt.selection_interval(name="zoom", bind="scales", encodings=["x"], zoom=ZOOM_KEYS)
    joined = alt.layer(*layers).properties(width="container", height=HEIGHT).add_params(zoom)
    found: dict[str, Any] = joined.to_dict()
    return found


def build_marks() -> list[alt.Chart]:
    """Return the layers that draw marks, from the rows named `marks`: bands, and rules with a sign on top."""
    import altair as alt

    hover = [alt.Tooltip(f"{field}:N", title=title) for field, title in _HOVER.items()]
    base = alt.Chart(alt.NamedData("marks")).encode(x=build_axis(), tooltip=hover)
    bands = base.transform_filter("isValid(datum.until)").mark_rect(style="band", clip=True)
    points = base.transform_filter("!isValid(datum.until)")
    rules = points.mark_rule(style="mark", clip=True)
    signs = points.mark_point(style="sign", size=70, filled=True, clip=True)
    names = points.mark_text(style="name", align="left", dx=7, clip=True)
    return [
        bands.encode(x2="until:T"),
        rules.encode(strokeDash=_choose(_DASHES)),
        signs.encode(y=alt.value(6), shape=_choose(_SHAPES)),
        names.encode(y=alt.value(6), text="kind:N"),
    ]


def _choose(values: Mapping[str, Any]) -> dict[str, Any]:
    # Not by a scale: it would be joined with that of what was measured.
    tests = [{"test": f"datum.group === '{group}'", "value": value} for group, value in values.items()]
    return {"condition": tests, "value": next(iter(values.values()))}
