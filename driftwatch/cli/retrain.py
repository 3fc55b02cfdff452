"""`driftwatch retrain`: what retraining was asked for, and asking for it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_act, open_session
from driftwatch.errors import UsageError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="What retraining was asked for, and asking for it.", no_args_is_help=True)
    nouns.command(name="list")(list_retrains)
    nouns.command(name="show")(show)
    nouns.command(name="request")(request)
    app.add_typer(nouns, name="retrain")


def list_retrains(
    *, config: ConfigOption = Path("driftwatch.yaml"), output: OutputOption = Output.TEXT
) -> None:
    """List the requests for retraining, the latest last."""
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.jobs.as_json import build_retrain_json
    from driftwatch.store.retrains import list_retrains as list_rows

    with open_session(config) as app:
        rows = app.database.read(list_rows)
    if output is Output.JSON:
        print_json(
            {"schema": "driftwatch.retrains/v1", "retrains": [build_retrain_json(row) for row in rows]}
        )
    elif rows:
        print_table(
            ["ID", "REQUESTED", "MONITOR", "INCIDENT", "TRIGGER", "STATE", "ATTEMPTS"],
            [
                [r.id, r.requested_at, r.monitor_key, r.incident_id, r.trigger, r.state, r.attempts]
                for r in rows
            ],
        )
    else:
        print_lines("No retraining was asked for.")


def show(
    number: Annotated[int, typer.Argument(help="The request's number.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Show one request: why it was made and how it went; -o json has what was sent, too."""
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.jobs.as_json import build_retrain_json, build_retrain_request_json
    from driftwatch.store.retrains import list_retrains as list_rows

    with open_session(config) as app:
        row = next((one for one in app.database.read(list_rows) if one.id == number), None)
    if row is None:
        raise UsageError(f"there is no retrain {number}; `driftwatch retrain list` shows them")
    if output is Output.JSON:
        print_json(build_retrain_request_json(row))
        return
    for name, value in build_retrain_json(row).items():
        print_lines(f"{name.replace('_', ' '):>14}  {'-' if value is None else value}")


def request(
    *,
    incident: Annotated[int, typer.Option("--incident", help="The number of an open incident.")],
    why: Annotated[str, typer.Option("--why", help="Why; it goes with the request.")],
    by: Annotated[str | None, typer.Option("--by", help="Who asks; your account name without.")] = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Ask for retraining now because of an incident, whatever `after` says.

    Refused while a request is under way, within the cooldown, and while the data is faulty.
    """
    from driftwatch.cli.printing import print_lines
    from driftwatch.jobs.cases import find_case
    from driftwatch.jobs.heartbeat import is_daemon_alive
    from driftwatch.jobs.retrain import request_due
    from driftwatch.jobs.retrain_request import request_retraining

    with open_act(config, "incident.retrain", incident, by=by, why=why) as app:
        found = find_case(app.database, app.config.monitors, incident).incident
        monitor = app.find_monitor(found.monitor)
        number = request_retraining(app.parts, monitor, incident, who=by or getpass.getuser(), why=why)
        if not is_daemon_alive(app.database, app.parts.clock.now()):
            request_due(app.parts)
    print_lines(f"Request {number} is queued; `driftwatch retrain show {number}` says how it goes.")
