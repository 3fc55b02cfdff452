"""`driftwatch drill`: when would a change be told, whom, and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session, read_moment
from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from driftwatch.calibration.alteration import Alteration
    from driftwatch.incidents.finding import Verdict
    from driftwatch.jobs.drill import Drill, Played
    from driftwatch.jobs.monitor import Monitor
    from driftwatch.profiles.grid import Grid

__all__ = ["register"]

_NEW_NAME = "(new)"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="drill")(drill)


def drill(  # noqa: PLR0913 - every option of the command is an argument
    monitor: Annotated[str, typer.Argument(help="The monitor's id in the configuration.")],
    *,
    column: Annotated[str, typer.Option(help="The column that is changed.")],
    shift: Annotated[float | None, typer.Option(help="Move its values by so many σ.")] = None,
    scale: Annotated[float | None, typer.Option(help="Draw them apart by this factor.")] = None,
    flood: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE[=VALUE]",
            help="So many get one value: 0, or a name that was never there, unless you give one.",
        ),
    ] = None,
    missing: Annotated[float | None, typer.Option(help="So many, 0 to 1, lose their value.")] = None,
    config: ConfigOption = Path("driftwatch.yaml"),
    start: Annotated[
        str | None, typer.Option("--from", help="The change begins here; else 30 windows before the end.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Windows that end here or earlier.")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Put a change into copies of stored windows: when would it page, whom, in which words.

    The stored windows stay as they are and nobody is told. σ is the reference's interquartile range over
    1.349. Whole numbers stay whole.
    """
    from driftwatch.cli.backtest import need_watch
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.jobs.drill import run_drill

    with open_session(config) as app:
        watch = need_watch(app, monitor)
        zone = watch.monitor.timezone
        alteration = _read_alteration(watch.reference.grids.get(column), shift, scale, flood, missing)
        begin, stop = read_moment(start, zone), read_moment(end, zone)
        found = run_drill(app.database, watch, column, alteration, start=begin, end=stop)
    if output is Output.JSON:
        print_json(_build_json(watch.monitor, found))
    else:
        print_lines(*_write_lines(watch.monitor, found))


def _read_alteration(
    grid: Grid | None, shift: float | None, scale: float | None, flood: str | None, missing: float | None
) -> Alteration:
    from driftwatch.calibration.alteration import Alteration, AlterationKind

    sizes = {AlterationKind.SHIFT: shift, AlterationKind.SCALE: scale, AlterationKind.MISSING: missing}
    given = {kind: size for kind, size in sizes.items() if size is not None}
    if len(given) + (flood is not None) != 1:
        raise UsageError("give one change: --shift 0.2, --scale 1.5, --flood 0.1[=VALUE] or --missing 0.1")
    try:
        if flood is not None:
            return _read_flood(grid, flood)
        kind, size = given.popitem()
        return Alteration(kind=kind, size=size)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _read_flood(grid: Grid | None, text: str) -> Alteration:
    from driftwatch.calibration.alteration import Alteration, AlterationKind
    from driftwatch.profiles.grid import CategoryGrid

    share, _, said = text.partition("=")
    if isinstance(grid, CategoryGrid):
        value: float | str = said or _NEW_NAME
    else:
        value = _read_number(said or "0", text)
    return Alteration(kind=AlterationKind.FLOOD, size=_read_number(share, text), value=value)


def _read_number(part: str, text: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise UsageError(f"--flood wants SHARE or SHARE=VALUE, such as 0.1=-999, not {text!r}") from None


def _build_json(monitor: Monitor, found: Drill) -> dict[str, Any]:
    from driftwatch.incidents.stamps import write_stamp

    played = found.played
    return {
        "schema": "driftwatch.drill/v1",
        "monitor": monitor.id,
        "column": found.column,
        "change": _build_change(played.alteration),
        "from": write_stamp(found.windows[0].start),
        "to": write_stamp(found.windows[-1].end),
        "windows": len(found.windows),
        "after": played.after,
        "score": played.verdict and played.verdict.score,
        "limit": played.verdict and played.verdict.limit,
        "notify": list(monitor.notify),
        "mode": monitor.mode,
        "notices": [{"title": one.title, "text": one.text} for one in played.notices],
        "unchanged": list(found.unchanged),
        "larger": found.larger and {**_build_change(found.larger.alteration), "after": found.larger.after},
        "unseen": found.unseen and found.unseen.size,
    }


def _build_change(alteration: Alteration | None) -> dict[str, Any]:
    if alteration is None:
        return {}
    value = alteration.value if alteration.kind.value == "flood" else None
    return {"kind": alteration.kind.value, "size": alteration.size, "value": value}


def _write_lines(monitor: Monitor, found: Drill) -> list[str]:
    from driftwatch.incidents.words import say_count, say_window

    alone = ["Played against the pinned reference alone."] if monitor.reference.beside else []
    played, first = found.played, say_window(found.windows[0])
    what = f"{monitor.id}: {_say_change(played.alteration)} in {found.column} from {first} on"
    scored = _say_score(played.verdict)
    if played.after is None:
        tried = say_count(len(found.windows), "window")
        return [
            f"{what} is not told within {tried}{scored} in the last.",
            _say_larger(found),
            *_say_usual(found),
            *alone,
        ]
    lines = [f"{what} is told after {say_count(played.after, 'window')}{scored}.", *_say_usual(found), *alone]
    lines.append(f"{_say_whom(monitor)}:")
    for notice in played.notices:
        lines += ["", notice.title, notice.text]
    return lines


def _say_usual(found: Drill) -> list[str]:
    """Say which windows tell without the change: what they tell is not counted."""
    from driftwatch.incidents.words import join_words

    if not found.unchanged:
        return []
    places = join_words([str(place) for place in found.unchanged])
    one = len(found.unchanged) == 1
    subject = f"window {places} tells people" if one else f"windows {places} tell people"
    return [f"Without the change {subject}, too: that is not counted."]


def _say_whom(monitor: Monitor) -> str:
    whom = ", ".join(monitor.notify) or "nobody, for `notify` names no channel"
    return f"To {whom}" if monitor.mode == "live" else f"To nobody in shadow mode; live to {whom}"


def _say_score(verdict: Verdict | None) -> str:
    if verdict is None or verdict.score is None or verdict.limit is None:
        return ""
    return f"; score {verdict.score:.3g} against a limit of {verdict.limit:.3g}"


def _say_larger(found: Drill) -> str:
    from driftwatch.incidents.words import say_count

    larger: Played | None = found.larger
    unseen = _say_change(found.unseen)
    if larger is None or larger.after is None:
        return f"Nor is {unseen}, the largest that was tried."
    when = say_count(larger.after, "window")
    told = _say_change(larger.alteration)
    return f"The smallest that was tried and is told: {told}, after {when}; {unseen} is not."


def _say_change(alteration: Alteration | None) -> str:
    from driftwatch.incidents.words import say_percent

    if alteration is None:
        return "no change"
    size, value = alteration.size, alteration.value
    named = value if isinstance(value, str) else f"{value:.12g}"
    said = {
        "shift": f"a shift of {size:g} σ",
        "scale": f"a scale of {size:.3g}",
        "flood": f"a flood of {named} in {say_percent(size)} of the values",
        "missing": f"a loss of {say_percent(size)} of the values",
    }
    return said[alteration.kind.value]
