"""The command line: one thin module a noun, and one place where errors become exit statuses."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from driftwatch.cli.printing import clean_text, flush_output
from driftwatch.errors import ConfigError, DriftwatchError

__all__ = ["app", "main"]

app = typer.Typer(
    name="driftwatch",
    help="Watch production data: compare it with a reference, tell people, request retraining.",
    no_args_is_help=True,
    add_completion=False,
    # Plain help: its lines are wrapped to the terminal, and it comes twice as fast.
    rich_markup_mode=None,
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
        audit,
        backtest,
        check,
        compare,
        config,
        db,
        delivery,
        demo,
        doctor,
        drill,
        explain,
        gate,
        incident,
        mark,
        monitor,
        reference,
        report,
        retrain,
        serve,
        silence,
        status,
        token,
        torture,
        user,
        window,
    )

    for noun in (
        compare,
        config,
        serve,
        check,
        gate,
        window,
        status,
        reference,
        incident,
        monitor,
        drill,
        explain,
        report,
        backtest,
        silence,
        mark,
        delivery,
        retrain,
        db,
        token,
        user,
        audit,
        doctor,
        torture,
        demo,
    ):  # fmt: skip - one line reads better
        noun.register(app)


_register()


def main() -> None:
    """Run the command line.

    Ends with 0 clean, 1 findings, 2 trouble, 130 interrupted.
    """
    with _note_interrupts() as pressed:
        try:
            _run()
        except SystemExit as end:
            # Python drops an interruption that comes while it clears away what nobody holds any more.
            if pressed and not end.code:
                sys.exit(130)
            raise


@contextmanager
def _note_interrupts() -> Iterator[list[int]]:
    """Yield a list that has an entry for every Ctrl-C; each is raised as always."""
    pressed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def press(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of signal handlers.
        pressed.append(signum)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _run() -> None:
    try:
        app(standalone_mode=True)
    except ConfigError as error:
        # Each line begins with the file and the place, where editors look for them.
        print(clean_text(str(error)), file=sys.stderr)
        sys.exit(error.exit_status)
    except DriftwatchError as error:
        print(f"driftwatch: {clean_text(str(error))}", file=sys.stderr)
        sys.exit(error.exit_status)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"driftwatch: {place}{(error.strerror or type(error).__name__).lower()}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        flush_output()
