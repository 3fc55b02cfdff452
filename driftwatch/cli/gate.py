"""`driftwatch gate`: may a pipeline use the batch of a window."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session

__all__ = ["gate", "register"]


class Allowed(StrEnum):
    """A verdict that may pass all the same."""

    NO_DATA = "no_data"
    NOT_EVALUATED = "not_evaluated"
    PARTIAL = "partial"
    THIN = "thin"
    DRIFT = "drift"
    DATA = "data"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="gate")(gate)


def gate(
    monitor: Annotated[str, typer.Argument(help="The monitor's id.")],
    *,
    at: Annotated[str, typer.Option("--at", help="A time in the window.")],
    allow: Annotated[list[Allowed] | None, typer.Option(help="Verdicts that pass all the same.")] = None,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Say whether the batch of a window may be used, by what was judged: nothing is judged now.

    Ends with 0 where it may, 1 where it should be held back, 2 while it is not judged yet.
    """
    from driftwatch.cli.printing import print_json, print_lines, say_stamp
    from driftwatch.incidents.admission import AdmissionWord
    from driftwatch.incidents.finding import VerdictWord
    from driftwatch.jobs.admission import ask_gate
    from driftwatch.jobs.moments import parse_moment

    with open_session(config) as app:
        watched = app.find_monitor(monitor)
        moment = parse_moment(at, watched.timezone)
        allowed = [VerdictWord(word.value) for word in allow or ()]
        found = ask_gate(app.database, watched, moment, app.parts.clock.now(), allowed=allowed)
    admission = found.admission
    if output is Output.JSON:
        print_json(found.to_json())
    else:
        heads = {AdmissionWord.USE: "may be used", AdmissionWord.HOLD: "should be held back"}
        said = heads.get(admission.word, "is not judged yet")
        print_lines(f"{monitor}, {say_stamp(found.window.start)}: the batch {said}.")
        print_lines(*(f"  {ground.text}{_name(ground.incident)}" for ground in admission.grounds))
    raise typer.Exit(list(AdmissionWord).index(admission.word))


def _name(incident: int | None) -> str:
    return "" if incident is None else f" (incident {incident})"
