"""`driftwatch audit`: who did what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session

if TYPE_CHECKING:
    from driftwatch.access.act import Act

__all__ = ["register"]

_NEWEST = 50


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="Who did what, and from where.", no_args_is_help=True)
    # With one command alone there would be no verb.
    nouns.callback()(_begin)
    nouns.command(name="list")(list_all)
    app.add_typer(nouns, name="audit")


def _begin() -> None:
    """Who did what, and from where."""


def list_all(
    *,
    actor: Annotated[str | None, typer.Option("--by", help="What somebody did.")] = None,
    action: Annotated[
        str | None, typer.Option(help="One kind of thing, such as incident.acknowledge.")
    ] = None,
    newest: Annotated[int, typer.Option(min=1, help="At most so many.")] = _NEWEST,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """List what was done, the newest first; JSON for an archive of your own."""
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.store.audit import WantedActs, page_acts

    wanted = WantedActs(actor=actor, action=action)
    with open_session(config) as app:
        found, total = app.database.read(lambda tx: page_acts(tx, wanted, at_most=newest))
    if output is Output.JSON:
        print_json(
            {"schema": "driftwatch.audit/v1", "total": total, "acts": [_build_json(one) for one in found]}
        )
    elif found:
        rows = [
            [
                one.at,
                one.actor or "nobody",
                one.action,
                one.subject,
                _say_details(one),
                one.how.value,
                one.address,
            ]
            for one in found
        ]
        print_table(["AT", "WHO", "WHAT", "TO WHAT", "DETAILS", "KNOWN BY", "FROM"], rows)
    else:
        print_lines("Nothing of this kind was done yet.")


def _say_details(one: Act) -> str:
    return ", ".join(f"{name}: {value}" for name, value in one.details.items())


def _build_json(one: Act) -> dict[str, object]:
    from driftwatch.incidents.stamps import write_stamp

    return {
        "id": one.id,
        "at": write_stamp(one.at),
        "actor": one.actor,
        "how": one.how.value,
        "address": one.address,
        "action": one.action,
        "subject": one.subject,
        "details": dict(one.details),
    }
