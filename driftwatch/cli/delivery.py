"""`driftwatch delivery`: what was told, and what could not be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_act, open_session
from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from driftwatch.store.delivery import DeliveryRow

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="What was told, and what could not be.", no_args_is_help=True)
    nouns.command(name="list")(list_deliveries)
    nouns.command(name="show")(show)
    nouns.command(name="retry")(retry)
    nouns.command(name="test")(send)
    app.add_typer(nouns, name="delivery")


def list_deliveries(
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    state: Annotated[
        str | None,
        typer.Option(help="Only those that are pending, sending, delivered, dead, suppressed or expired."),
    ] = None,
    channel: Annotated[str | None, typer.Option(help="Only those of one channel.")] = None,
    newest: Annotated[int, typer.Option(help="How many of the latest.", min=1)] = 50,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 whatever is found.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """List deliveries, the latest last. Ends with 1 when one has failed, or a channel is disabled."""
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.cli.queues_text import print_queues
    from driftwatch.jobs.as_json import build_delivery_json
    from driftwatch.jobs.queues import build_queues_json
    from driftwatch.store.outbox import DeliveryState
    from driftwatch.store.outbox import list_deliveries as list_rows
    from driftwatch.store.queues import list_queues

    if state is not None and state not in list(DeliveryState):
        raise UsageError(f"there is no state {state!r}; there are: {', '.join(DeliveryState)}")
    wanted = None if state is None else DeliveryState(state)
    with open_session(config) as app:
        now = app.parts.clock.now()
        rows = app.database.read(lambda tx: list_rows(tx, state=wanted, channel=channel, newest=newest))
        queues = app.database.read(lambda tx: list_queues(tx, now))
    shown = [one for one in queues if channel in {None, one.channel}]
    if output is Output.JSON:
        print_json(
            {
                "schema": "driftwatch.deliveries/v1",
                "deliveries": [build_delivery_json(row) for row in rows],
                "destinations": build_queues_json(shown),
            }
        )
    elif rows:
        print_table(
            ["ID", "CREATED", "CHANNEL", "TYPE", "MONITOR", "STATE", "ATTEMPTS", "NEXT", "LAST ANSWER"],
            [
                [r.id, r.created_at, r.channel, r.type, r.monitor_key, r.state, r.attempts, _next(r), _say(r)]
                for r in rows
            ],
        )
    else:
        print_lines("No deliveries.")
    if output is Output.TEXT:
        print_queues(shown)
    failed = any(row.state is DeliveryState.DEAD for row in rows)
    if (failed or any(one.disabled for one in shown)) and not exit_zero:
        raise typer.Exit(1)


def _next(row: DeliveryRow) -> object:
    return row.next_at if row.state == "pending" else None


def _say(row: DeliveryRow) -> str:
    """Return why it was not sent, or what was answered last."""
    if row.decision is not None:
        return row.decision
    status = "" if row.last_status is None else str(row.last_status)
    return " ".join(filter(None, [status, row.last_error])) or "-"


def show(
    number: Annotated[str, typer.Argument(metavar="ID", help="The delivery's id.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Show one delivery: what it says, every attempt to send it, and why it was not sent, if it was not."""
    import json

    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.jobs.as_json import build_full_delivery_json
    from driftwatch.store.outbox import find_delivery, list_attempts

    with open_session(config) as app:
        row = app.database.read(lambda tx: find_delivery(tx, number))
        tries = app.database.read(lambda tx: list_attempts(tx, number))
    if row is None:
        raise UsageError(f"there is no delivery {number}; `driftwatch delivery list` shows them")
    if output is Output.JSON:
        print_json(build_full_delivery_json(row, tries))
        return
    body = json.loads(row.body)
    print_lines(f"{row.id}: {row.type} to {row.channel}, {row.state}", *filter(None, [row.decision]), "")
    print_lines(body["title"], body["text"], "")
    if tries:
        print_table(
            ["STARTED", "ENDED", "STATUS", "ERROR"],
            [[one.started_at, one.ended_at, one.status, one.error] for one in tries],
        )
    else:
        print_lines("No attempt was made.")


def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="The deliveries to send again.")] = None,
    *,
    channel: Annotated[str | None, typer.Option(help="All failed or waiting ones of a channel.")] = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Send failed or waiting deliveries again, under the same id. Ends with 1 when one fails for good.

    A channel that was disabled is enabled by its name.
    """
    from driftwatch.cli.printing import print_lines
    from driftwatch.jobs.deliver import deliver_due
    from driftwatch.jobs.heartbeat import is_daemon_alive
    from driftwatch.store.destinations import enable_destination
    from driftwatch.store.outbox import list_deliveries as list_rows
    from driftwatch.store.outbox import retry_deliveries

    if not ids and channel is None:
        raise UsageError("name the deliveries, or a --channel")
    with open_act(config, "delivery.retry", " ".join(ids or ()), channel=channel) as app:
        now = app.parts.clock.now()
        known = {row.id for row in app.database.read(list_rows)}
        unknown = [one for one in ids or () if one not in known]
        if unknown:
            raise UsageError(f"there is no delivery {unknown[0]}; `driftwatch delivery list` shows them")

        def queue(tx: Connection) -> tuple[list[str], bool]:
            enabled = channel is not None and enable_destination(tx, channel)
            return retry_deliveries(tx, ids=ids or None, channel=channel, now=now), enabled

        queued, enabled = app.database.write(queue)
        if not is_daemon_alive(app.database, now):
            deliver_due(app.parts)
        rows = [row for row in app.database.read(list_rows) if row.id in queued]
    if enabled:
        print_lines(f"Channel {channel} is enabled again.")
    print_lines(f"{len(queued)} queued again." if queued else "Nothing to send again.")
    for row in rows:
        print_lines(f"{row.id}  {row.channel}  {row.state}  {_say(row)}")
    if any(row.state == "dead" for row in rows):
        raise typer.Exit(1)


def send(
    channel: Annotated[str, typer.Argument(help="The channel's name in the configuration.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Send a test message through a channel and say what came back. Ends with 1 when it did not arrive."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.jobs.deliver import send_test

    with open_act(config, "channel.test", channel) as app:
        if channel not in app.config.channels:
            known = ", ".join(app.config.channels) or "none"
            raise UsageError(f"there is no channel {channel!r} in the configuration; there are: {known}")
        row = send_test(app.parts, channel)
    answer = _say(row)
    print_lines(f"{channel}: {row.state}{'' if answer == '-' else f' ({answer})'}, id {row.id}")
    if row.state != "delivered":
        raise typer.Exit(1)
