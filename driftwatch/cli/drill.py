"""`driftwatch drill`: when would a change be told, whom, and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session, read_moment
from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.jobs.drill import Drill
    from driftwatch.profiles.counts import Counts

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="drill")(drill)


def drill(  # noqa: PLR0913 - every option of the command is an argument
    monitor: Annotated[str, typer.Argument(help="The monitor's id in the configuration.")],
    *,
    column: Annotated[str, typer.Option(help="The column that is changed.")],
    shift: Annotated[float | None, typer.Option(help="Move its values by so many σ.")] = None,
    scale: Annotated[float | None, typer.Option(help="Draw them apart by this factor.")] = None,
    flood: Annotated[str | None, typer.Option(help="SHARE=VALUE: so many get one value.")] = None,
    missing: Annotated[float | None, typer.Option(help="So many, 0 to 1, lose their value.")] = None,
    config: ConfigOption = Path("driftwatch.yaml"),
    start: Annotated[str | None, typer.Option("--from", help="Windows that start here or later.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Windows that end here or earlier.")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Put a change into copies of stored windows: when would it page, whom, in which words.

    Nothing is written and nobody is told. σ is the reference's interquartile range over 1.349.
    """
    from driftwatch.cli.backtest import need_watch
    from driftwatch.jobs.drill import run_drill

    with open_session(config) as app:
        watch = need_watch(app, monitor)
        zone = watch.monitor.timezone
        usual = watch.reference.total.columns.get(column)
        change = _choose(usual, shift, scale, flood, missing)
        begin, stop = read_moment(start, zone), read_moment(end, zone)
        found = run_drill(app.database, watch, column, change, start=begin, end=stop)
        _print(monitor, found, watch.monitor.notify, output)


def _choose(
    usual: Counts | None, shift: float | None, scale: float | None, flood: str | None, missing: float | None
) -> Callable[[Counts], Counts]:
    from driftwatch.calibration.altering import (
        drop_counts,
        flood_counts,
        measure_spread,
        move_counts,
        widen_values,
    )

    given = [one for one in (shift, scale, flood, missing) if one is not None]
    if len(given) != 1:
        raise UsageError("give one change: --shift 0.2, --scale 1.5, --flood 0.1=VALUE or --missing 0.1")
    is_name = usual is not None and usual.grid.kind in {"category", "boolean"}
    if is_name and (shift is not None or scale is not None):
        raise UsageError("a category has no σ; give --flood SHARE=NAME or --missing SHARE")
    if flood is not None:
        share, _, value = flood.partition("=")
        part = _read_number(share, "--flood")
        said: float | str = value if is_name else _read_number(value, "--flood")
        return lambda counts: flood_counts(counts, _need_share(part), said)
    if missing is not None:
        lost = _need_share(missing)
        return lambda counts: drop_counts(counts, lost)
    spread = measure_spread(usual) if usual is not None else 0.0
    if shift is not None:
        by = shift * spread
        return lambda counts: move_counts(counts, lambda values: values + by)
    factor = scale or 0.0
    return lambda counts: move_counts(counts, lambda values: widen_values(values, factor))


def _read_number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{option} wants SHARE=VALUE, such as 0.1=-999, not {text!r}") from None


def _need_share(share: float) -> float:
    if not 0 < share <= 1:
        raise UsageError(f"a share is above 0 and at most 1, not {share:g}")
    return share


def _print(monitor: str, found: Drill, notify: tuple[str, ...], output: Output) -> None:
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.incidents.stamps import write_stamp
    from driftwatch.incidents.words import say_count

    score = found.verdict.score if found.verdict else None
    limit = found.verdict.limit if found.verdict else None
    if output is Output.JSON:
        print_json(
            {
                "schema": "driftwatch.drill/v1",
                "monitor": monitor,
                "from": write_stamp(found.windows[0].start),
                "windows": len(found.windows),
                "after": found.after,
                "notify": list(notify),
                "score": score,
                "limit": limit,
                "notice": found.notice and {"title": found.notice.title, "text": found.notice.text},
            }
        )
        return
    scored = "" if score is None or limit is None else f"; score {score:.3g} against a limit of {limit:.3g}"
    if found.notice is None or found.after is None:
        tried = say_count(len(found.windows), "window")
        print_lines(f"{monitor}: nobody would have been told within {tried}{scored} in the last of them.")
        return
    whom = ", ".join(notify) or "nobody, for `notify` names no channel"
    print_lines(
        f"{monitor}: told after {say_count(found.after, 'window')}{scored}.",
        f"To {whom}:",
        "",
        found.notice.title,
        found.notice.text,
    )
