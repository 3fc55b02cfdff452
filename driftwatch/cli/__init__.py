"""The command line: one thin module a noun, and one place where errors become exit statuses."""

from __future__ import annotations

import sys
from typing import Any

import typer

from driftwatch.errors import DriftwatchError

__all__ = ["app", "main"]

app = typer.Typer(
    name="driftwatch",
    help="Watch production data: compare it with a reference, tell people, request retraining.",
    no_args_is_help=True,
    add_completion=False,
    # Locals in a traceback would print secrets.
    pretty_exceptions_enable=False,
)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"driftwatch {version('driftwatch')}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Watch production data: compare it with a reference, tell people, request retraining."""


def _register() -> None:
    from driftwatch.cli import (
        check,
        compare,
        config,
        db,
        delivery,
        demo,
        incident,
        reference,
        retrain,
        serve,
        status,
        window,
    )

    for noun in (
        compare,
        config,
        serve,
        check,
        window,
        status,
        reference,
        incident,
        delivery,
        retrain,
        db,
        demo,
    ):  # fmt: skip - one line reads better
        noun.register(app)


_register()


def main() -> Any:
    """Run the command line.

    Ends with 0 clean, 1 findings, 2 trouble, 130 interrupted.
    """
    try:
        return app(standalone_mode=True)
    except DriftwatchError as error:
        print(f"driftwatch: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has enough of it.
        sys.stderr.close()
        sys.exit(0)
