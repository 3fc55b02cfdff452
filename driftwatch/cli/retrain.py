"""`driftwatch retrain`: what retraining was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session
from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from driftwatch.store.retrains import RetrainRow

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
    from driftwatch.store.retrains import list_retrains as list_rows

    with open_session(config) as app:
        rows = app.database.read(list_rows)
    if output is Output.JSON:
        print_json({"schema": "driftwatch.retrains/v1", "retrains": [_build_json(row) for row in rows]})
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


def _build_json(row: RetrainRow) -> dict[str, object]:
    from driftwatch.incidents.stamps import write_stamp

    return {
        "id": row.id,
        "key": row.key,
        "monitor": row.monitor_key,
        "incident": row.incident_id,
        "trigger": row.trigger,
        "attempt": row.attempt,
        "state": row.state,
        "attempts": row.attempts,
        "requested_at": write_stamp(row.requested_at),
        "finished_at": row.finished_at and write_stamp(row.finished_at),
        "last_status": row.last_status,
        "last_error": row.last_error,
        "reason": row.body["data"]["reason"],
    }


def show(
    number: Annotated[int, typer.Argument(help="The request's number.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Show one request: why it was made and how it went; -o json has what was sent, too."""
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.jobs.retrain import number_body
    from driftwatch.store.retrains import list_retrains as list_rows

    with open_session(config) as app:
        row = next((one for one in app.database.read(list_rows) if one.id == number), None)
    if row is None:
        raise UsageError(f"there is no retrain {number}; `driftwatch retrain list` shows them")
    found = _build_json(row)
    if output is Output.JSON:
        print_json(
            {
                "schema": "driftwatch.retrain_request/v1",
                "retrain": found,
                "body": number_body(row.body, row.id),
            }
        )
        return
    for name, value in found.items():
        print_lines(f"{name.replace('_', ' '):>14}  {'-' if value is None else value}")
