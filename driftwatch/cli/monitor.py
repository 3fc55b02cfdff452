"""`driftwatch monitor`: which monitors there are, and the end of one."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="Which monitors there are, and the end of one.", no_args_is_help=True)
    nouns.command(name="list")(list_monitors)
    nouns.command(name="remove")(remove)
    app.add_typer(nouns, name="monitor")


def list_monitors(
    *, config: ConfigOption = Path("driftwatch.yaml"), output: OutputOption = Output.TEXT
) -> None:
    """List the monitors of the configuration, and those that only the store knows."""
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.jobs.removal import list_known

    with open_session(config) as app:
        known = list_known(app.database, app.config.monitors)
    if output is Output.JSON:
        print_json({"schema": "driftwatch.monitors/v1", "monitors": [one.to_json() for one in known]})
    elif known:
        rows = [[one.id, one.state, one.since, ", ".join(map(str, one.open_incidents))] for one in known]
        print_table(["MONITOR", "STATE", "SINCE", "OPEN INCIDENTS"], rows)
    else:
        print_lines("No monitors.")


def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The monitor's id.")],
    *,
    by: Annotated[str | None, typer.Option("--by", help="Who does it; your account name without.")] = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """End a monitor that the file no longer names: its incidents are closed, what it found is kept."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.words import say_count
    from driftwatch.jobs.deliver import deliver_due
    from driftwatch.jobs.heartbeat import is_daemon_alive
    from driftwatch.jobs.removal import remove_monitor

    with open_session(config) as app:
        ended = remove_monitor(app.parts, app.config.monitors, name, by or getpass.getuser())
        if not is_daemon_alive(app.database, app.parts.clock.now()):
            deliver_due(app.parts)
    print_lines(f"{name} is removed; {say_count(len(ended), 'incident')} ended with it. Its history is kept.")
