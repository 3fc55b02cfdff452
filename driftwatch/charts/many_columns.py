"""All columns of a monitor at once: how far each moved over time, and whether those that matter moved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from statistics import median
from typing import Any, Final

from driftwatch.charts.frames import (
    HEIGHT,
    ZOOM_KEYS,
    build_axis,
    fill_frame,
    name_apart,
    name_window,
    tell_time,
)
from driftwatch.charts.values import Cells, Chart, Placed, Table
from driftwatch.incidents.words import join_words, say_count, say_percent, say_window, shorten
from driftwatch.profiles.window import Window

__all__ = ["draw_heat", "draw_quadrants"]

_LONGEST_NAME: Final = 40
_ROW: Final = 20
"""How high a row of cells is, in pixels."""


def draw_heat(columns: Sequence[Cells], windows: Sequence[Window], *, left_out: int = 0) -> Chart:
    """Return which share of each column's rows moved in each window, what matters most first.

    The order is that of `Cells.weight`, and columns of equal weight stand by name. `left_out` columns have
    less than these.
    """
    ranked = sorted(columns, key=lambda one: (-one.weight, one.column))
    cells = [
        {
            **name_window(window),
            "until": tell_time(window.end),
            **{f"c{place}": _shown(one.shares[at]) for place, one in enumerate(ranked)},
        }
        for at, window in enumerate(windows)
    ]
    found = [
        {**name_window(window), "until": tell_time(window.end), "key": f"c{place}", "found": one.found[at]}
        for place, one in enumerate(ranked)
        for at, window in enumerate(windows)
        if one.found[at]
    ]
    names = [
        {"key": f"c{place}", "place": place, "column": name}
        for place, name in enumerate(name_apart([one.column for one in ranked], _LONGEST_NAME))
    ]
    title = _say_heat(ranked)
    return Chart(
        name="heat",
        title=title,
        spec=fill_frame(
            _frame_heat(len(ranked)),
            title,
            {"cells": cells, "found": found, "names": names},
            height=_ROW * len(ranked),
        ),
        table=Table(
            head=("Column", *(say_window(window) for window in windows)),
            rows=tuple((one.column, *map(_write_cell, one.shares, one.found)) for one in ranked),
        ),
        note=f"{say_count(left_out, 'column')} that moved less are not drawn." if left_out else "",
    )


def draw_quadrants(columns: Sequence[Placed], limit: float) -> Chart:
    """Return columns by how much they matter and how far they moved.

    `limit` is the share of rows from which on a change is told; the other border is the middle importance.
    """
    border = median(one.importance for one in columns) if columns else 1.0
    rows = [
        {
            "column": shorten(one.column, _LONGEST_NAME) or "(empty)",
            "importance": one.importance,
            "moved": one.moved,
            "urgent": one.moved > limit and one.importance > border,
        }
        for one in columns
    ]
    title = _say_quadrants(columns, limit, border)
    return Chart(
        name="quadrants",
        title=title,
        spec=fill_frame(
            _frame_quadrants(), title, {"columns": rows, "borders": [{"importance": border, "moved": limit}]}
        ),
        table=Table(
            head=("Column", "Importance", "Rows moved, at least"),
            rows=tuple((one.column, f"{one.importance:g}", say_percent(one.moved)) for one in columns),
        ),
    )


@cache
def _frame_heat(columns: int) -> dict[str, Any]:
    import altair as alt

    order = alt.EncodingSortField(field="place", op="min")
    names = alt.LookupData(alt.NamedData("names"), key="key", fields=["column", "place"])
    y = alt.Y("column:N", title=None, sort=order)
    cells = (
        alt.Chart(alt.NamedData("cells"))
        .transform_fold([f"c{place}" for place in range(columns)], as_=["key", "share"])
        .transform_filter("isValid(datum.share)")
        .transform_lookup("key", from_=names)
        .mark_rect(clip=True)
        .encode(
            x=build_axis(),
            x2="until:T",
            y=y,
            color=alt.Color(
                "share:Q",
                title="rows moved, at least",
                scale=alt.Scale(type="sqrt", domain=[0, 1]),
                legend=alt.Legend(format="%", gradientLength=120),
            ),
            tooltip=[
                alt.Tooltip("column:N", title="column"),
                alt.Tooltip("window:N", title="window"),
                alt.Tooltip("share:Q", title="rows moved, at least", format=".1%"),
            ],
        )
    )
    signs = (
        alt.Chart(alt.NamedData("found"))
        .transform_lookup("key", from_=names)
        .transform_calculate(middle="(datum.at + datum.until) / 2")
        .mark_point(style="beyond", shape="triangle-up", filled=True, size=40, clip=True)
        .encode(
            x=build_axis("middle:T"),
            y=y,
            tooltip=[
                alt.Tooltip("column:N", title="column"),
                alt.Tooltip("window:N", title="window"),
                alt.Tooltip("found:N", title="found"),
            ],
        )
    )
    zoom = alt.selection_interval(name="zoom", bind="scales", encodings=["x"], zoom=ZOOM_KEYS)
    found: dict[str, Any] = alt.layer(cells, signs).properties(width="container").add_params(zoom).to_dict()
    return found


@cache
def _frame_quadrants() -> dict[str, Any]:
    import altair as alt

    hover = [
        alt.Tooltip("column:N", title="column"),
        alt.Tooltip("importance:Q", title="importance"),
        alt.Tooltip("moved:Q", title="rows moved, at least", format=".1%"),
    ]
    x = alt.X("importance:Q", title="importance", scale=alt.Scale(zero=True))
    y = alt.Y(
        "moved:Q",
        title="rows moved, at least",
        axis=alt.Axis(format="%"),
        scale=alt.Scale(type="sqrt", domainMin=0),
    )
    base = alt.Chart(alt.NamedData("columns")).encode(x=x, y=y, tooltip=hover)
    calm, urgent = base.transform_filter("!datum.urgent"), base.transform_filter("datum.urgent")
    borders = alt.Chart(alt.NamedData("borders"))
    found: dict[str, Any] = (
        alt.layer(
            borders.mark_rule(style="limit").encode(y="moved:Q"),
            borders.mark_rule(style="mark").encode(x="importance:Q"),
            calm.mark_point(style="dot", filled=True, size=60),
            urgent.mark_point(style="beyond", filled=True, size=110, shape="triangle-up"),
            urgent.mark_text(style="name", align="left", dx=9).encode(text="column:N"),
        )
        .properties(width="container", height=HEIGHT + 60)
        .to_dict()
    )
    return found


def _say_heat(ranked: Sequence[Cells]) -> str:
    moved = [one for one in ranked if any(one.found)]
    if not moved:
        return "In none of these windows was anything found in a column."
    names = join_words([shorten(one.column, _LONGEST_NAME) for one in moved])
    return f"Something was found in {say_count(len(moved), 'column')}: {names}."


def _say_quadrants(columns: Sequence[Placed], limit: float, border: float) -> str:
    if len({one.importance for one in columns}) < 2:
        return "Every column counts the same: columns.importance names none that matters more."
    urgent = sorted(
        (one for one in columns if one.moved > limit and one.importance > border),
        key=lambda one: -one.moved * one.importance,
    )
    if not urgent:
        return f"No column that matters more than others moved by more than {say_percent(limit)} of its rows."
    names = join_words([shorten(one.column, _LONGEST_NAME) for one in urgent])
    return f"What matters moved: {names}."


def _shown(share: float | None) -> float | None:
    return None if share is None else round(share, 3)


def _write_cell(share: float | None, found: str) -> str:
    """Return a cell of the table: the share in per cent, marked where something was found.

    >>> _write_cell(0.123, "drift"), _write_cell(0.0, ""), _write_cell(None, "")
    ('12 ▲', '0', '–')
    """
    said = "–" if share is None else f"{100 * share:.0f}"
    return f"{said} ▲" if found else said
