"""`driftwatch db`: the store's tables, a backup of them and the way back, and what is old in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session

if TYPE_CHECKING:
    from driftwatch.jobs.pruned import Pruned

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="The store: its tables, backups, what is old in it.", no_args_is_help=True)
    nouns.command(name="upgrade")(upgrade)
    nouns.command(name="check")(check)
    nouns.command(name="backup")(backup)
    nouns.command(name="restore")(restore)
    nouns.command(name="prune")(prune)
    nouns.command(name="rename-instance")(rename_instance)
    app.add_typer(nouns, name="db")


def upgrade(*, config: ConfigOption = Path("driftwatch.yaml")) -> None:
    """Create the store's tables, or bring them up to this version; running it twice changes nothing."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.config.loading import load_config
    from driftwatch.store import migrations

    state = migrations.upgrade(load_config(config).store_url.reveal())
    print_lines(f"The store is at schema revision {state.current}.")


def rename_instance(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `instance` in its configuration.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Hand the store over to the installation NAME; no daemon of the one before may run."""
    from driftwatch.app import open_store
    from driftwatch.cli.printing import print_lines
    from driftwatch.config.loading import load_config
    from driftwatch.jobs import replicas

    database = open_store(load_config(config))
    try:
        before = database.write(lambda tx: replicas.rename_instance(tx, name))
    finally:
        database.close()
    print_lines(f"The store belongs to the instance {name} now; it was that of {before or 'nobody'}.")


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


def backup(
    file: Annotated[
        Path, typer.Argument(help="The file to write: a store in SQLite, whatever the store is.")
    ],
    *,
    force: Annotated[bool, typer.Option("--force", help="Take the place of a file of that name.")] = False,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Copy the store into one file while it is at work, and check the copy."""
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.jobs.backup import back_up_store

    with open_session(config) as app:
        done = back_up_store(app.parts, app.config.store_url.reveal(), file, force=force)
    if output is Output.JSON:
        print_json(
            {
                "schema": "driftwatch.backup/v1",
                "file": str(done.file),
                "bytes": done.size,
                "revision": done.revision,
            }
        )
    else:
        print_lines(
            f"Backed up to {done.file}: {done.size:,} bytes at schema revision {done.revision}, checked.",
            f"`driftwatch db restore {file} --to URL` fills an empty database with it.",
        )


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `driftwatch db backup` wrote.")],
    *,
    to: Annotated[
        str | None, typer.Option(help="The empty database to fill; the configuration's store where left out.")
    ] = None,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Fill an empty database of any kind with a backup."""
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.config.loading import load_config
    from driftwatch.store.backup import restore as fill

    done = fill(file, load_config(config).store_url.reveal() if to is None else to)
    if output is Output.JSON:
        print_json({"schema": "driftwatch.restore/v1", "rows": dict(done.rows), "revision": done.revision})
    else:
        rows = sum(done.rows.values())
        print_lines(f"Restored {rows:,} rows from {file}; the store is at schema revision {done.revision}.")


def prune(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed; it is tried on a copy.")
    ] = False,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Thin out and drop what is older than `retention` says; the daemon does so every hour."""
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.errors import StoreError
    from driftwatch.jobs.backup import try_pruning
    from driftwatch.jobs.prune import prune_store

    with open_session(config) as app:
        monitors, retention = app.config.monitors, app.config.retention
        if dry_run:
            found: Pruned | None = try_pruning(app.parts, app.config.store_url.reveal(), monitors, retention)
        else:
            found = prune_store(app.parts, monitors, retention)
    if found is None:
        raise StoreError("another process is pruning the store now; try again in a few minutes")
    if output is Output.JSON:
        print_json({"schema": "driftwatch.prune/v1", "dry_run": dry_run, **_build_json(found)})
    else:
        print_lines(*_say_pruned(found, dry_run=dry_run))


def _build_json(found: Pruned) -> dict[str, Any]:
    return {
        "coarsened": found.coarse,
        "removed": {
            "counts": found.counts,
            "verdicts": found.verdicts,
            "incidents": found.incidents,
            "deliveries": found.deliveries,
            "calibrations": found.calibrations,
            "references": found.references,
            "scores": found.scores,
            "markers": found.markers,
        },
    }


def _say_pruned(found: Pruned, *, dry_run: bool) -> list[str]:
    if found.is_nothing:
        return ["Nothing in the store is older than `retention` says."]
    would = "would be" if dry_run else "were"
    lines = {
        f"counts of {found.coarse:,} windows {would} made coarse": found.coarse,
        f"counts of {found.counts:,} windows {would} removed": found.counts,
        f"{found.verdicts:,} verdicts {would} removed, with their findings": found.verdicts,
        f"{found.incidents:,} resolved incidents {would} removed, with what was told": found.incidents,
        f"{found.deliveries:,} other deliveries {would} removed": found.deliveries,
        f"{found.calibrations:,} calibrations {would} removed": found.calibrations,
        f"{found.references:,} reference versions {would} removed": found.references,
        f"scores of {found.scores:,} windows beside {would} removed": found.scores,
        f"{found.markers:,} markers {would} removed": found.markers,
    }
    return [line[0].upper() + line[1:] + "." for line, count in lines.items() if count]
