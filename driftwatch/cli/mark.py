"""`driftwatch mark`: say that something happened in the world, and see what was said."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_act, open_session, read_moment
from driftwatch.errors import UsageError

__all__ = ["register"]

_MOST = 50


class _Verbs(TyperGroup):
    """Takes what is no verb for a monitor that is to be marked: `mark MONITOR` is `mark add MONITOR`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Return what is left of the arguments for the verb."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["add", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(
        cls=_Verbs,
        help="Mark that something happened, such as a deploy: `mark MONITOR` adds a marker.",
        no_args_is_help=True,
    )
    nouns.command(name="add")(add)
    nouns.command(name="list")(list_all)
    app.add_typer(nouns, name="mark")


def add(  # noqa: PLR0913 - one argument for each option.
    monitor: Annotated[str | None, typer.Argument(help="The monitor that it concerns.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="In place of a monitor: it concerns all.")] = False,
    owner: Annotated[str | None, typer.Option(help="In place of a monitor: all of this owner.")] = None,
    kind: Annotated[str, typer.Option(help="One word: deploy, release, migration, …")] = "deploy",
    version: Annotated[str | None, typer.Option(help="Which version, if any.")] = None,
    at: Annotated[str | None, typer.Option(help="When it happened; now without.")] = None,
    text: Annotated[str | None, typer.Option(help="More about it, in one line.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who says so; your account name without.")] = None,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Mark that something happened: charts show it, and incidents that begin within a day of it name it."""
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.incidents.markers import build_marker_json, say_marker
    from driftwatch.jobs.markers import build_marker, mark
    from driftwatch.jobs.moments import choose_zone

    if [monitor is not None, every, owner is not None].count(True) != 1:
        raise UsageError("say what it concerns, and not twice: a monitor, --owner and a name, or --all")
    about = {"owner": owner, "kind": kind, "version": version, "text": text}
    with open_act(config, "marker.add", monitor or "", by=by, **about) as app:
        marker = build_marker(
            kind,
            app.parts.clock.now(),
            at=read_moment(at, choose_zone(app.config.monitors, monitor)),
            version=version,
            text=text,
            monitor=monitor,
            owner=owner,
            author=by or getpass.getuser(),
        )
        kept = mark(app.parts, app.config.monitors, marker)
    if output is Output.JSON:
        print_json({"schema": "driftwatch.marker/v1", "marker": build_marker_json(kept)})
    else:
        print_lines(f"Marker {kept.id}, for {kept.concerns}: {say_marker(kept)}.")


def list_all(
    monitor: Annotated[str | None, typer.Argument(help="Only those that concern this monitor.")] = None,
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """List the latest markers, at most 50 of them."""
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.incidents.markers import build_marker_json
    from driftwatch.store.markers import Wanted, list_markers

    with open_session(config) as app:
        owner = None if monitor is None else app.find_monitor(monitor).owner
        wanted = Wanted(monitor=monitor, owner=owner)
        found = app.database.read(lambda tx: list_markers(tx, wanted, at_most=_MOST))
    if output is Output.JSON:
        listed: list[dict[str, Any]] = [build_marker_json(one) for one in found]
        print_json({"schema": "driftwatch.markers/v1", "markers": listed})
    elif found:
        print_table(
            ["ID", "AT", "WHAT", "FOR", "BY", "TEXT"],
            [
                [str(one.id), one.at, one.name, one.concerns, one.author or "driftwatch", one.text or ""]
                for one in found
            ],
        )
    else:
        print_lines("No markers.")
