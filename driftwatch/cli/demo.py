"""`driftwatch demo`: a year of real flights."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from driftwatch.demo.story import Told

__all__ = ["demo", "register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="demo")(demo)


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the replay.")] = False,
    folder: Annotated[Path, typer.Option("--dir", help="Where its files go.")] = Path("driftwatch-demo"),
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            formats=["%Y-%m-%d"],
            help="The last day that is judged: on 2013-02-09 the blizzard's incident is open.",
            metavar="DAY",
        ),
    ] = None,
) -> None:
    """Replay the flights of 2013: find what happened, tell a local receiver, ask for retraining.

    Without --once its pages are served until Ctrl-C, so that you can look around.
    """
    from driftwatch.cli.check import follow
    from driftwatch.cli.printing import print_lines
    from driftwatch.demo.story import FIRST_DAY, LAST_DAY, play
    from driftwatch.errors import UsageError

    last = LAST_DAY if until is None else until.date()
    if not FIRST_DAY <= last <= LAST_DAY:
        raise UsageError(f"--until wants a day from {FIRST_DAY} to {LAST_DAY}, not {last}")
    told, receiver = play(folder, print_lines, follow, until=last)
    try:
        _print_summary(told, folder)
        if not once:
            _show_pages(folder, told.ended_at)
    finally:
        receiver.close()


def _show_pages(folder: Path, ended_at: datetime) -> None:
    """Serve the pages until Ctrl-C."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.demo.pages import open_demo_pages

    app, server = open_demo_pages(folder, ended_at)
    try:
        print_lines("", f"Its pages are at http://{server.listen}/ until Ctrl-C.")
        threading.Event().wait()
    finally:
        server.close()
        app.close()


def _print_summary(told: Told, folder: Path) -> None:
    from driftwatch.cli.printing import print_lines, print_table
    from driftwatch.demo.story import count_words
    from driftwatch.incidents.words import say_count

    words = ", ".join(f"{count} {word}" for word, count in count_words(told.seen).items())
    print_lines("", f"{len(told.seen)} daily windows judged in {told.seconds:.0f} s: {words}.")
    print_lines(f"{len(told.cases)} incidents:")
    print_table(
        ["ID", "OPENED", "RESOLVED", "KIND", "SEVERITY", "WHAT"],
        [
            [
                str(case.incident.id),
                case.incident.opened_at,
                case.incident.resolved_at or "open",
                case.incident.kind.value,
                case.incident.severity.value,
                case.title,
            ]
            for case in told.cases
        ],
    )
    skipped = "; ".join(f"{one.column} ({one.why})" for one in told.skipped)
    print_lines(
        "",
        f"Not judged: {skipped}.",
        f"Receiver: {told.notices} notices, every signature verified ({told.refused} refused); "
        f"{say_count(told.retrains, 'request')} for retraining.",
        "",
        f"Look around with -c {folder}/driftwatch.yaml, for example:",
        f"  driftwatch incident show 1 -c {folder}/driftwatch.yaml",
        f"  driftwatch window list flight-delays -c {folder}/driftwatch.yaml",
    )
