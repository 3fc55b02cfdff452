"""`driftwatch db`: the store's tables."""

from __future__ import annotations

from pathlib import Path

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="The store's tables.", no_args_is_help=True)
    nouns.command(name="upgrade")(upgrade)
    nouns.command(name="check")(check)
    app.add_typer(nouns, name="db")


def upgrade(*, config: ConfigOption = Path("driftwatch.yaml")) -> None:
    """Create the store's tables, or bring them up to this version; running it twice changes nothing."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.config.loading import load_config
    from driftwatch.store import migrations

    state = migrations.upgrade(load_config(config).store_url.reveal())
    print_lines(f"The store is at schema revision {state.current}.")


def check(*, config: ConfigOption = Path("driftwatch.yaml"), output: OutputOption = Output.TEXT) -> None:
    """Say whether the store's tables fit this version. Ends with 1 when they do not."""
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.config.loading import load_config
    from driftwatch.store import migrations

    state = migrations.check(load_config(config).store_url.reveal())
    if output is Output.JSON:
        print_json(
            {"schema": "driftwatch.db/v1", "current": state.current, "head": state.head, "ok": state.ok}
        )
    elif state.ok:
        print_lines(f"The store is at schema revision {state.current}, which fits.")
    else:
        print_lines(
            f"The store is at schema revision {state.current or 'none'}, this version needs {state.head}: "
            f"{'upgrade driftwatch' if state.is_newer else 'run `driftwatch db upgrade`'}."
        )
    if not state.ok:
        raise typer.Exit(1)
