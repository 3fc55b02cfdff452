"""`driftwatch incident`: what is wrong, and who has it."""

from __future__ import annotations

import getpass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, need_row, open_act, open_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from driftwatch.app import App
    from driftwatch.incidents.incident import Advance, Incident
    from driftwatch.jobs.cases import Case

__all__ = ["register"]

Number = Annotated[int, typer.Argument(help="The incident's number.")]
Who = Annotated[str | None, typer.Option("--by", help="Who does it; your account name without.")]


class Said(StrEnum):
    """What an incident was."""

    EXPECTED = "expected"
    DRIFT = "drift"
    BAD_DATA = "bad-data"


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="What is wrong, and who has it.", no_args_is_help=True)
    nouns.command(name="list")(list_incidents)
    nouns.command(name="show")(show)
    nouns.command(name="acknowledge")(acknowledge)
    nouns.command(name="snooze")(snooze)
    nouns.command(name="assign")(assign)
    nouns.command(name="note")(note)
    nouns.command(name="resolve")(resolve)
    nouns.command(name="label")(label)
    app.add_typer(nouns, name="incident")


def list_incidents(
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    monitor: Annotated[str | None, typer.Option(help="Only those of one monitor.")] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 whatever is found.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """List the incidents that are not resolved. Ends with 1 when there is one that is."""
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.jobs.cases import list_cases

    with open_session(config) as app:
        if monitor is not None:
            need_row(app, monitor)
        cases = list_cases(app.database, app.config.monitors, every=every, monitor=monitor)
    if output is Output.JSON:
        print_json({"schema": "driftwatch.incidents/v1", "incidents": [case.to_json() for case in cases]})
    elif cases:
        print_table(
            ["ID", "SEVERITY", "STATE", "KIND", "FIRST WINDOW", "LAST WINDOW", "WHAT"],
            [_row(c) for c in cases],
        )
    else:
        print_lines("No incidents." if every else "No open incidents; --all shows resolved ones.")
    if any(case.incident.is_open for case in cases) and not exit_zero:
        raise typer.Exit(1)


def _row(case: Case) -> list[object]:
    incident = case.incident
    quiet = "acknowledged" if incident.acknowledged_by else "snoozed" if incident.snoozed_by else ""
    state = f"{incident.state} ({quiet})" if quiet else str(incident.state)
    return [
        str(incident.id),
        incident.severity.value,
        state,
        incident.kind.value,
        incident.first_window.start,
        incident.last_window.start,
        case.title,
    ]


def show(
    number: Number, *, config: ConfigOption = Path("driftwatch.yaml"), output: OutputOption = Output.TEXT
) -> None:
    """Show one incident in words, with its history."""
    from driftwatch.cli.printing import print_json, print_lines, say_stamp
    from driftwatch.jobs.as_json import build_event_json
    from driftwatch.jobs.cases import find_case
    from driftwatch.store.incidents import list_events
    from driftwatch.store.outbox import list_deliveries

    with open_session(config) as app:
        case = find_case(app.database, app.config.monitors, number)
        events = app.database.read(lambda tx: list_events(tx, number))
        queued = app.database.read(lambda tx: list_deliveries(tx, incident_id=number))
    if output is Output.JSON:
        history = [build_event_json(event) for event in events]
        print_json({"schema": "driftwatch.incident/v1", "incident": case.to_json(), "events": history})
        return
    incident = case.incident
    labelled = f", labelled {incident.label.value} by {incident.labelled_by}" if incident.label else ""
    unsent = ", would have paged: nobody was told" if incident.paged and incident.told_at is None else ""
    stands = f"{incident.severity}, {incident.state}{unsent}{labelled}"
    print_lines(f"Incident {incident.id}: {case.title}", stands, "", case.text, "")
    sent = {delivery.seq for delivery in queued}
    for event in events:
        verb = "told" if event.seq in sent else "would have told"
        told = f" [{verb}: {event.notice}]" if event.notice else ""
        print_lines(f"{say_stamp(event.at)}  {event.kind}: {event.reason}{told}")


def acknowledge(number: Number, *, by: Who = None, config: ConfigOption = Path("driftwatch.yaml")) -> None:
    """Say that you are looking at it, for up to 7 days; a rise in severity undoes this."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.by_hand import acknowledge as step

    who = by or getpass.getuser()
    with open_act(config, "incident.acknowledge", number, by=who) as app:
        _change(app, number, lambda incident, now: step(incident, who, now))
    print_lines(f"Incident {number} is acknowledged by {who}.")


def snooze(
    number: Number,
    *,
    length: Annotated[str, typer.Option("--for", help="How long, such as 12h or 2d.")],
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Hear nothing more of it for a while: no reminder and no escalation; a rise in severity undoes this."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.config.values import parse_duration
    from driftwatch.errors import UsageError
    from driftwatch.incidents.by_hand import snooze as step

    who = by or getpass.getuser()
    try:
        duration = parse_duration(length)
    except ValueError as error:
        raise UsageError(f"--for {length!r}: {error}") from None
    with open_act(config, "incident.snooze", number, by=who, length=length) as app:
        _change(app, number, lambda incident, now: step(incident, who, now, length=duration))
    print_lines(f"Incident {number} is snoozed by {who} for {length}.")


def assign(
    number: Number,
    to: Annotated[str, typer.Argument(metavar="WHO", help="Who has it from now on.")],
    *,
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Say who has it from now on."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.by_hand import assign as step

    who = by or getpass.getuser()
    with open_act(config, "incident.assign", number, by=who, to=to) as app:
        _change(app, number, lambda incident, now: step(incident, to, who, now))
    print_lines(f"Incident {number} is assigned to {to}.")


def note(
    number: Number,
    text: Annotated[str, typer.Argument(help="What is to be remembered.")],
    *,
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Write something down in its history; resolved incidents take notes too."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.by_hand import note as step

    who = by or getpass.getuser()
    with open_act(config, "incident.note", number, by=who, text=text) as app:
        _change(app, number, lambda incident, now: step(incident, text, who, now))
    print_lines(f"Noted in incident {number}.")


def resolve(
    number: Number,
    *,
    why: Annotated[str, typer.Option("--why", help="Why it is over; kept in its history.")],
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Close an incident by hand; refused while its last window is still breached."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.by_hand import resolve_by_hand

    who = by or getpass.getuser()
    with open_act(config, "incident.resolve", number, by=who, why=why) as app:
        _change(app, number, lambda incident, now: resolve_by_hand(incident, who, why, now))
    print_lines(f"Incident {number} is resolved by {who}.")


def label(
    number: Number,
    said: Annotated[Said, typer.Argument(help="expected, drift or bad-data.")],
    *,
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Say what an incident was: that decides for good whether its windows count as ordinary."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.incident import Label
    from driftwatch.jobs.cases import label_case

    who = by or getpass.getuser()
    with open_act(config, "incident.label", number, by=who, said=said.value) as app:
        label_case(app.parts, app.config.monitors, number, Label(said.value), who)
    ordinary = "count as ordinary from now on" if said is Said.EXPECTED else "never count as ordinary"
    print_lines(f"Incident {number} is labelled {said.value} by {who}: its windows {ordinary}.")


def _change(app: App, number: int, step: Callable[[Incident, datetime], Advance]) -> None:
    from driftwatch.jobs.cases import change_case
    from driftwatch.jobs.deliver import deliver_due
    from driftwatch.jobs.heartbeat import is_daemon_alive

    change_case(app.parts, app.config.monitors, number, step)
    if not is_daemon_alive(app.database, app.parts.clock.now()):
        deliver_due(app.parts)
