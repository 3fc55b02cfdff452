"""`driftwatch window list`: what was judged, from the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, need_row, open_session, read_moment

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="Windows that were judged.", no_args_is_help=True)
    nouns.command(name="list")(list_windows)
    app.add_typer(nouns, name="window")


def list_windows(
    monitor: Annotated[str, typer.Argument(help="The monitor's id.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    start: Annotated[str | None, typer.Option("--from", help="Windows that start here or later.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Windows that end here or earlier.")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what was judged, from the store; nothing is read or judged now."""
    from driftwatch.cli.printing import print_json
    from driftwatch.cli.windows_text import print_windows
    from driftwatch.incidents.finding import build_window_json
    from driftwatch.store.verdicts import list_verdicts

    with open_session(config) as app:
        row = need_row(app, monitor)
        zone = next((m.timezone for m in app.config.monitors if m.id == monitor), "UTC")
        since, until = read_moment(start, zone), read_moment(end, zone)
        rows = app.database.read(lambda tx: list_verdicts(tx, row, since, until))
    if output is Output.JSON:
        windows = [build_window_json(one.verdict, one.revision) for one in rows]
        print_json({"schema": "driftwatch.check/v1", "monitor": monitor, "windows": windows})
        return
    print_windows(monitor, [one.verdict for one in rows])
