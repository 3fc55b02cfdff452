"""`driftwatch monitor`: which monitors there are, a pause of one, and the end of one."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_act, open_session, read_moment
from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["register"]

Name = Annotated[str, typer.Argument(metavar="NAME", help="The monitor's id.")]
Who = Annotated[str | None, typer.Option("--by", help="Who does it; your account name without.")]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(
        help="Which monitors there are, a pause of one, and the end of one.", no_args_is_help=True
    )
    nouns.command(name="list")(list_monitors)
    nouns.command(name="pause")(pause)
    nouns.command(name="resume")(resume)
    nouns.command(name="remove")(remove)
    app.add_typer(nouns, name="monitor")


def list_monitors(
    *, config: ConfigOption = Path("driftwatch.yaml"), output: OutputOption = Output.TEXT
) -> None:
    """List the monitors of the configuration, and those that only the store knows."""
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.jobs.removal import list_known

    with open_session(config) as app:
        known = list_known(app.database, app.config.monitors, app.parts.clock.now())
    if output is Output.JSON:
        print_json({"schema": "driftwatch.monitors/v1", "monitors": [one.to_json() for one in known]})
    elif known:
        rows = [[one.id, one.state, one.since, ", ".join(map(str, one.open_incidents))] for one in known]
        print_table(["MONITOR", "STATE", "SINCE", "OPEN INCIDENTS"], rows)
    else:
        print_lines("No monitors.")


def pause(
    name: Name,
    *,
    why: Annotated[str, typer.Option("--why", help="Why, for whoever finds it quiet.")],
    length: Annotated[str | None, typer.Option("--for", help="How long, such as 4h.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="In place of --for: when it ends.")] = None,
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Have a monitor not judged, and nobody reminded of it, for a while or until it is resumed.

    What falls due meanwhile is judged afterwards as catch_up says.
    """
    from driftwatch.cli.printing import print_lines
    from driftwatch.jobs.pausing import pause_monitor, say_pause

    with open_act(config, "monitor.pause", name, by=by, why=why, length=length, until=until) as app:
        watched = app.find_monitor(name)
        ends_at = _find_end(app.parts.clock.now(), length, until, watched.timezone)
        made = pause_monitor(app.parts, watched, who=by or getpass.getuser(), why=why, until=ends_at)
    print_lines(f"{name} is {say_pause(made)}.")


def resume(
    name: Name,
    *,
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """End the pause of a monitor: what fell due meanwhile is judged as catch_up says."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.jobs.pausing import resume_monitor

    with open_act(config, "monitor.resume", name, by=by) as app:
        watched = app.find_monitor(name)
        resume_monitor(app.parts, watched, by or getpass.getuser())
    print_lines(f"{name} is judged again; catch_up ({watched.catch_up.policy}) says what of the pause is.")


def _find_end(now: datetime, length: str | None, until: str | None, timezone: str) -> datetime | None:
    from driftwatch.config.values import parse_duration

    if length is not None and until is not None:
        raise UsageError("say how long with --for 4h or with --until 2013-02-08T18:00, not with both")
    if length is None:
        return read_moment(until, timezone)
    try:
        return now + parse_duration(length)
    except ValueError as error:
        raise UsageError(f"--for {length!r} {error}") from None


def remove(
    name: Name,
    *,
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """End a monitor that the file no longer names: its incidents are closed, what it found is kept."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.words import say_count
    from driftwatch.jobs.deliver import deliver_due
    from driftwatch.jobs.heartbeat import is_daemon_alive
    from driftwatch.jobs.removal import remove_monitor

    with open_act(config, "monitor.remove", name, by=by) as app:
        ended = remove_monitor(app.parts, app.config.monitors, name, by or getpass.getuser())
        if not is_daemon_alive(app.database, app.parts.clock.now()):
            deliver_due(app.parts)
    print_lines(f"{name} is removed; {say_count(len(ended), 'incident')} ended with it. Its history is kept.")
