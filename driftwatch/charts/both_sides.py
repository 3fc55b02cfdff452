"""The reference against the current rows of one column: as curves, as bins and as categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, Final

from driftwatch.charts.frames import HEIGHT, fill_frame, name_apart
from driftwatch.charts.values import Bin, Category, Chart, Curves, Table
from driftwatch.incidents.words import say_number, say_percent, shorten

__all__ = ["draw_bins", "draw_categories", "draw_curves"]

_SIDES: Final = ("current", "reference")
_LONGEST_NAME: Final = 60
_BAR: Final = 24
"""How high a bar is with its room, in pixels."""


def draw_curves(curves: Curves) -> Chart:
    """Return both distribution functions with their greatest distance, which is KS, drawn between them."""
    gap = curves.gap
    rows = [
        {"value": step.value, "share": getattr(step, side), "side": side}
        for side in _SIDES
        for step in curves.steps
    ]
    drawn = {
        "value": gap.value,
        "low": min(gap.reference, gap.current),
        "high": max(gap.reference, gap.current),
        "words": f"KS = {say_number(gap.size)}",
    }
    title = _say_gap(curves)
    return Chart(
        name="curves",
        title=title,
        spec=fill_frame(_frame_curves(), title, {"steps": rows, "gap": [drawn]}),
        table=Table(
            head=("Value", "Reference, up to it", "Current, up to it"),
            rows=tuple(
                (f"{step.value:.6g}", f"{step.reference:.1%}", f"{step.current:.1%}") for step in curves.steps
            ),
        ),
        note=_note_curves(curves),
    )


def draw_bins(bins: Sequence[Bin], total: float) -> Chart:
    """Return what each bin adds to a PSI of `total`, above the shares of both sides in it."""
    rows = [{"place": place, **asdict(one)} for place, one in enumerate(bins)]
    title = _say_bins(bins, total)
    return Chart(
        name="bins",
        title=title,
        spec=fill_frame(_frame_bins(), title, {"bins": rows}, height=_BAR * len(rows)),
        table=Table(
            head=("Bin", "Reference", "Current", "Adds to PSI", "Part of PSI"),
            rows=tuple(
                (
                    one.label,
                    f"{one.reference:.1%}",
                    f"{one.current:.1%}",
                    say_number(one.contribution),
                    f"{one.contribution / total:.0%}" if total > 0 else "–",
                )
                for one in bins
            ),
        ),
    )


def draw_categories(categories: Sequence[Category]) -> Chart:
    """Return the shares of names on both sides in the order given, `other` and `unseen` among them."""
    names = name_apart([one.name for one in categories], _LONGEST_NAME)
    rows = [
        {
            "place": place,
            "name": name,
            "reference": one.reference,
            "current": one.current,
            "change": one.current - one.reference,
        }
        for place, (one, name) in enumerate(zip(categories, names, strict=True))
    ]
    title = _say_categories(categories)
    return Chart(
        name="categories",
        title=title,
        spec=fill_frame(_frame_categories(), title, {"names": rows}, height=_BAR * len(rows)),
        table=Table(
            head=("Category", "Reference", "Current", "Change"),
            rows=tuple(
                (
                    one.name,
                    f"{one.reference:.2%}",
                    f"{one.current:.2%}",
                    f"{one.current - one.reference:+.2%}",
                )
                for one in categories
            ),
        ),
    )


@cache
def _frame_curves() -> dict[str, Any]:
    import altair as alt

    x = alt.X("value:Q", title="value", scale=alt.Scale(zero=False, nice=False))
    y = alt.Y("share:Q", title="share of rows up to it", axis=alt.Axis(format="%"))
    lines = (
        alt.Chart(alt.NamedData("steps"))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=x,
            y=y,
            color=alt.Color("side:N", title=None, scale=alt.Scale(domain=_SIDES)),
            strokeDash=alt.StrokeDash(
                "side:N", title=None, scale=alt.Scale(domain=_SIDES, range=[[1, 0], [4, 3]])
            ),
            tooltip=[
                alt.Tooltip("side:N", title="side"),
                alt.Tooltip("value:Q", title="value", format=".4~g"),
                alt.Tooltip("share:Q", title="rows up to it", format=".1%"),
            ],
        )
    )
    gap = alt.Chart(alt.NamedData("gap")).encode(x="value:Q", tooltip=alt.Tooltip("words:N", title="gap"))
    middle = gap.transform_calculate(middle="(datum.low + datum.high) / 2")
    layers = [
        lines,
        gap.mark_rule(style="gap").encode(y="low:Q", y2="high:Q"),
        middle.mark_text(style="name", align="left", dx=8, fontWeight="bold").encode(
            y="middle:Q", text="words:N"
        ),
    ]
    found: dict[str, Any] = alt.layer(*layers).properties(width="container", height=HEIGHT + 40).to_dict()
    return found


def _frame_bins() -> dict[str, Any]:
    words = "'+' + format(datum.contribution, '.3~f')"
    return _frame_bars("bins", "label", ("contribution", "adds to PSI", ".3g"), words)


def _frame_categories() -> dict[str, Any]:
    return _frame_bars("names", "name", ("change", "change", "+.2%"), "format(datum.change, '+.1%')")


@cache
def _frame_bars(rows: str, label: str, more: tuple[str, str, str], words: str) -> dict[str, Any]:
    """Return the frame of bars of the current rows, with a tick for the reference and words at their end."""
    import altair as alt

    order = alt.EncodingSortField(field="place", op="min")
    field, title, form = more
    hover = [
        alt.Tooltip(f"{label}:N", title=label),
        *(alt.Tooltip(f"{side}:Q", title=side, format=".2%") for side in reversed(_SIDES)),
        alt.Tooltip(f"{field}:Q", title=title, format=form),
    ]
    x = alt.X("current:Q", title="share of rows: bar now, tick in the reference", axis=alt.Axis(format="%"))
    base = alt.Chart(alt.NamedData(rows)).encode(y=alt.Y(f"{label}:N", title=None, sort=order), tooltip=hover)
    ends = base.transform_calculate(end="max(datum.current, datum.reference)", words=words)
    layers = [
        base.mark_bar(style="now", height={"band": 0.6}).encode(x=x),
        base.mark_tick(style="usual", thickness=3).encode(x="reference:Q"),
        ends.mark_text(style="name", align="left", dx=6).encode(x="end:Q", text="words:N"),
    ]
    found: dict[str, Any] = alt.layer(*layers).properties(width="container").to_dict()
    return found


def _say_gap(curves: Curves) -> str:
    gap = curves.gap
    if gap.size == 0:
        return "Both sides are spread alike."
    where = "below" if gap.is_below else "at most"
    return (
        f"{_round(gap.current)} of the current rows are {where} {gap.value:.6g}, where the reference "
        f"has {_round(gap.reference)}: a gap of {say_number(gap.size)}, which is KS."
    )


def _note_curves(curves: Curves) -> str:
    parts = []
    if len(curves.steps) < curves.known:
        parts.append(
            f"Drawn at {len(curves.steps):,} of {curves.known:,} values; the gap is that of all of them."
        )
    for share, where in ((curves.below, "below"), (curves.above, "above")):
        if share > 0:
            parts.append(f"{say_percent(share)} of the current rows lie {where} what is drawn.")
    return " ".join(parts)


def _say_bins(bins: Sequence[Bin], total: float) -> str:
    if not bins or total <= 0:
        return f"PSI is {say_number(total)}: every bin holds what it usually holds."
    first = max(bins, key=lambda one: one.contribution)
    return (
        f"PSI is {say_number(total)}, {first.contribution / total:.0%} of it from {first.label}: "
        f"{_round(first.current)} of the rows instead of {_round(first.reference)}."
    )


def _say_categories(categories: Sequence[Category]) -> str:
    if not categories:
        return "There are no categories to compare."
    most = max(categories, key=lambda one: abs(one.current - one.reference))
    if most.current == most.reference:
        return "Every category has the share that it usually has."
    grew = "grew" if most.current > most.reference else "shrank"
    name = shorten(most.name, _LONGEST_NAME) or "(empty)"
    return f"{name} {grew} the most, from {_round(most.reference)} to {_round(most.current)} of the rows."


def _round(share: float) -> str:
    """Return a share in per cent, to the nearest: nothing is promised by it.

    >>> _round(0.256), _round(0.0042), _round(0.0)
    ('26 %', '0.4 %', '0 %')
    """
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 1 or percent == 0 else f"{percent:.1g} %"
