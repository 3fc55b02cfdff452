"""`driftwatch reference`: what production is compared with."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, need_row, open_act, open_session

if TYPE_CHECKING:
    from driftwatch.profiles.reference import Reference
    from driftwatch.store.references import ReferenceRow

__all__ = ["register"]

Monitor = Annotated[str, typer.Argument(help="The monitor's id.")]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="What production is compared with.", no_args_is_help=True)
    nouns.command(name="build")(build)
    nouns.command(name="list")(list_versions)
    nouns.command(name="show")(show)
    nouns.command(name="promote")(promote)
    nouns.command(name="rollback")(rollback)
    nouns.command(name="accept")(accept)
    app.add_typer(nouns, name="reference")


def build(monitor: Monitor, *, config: ConfigOption = Path("driftwatch.yaml")) -> None:
    """Build a reference from the configuration's `reference` block: the first is activated, others wait."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.words import say_count
    from driftwatch.jobs.oddities import describe_oddities, inspect_reference
    from driftwatch.store.references import list_references, load_reference

    with open_act(config, "reference.build", monitor) as app:
        watched = app.find_monitor(monitor)
        row, version = app.rebuild(watched)
        built = next(
            v for v in app.database.read(lambda tx: list_references(tx, row)) if v.version == version
        )
        reference = app.database.read(lambda tx: load_reference(tx, row, version))
    odd = inspect_reference(watched, reference) if reference else ()
    print_lines(
        f"{monitor}: reference version {version} is built from {say_count(built.rows, 'row')}.",
        "It is active."
        if built.state == "active"
        else f"It judges nothing before `driftwatch reference promote {monitor} {version}`.",
        *describe_oddities(odd, watched.timezone),
    )


def list_versions(
    monitor: Monitor, *, config: ConfigOption = Path("driftwatch.yaml"), output: OutputOption = Output.TEXT
) -> None:
    """List the versions of a monitor's reference, and of the rolling one beside it."""
    from driftwatch.cli.printing import print_json, print_table
    from driftwatch.jobs.as_json import build_version_json
    from driftwatch.store.monitors import find_monitor, name_companion
    from driftwatch.store.references import list_references

    with open_session(config) as app:
        row = need_row(app, monitor)
        versions = app.database.read(lambda tx: list_references(tx, row))
        companion = app.database.read(lambda tx: find_monitor(tx, name_companion(monitor)))
        beside = [] if companion is None else app.database.read(lambda tx: list_references(tx, companion))
    if output is Output.JSON:
        found = [build_version_json(one) for one in [*versions, *beside]]
        print_json({"schema": "driftwatch.references/v1", "monitor": monitor, "references": found})
        return
    print_table(
        ["VERSION", "STATE", "ROWS", "FROM", "TO", "BUILT", "PROMOTED"],
        [
            [
                v.version if v.spec.get("beside") is None else f"{v.version}, beside {v.spec['beside']}",
                *(v.state, v.rows, v.spec.get("from"), v.spec.get("to"), v.built_at, v.promoted_at),
            ]
            for v in [*versions, *beside]
        ],
    )


def show(
    monitor: Monitor,
    version: Annotated[int | None, typer.Argument(help="The version; the active one without.")] = None,
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the columns and blocks of a reference, and the columns that are not judged with the reason."""
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.errors import UsageError
    from driftwatch.jobs.as_json import build_odd_json, build_reference_json
    from driftwatch.jobs.oddities import describe_oddities, inspect_reference
    from driftwatch.store.references import load_reference

    with open_session(config) as app:
        row = need_row(app, monitor)
        reference = app.database.read(lambda tx: load_reference(tx, row, version))
        watched = next((one for one in app.config.monitors if one.id == monitor), None)
    if reference is None:
        raise UsageError(f"{monitor} has no such reference; see `driftwatch reference list {monitor}`")
    odd = inspect_reference(watched, reference) if watched else ()
    zone = watched.timezone if watched else "UTC"
    if output is Output.JSON:
        print_json(build_reference_json(monitor, reference) | build_odd_json(odd, zone))
    else:
        _print(monitor, reference)
        print_lines(*describe_oddities(odd, zone))


def _print(monitor: str, reference: Reference) -> None:
    from driftwatch.cli.printing import print_lines, print_table
    from driftwatch.jobs.as_json import describe_column
    from driftwatch.profiles.grid import CategoryGrid

    total = reference.total
    columns = [describe_column(name, total.columns[name]) for name in reference.grids]
    print_lines(
        f"{monitor}: reference version {reference.version}, {total.rows:,} rows in "
        f"{len(reference.blocks)} blocks",
        "",
    )
    print_table(
        ["COLUMN", "KIND", "VALUES", "MISSING", "CELLS"],
        [[c["column"], c["kind"], c["values"], c["missing"], c["cells"]] for c in columns],
    )
    for one in reference.skipped:
        print_lines(f"not judged: {one.column} ({one.why})")
    for name, grid in reference.grids.items():
        if isinstance(grid, CategoryGrid) and grid.unseen_unknown is not None:
            print_lines(f"not known: unseen values in {name} ({grid.unseen_unknown})")


def promote(
    monitor: Monitor,
    version: Annotated[int, typer.Argument(help="The version that is to judge from now on.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Make a version the one that judges: a new history begins, and what is open in the former one ends."""
    from driftwatch.jobs.promotion import promote_version

    with open_act(config, "reference.promote", f"{monitor} {version}") as app:
        need_row(app, monitor)
        promoted = promote_version(app.parts, app.find_monitor(monitor), version)
    _say_active(monitor, promoted)


def rollback(monitor: Monitor, *, config: ConfigOption = Path("driftwatch.yaml")) -> None:
    """Promote the version that judged before the present one."""
    from driftwatch.jobs.promotion import restore_version

    with open_act(config, "reference.rollback", monitor) as app:
        need_row(app, monitor)
        restored = restore_version(app.parts, app.find_monitor(monitor))
    _say_active(monitor, restored)


def accept(
    *,
    incident: Annotated[int, typer.Option("--incident", help="The number of an open incident.")],
    by: Annotated[str | None, typer.Option("--by", help="Who says so; the user's name otherwise.")] = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Make what an incident shows the new normal: its columns are judged by its own windows from now on."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.words import join_words, say_count, say_moment
    from driftwatch.jobs.acceptance import accept_incident
    from driftwatch.jobs.cases import find_case

    with open_act(config, "incident.accept", incident, by=by) as app:
        found = find_case(app.database, app.config.monitors, incident).incident
        watched = app.find_monitor(found.monitor)
        done = accept_incident(app.parts, watched, found, by or getpass.getuser())
    verb = "is" if len(done.columns) == 1 else "are"
    between = f"{say_moment(done.windows[0].start)} to {say_moment(done.windows[-1].end)}"
    print_lines(
        f"{watched.id}: {join_words(done.columns, at_most=20)} {verb} judged by "
        f"{say_count(len(done.windows), 'window')} from now on, {between}; the other columns as before.",
    )
    _say_active(watched.id, done.version)


def _say_active(monitor: str, promoted: ReferenceRow) -> None:
    from driftwatch.cli.printing import print_lines

    print_lines(
        f"{monitor}: reference version {promoted.version} is active.",
        "A history of its own begins. The former one keeps its verdicts, and its incidents have ended.",
    )
