"""`driftwatch serve`: the daemon."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.session import ConfigOption, log_to_stderr

__all__ = ["register", "serve"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="serve")(serve)


def serve(
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    allow_multi: Annotated[
        bool, typer.Option("--allow-multi", help="Let several daemons work on one SQLite file.")
    ] = False,
    no_web: Annotated[bool, typer.Option("--no-web", help="Serve no pages.")] = False,
    no_scheduler: Annotated[
        bool, typer.Option("--no-scheduler", help="Serve the pages alone; another daemon judges.")
    ] = False,
    insecure_no_auth: Annotated[
        bool,
        typer.Option("--insecure-no-auth", help="Let everybody who reaches the pages do everything."),
    ] = False,
) -> None:
    """Run the daemon: judge windows as they fall due, tell people, request retraining, serve the pages.

    SIGTERM and SIGINT let work under way end, at most 30 seconds; SIGHUP has the configuration read again.
    On PostgreSQL and MariaDB any number of daemons may share a store. Ends with 0 after a stop, 70 when its
    own ticks stopped, 75 when the store cannot be reached or another daemon has its file, and 78 when the
    configuration has mistakes or the store is another installation's.
    """
    from driftwatch.config.loading import load_config
    from driftwatch.daemon.serving import serve as run
    from driftwatch.errors import UsageError
    from driftwatch.web.server import open_pages, serve_pages

    if no_web and no_scheduler:
        raise UsageError("--no-web and --no-scheduler together leave nothing to do")
    log_to_stderr()
    load = partial(load_config, config, insecure_no_auth=insecure_no_auth)
    if no_scheduler:
        raise typer.Exit(serve_pages(load()))
    beside = None if no_web else open_pages
    raise typer.Exit(run(load, allow_multi=allow_multi, open_beside=beside))
