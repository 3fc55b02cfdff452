"""What was measured window by window: scores, shares and statistics, with what happened meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from driftwatch.charts.frames import (
    build_axis,
    build_marks,
    build_scale,
    describe_marks,
    fill_frame,
    find_top,
    join_layers,
    name_window,
)
from driftwatch.charts.values import Chart, Mark, MeasuredPoint, ScorePoint, SharePoint, Table
from driftwatch.incidents.words import say_count, say_number, say_percent, say_window

__all__ = ["STATISTIC_WORDS", "draw_scores", "draw_shares", "draw_statistic"]

STATISTIC_WORDS: Final = {"moved_share": "Rows moved, at least", "ks": "KS", "psi": "PSI"}
"""What statistics over time are called."""

_SHARES: Final = {"missing": "missing", "unseen": "never seen before", "outside": "out of range"}


def draw_scores(points: Sequence[ScorePoint], marks: Sequence[Mark] = ()) -> Chart:
    """Return the scores of windows, oldest first, against their limits, with what happened meanwhile."""
    rows = [
        {
            **name_window(one.window),
            "word": one.word,
            "score": one.score,
            "limit": one.limit,
            "beyond": _is_beyond(one.score, one.limit),
        }
        for one in points
    ]
    title = _say_scores(points)
    marked = describe_marks(marks, [one.window for one in points])
    return Chart(
        name="scores",
        title=title,
        spec=fill_frame(
            _frame_scores(), title, {"points": rows, "marks": marked}, top=find_top(rows, "score", "limit")
        ),
        table=Table(
            head=("Window", "Verdict", "Score", "Limit"),
            rows=tuple(
                (say_window(one.window), one.word, _write(one.score), _write(one.limit)) for one in points
            ),
        ),
    )


def draw_statistic(
    name: str, points: Sequence[MeasuredPoint], limit: float | None = None, marks: Sequence[Mark] = ()
) -> Chart:
    """Return a statistic of a column over time, oldest first, against its limit where it has one."""
    rows = [
        {
            **name_window(one.window),
            "value": one.value,
            "limit": limit,
            "beyond": _is_beyond(one.value, limit),
        }
        for one in points
    ]
    title = _say_statistic(STATISTIC_WORDS.get(name, name), points, limit)
    marked = describe_marks(marks, [one.window for one in points])
    return Chart(
        name=f"over-time-{name}",
        title=title,
        spec=fill_frame(
            _frame_statistic(), title, {"points": rows, "marks": marked}, top=find_top(rows, "value", "limit")
        ),
        table=Table(
            head=("Window", "Value", "Limit"),
            rows=tuple((say_window(one.window), _write(one.value), _write(limit)) for one in points),
        ),
    )


def draw_shares(points: Sequence[SharePoint], marks: Sequence[Mark] = ()) -> Chart:
    """Return which shares of a column's rows were missing, never seen before or out of range, over time.

    What was measured in no window is not drawn.
    """
    known = [name for name in _SHARES if any(getattr(one, name) is not None for one in points)]
    rows = [
        {**name_window(one.window), "what": _SHARES[name], "share": getattr(one, name)}
        for name in known
        for one in points
    ]
    title = _say_shares(points, known)
    marked = describe_marks(marks, [one.window for one in points])
    return Chart(
        name="shares",
        title=title,
        spec=fill_frame(
            _frame_shares(), title, {"points": rows, "marks": marked}, top=find_top(rows, "share")
        ),
        table=Table(
            head=("Window", *(_SHARES[name].capitalize() for name in known)),
            rows=tuple(
                (say_window(one.window), *(_write_share(getattr(one, name)) for name in known))
                for one in points
            ),
        ),
    )


@cache
def _frame_scores() -> dict[str, Any]:
    return _frame_line("score", "score (square-root scale)", ["word"], root=True)


@cache
def _frame_statistic() -> dict[str, Any]:
    return _frame_line("value", "value", [], root=False)


def _frame_line(field: str, title: str, also: Sequence[str], *, root: bool) -> dict[str, Any]:
    """Return the frame of a line against a limit: what is beyond it is a triangle in another colour."""
    import altair as alt

    scale = build_scale("sqrt" if root else "linear")
    hover = [
        alt.Tooltip("window:N", title="window"),
        *(alt.Tooltip(f"{name}:N", title=name) for name in also),
        alt.Tooltip(f"{field}:Q", title=field, format=".3g"),
        alt.Tooltip("limit:Q", title="limit", format=".3g"),
    ]
    base = alt.Chart(alt.NamedData("points")).encode(x=build_axis(), tooltip=hover)
    y = alt.Y(f"{field}:Q", title=title, scale=scale)
    within, beyond = base.transform_filter("!datum.beyond"), base.transform_filter("datum.beyond")
    return join_layers(
        [
            *build_marks(),
            base.mark_line(style="limit", interpolate="step", clip=True).encode(y=alt.Y("limit:Q")),
            base.mark_line(style="current", clip=True).encode(y=y),
            within.mark_point(style="dot", filled=True, size=25, clip=True).encode(y=y),
            beyond.mark_point(style="beyond", filled=True, size=70, shape="triangle-up", clip=True).encode(
                y=y
            ),
        ]
    )


@cache
def _frame_shares() -> dict[str, Any]:
    import altair as alt

    words = list(_SHARES.values())
    dashes = alt.Scale(domain=words, range=[[1, 0], [6, 3], [2, 2]])
    hover = [
        alt.Tooltip("window:N", title="window"),
        alt.Tooltip("what:N", title="rows"),
        alt.Tooltip("share:Q", title="share", format=".2%"),
    ]
    base = alt.Chart(alt.NamedData("points")).encode(
        x=build_axis(),
        y=alt.Y("share:Q", title="share of the rows", axis=alt.Axis(format="%"), scale=build_scale()),
        color=alt.Color("what:N", title=None, scale=alt.Scale(domain=words)),
        tooltip=hover,
    )
    lines = base.mark_line(
        strokeWidth=2, strokeJoin="round", point={"filled": True, "size": 20}, clip=True
    ).encode(strokeDash=alt.StrokeDash("what:N", title=None, scale=dashes))
    return join_layers([*build_marks(), lines])


def _say_scores(points: Sequence[ScorePoint]) -> str:
    scored = [one for one in points if one.score is not None]
    if not scored:
        return "No window was scored."
    beyond = sum(_is_beyond(one.score, one.limit) for one in scored)
    last = scored[-1]
    where = "above" if _is_beyond(last.score, last.limit) else "within"
    return (
        f"{_say_times(beyond, len(scored))} above the limit; the latest score, {say_number(last.score)}, "
        f"is {where} its limit of {say_number(last.limit)}."
    )


def _say_statistic(words: str, points: Sequence[MeasuredPoint], limit: float | None) -> str:
    known = [one for one in points if one.value is not None]
    if not known:
        return f"{words}: not measured in these windows."
    highest = max(known, key=lambda one: one.value or 0.0)
    top = f"highest in {say_window(highest.window)}, at {say_number(highest.value)}"
    if limit is None:
        return f"{words}: {say_number(known[-1].value)} in the latest window; {top}."
    beyond = sum(_is_beyond(one.value, limit) for one in known)
    return f"{words}: {_say_times(beyond, len(known))} above the limit of {say_number(limit)}; {top}."


def _say_shares(points: Sequence[SharePoint], known: Sequence[str]) -> str:
    peaks = []
    for name in known:
        worst = max(points, key=lambda one: getattr(one, name) or 0.0)
        if getattr(worst, name):
            share = say_percent(getattr(worst, name))
            peaks.append(f"up to {share} {_SHARES[name]} (in {say_window(worst.window)})")
    if not peaks:
        return "No rows were missing, new or out of range in these windows."
    return f"Of the rows, {', '.join(peaks)}."


def _say_times(count: int, total: int) -> str:
    """Return in how many windows something was so.

    >>> _say_times(0, 3), _say_times(2, 30)
    ('None of 3 windows was', '2 of 30 windows were')
    """
    of = f"of {say_count(total, 'window')}"
    return f"None {of} was" if count == 0 else f"1 {of} was" if count == 1 else f"{count:,} {of} were"


def _is_beyond(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit


def _write(value: float | None) -> str:
    return "–" if value is None else say_number(value)


def _write_share(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"
