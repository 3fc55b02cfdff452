"""`driftwatch retrain`: what retraining was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session
from driftwatch.errors import UsageError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="What retraining was asked for.", no_args_is_help=True)
    nouns.command(name="list")(list_retrains)
    nouns.command(name="show")(show)
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
