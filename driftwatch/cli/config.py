"""`driftwatch init`, `validate` and `schema`: the configuration."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption
from driftwatch.errors import ConfigError, DriftwatchError, UsageError

if TYPE_CHECKING:
    from driftwatch.config.loading import Config
    from driftwatch.config.starter import StarterFacts

__all__ = ["register"]

_FIRST_WINDOWS = 5


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(name="init")(init)
    app.command(name="validate")(validate)
    app.command(name="schema")(schema)


def init(
    *,
    source: Annotated[
        str | None,
        typer.Option("--from", help="A data file, a pattern or folder of them, or a database URL."),
    ] = None,
    table: Annotated[str | None, typer.Option(help="The table, where --from is a URL.")] = None,
    time_column: Annotated[str | None, typer.Option(help="The column of the event time.")] = None,
    config: ConfigOption = Path("driftwatch.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a commented configuration that runs as it stands, with what the data tells filled in."""
    from driftwatch.config.schema import build_schema
    from driftwatch.config.starter import write_starter
    from driftwatch.config.survey import survey_file, survey_table

    if config.exists() and not force:
        raise UsageError(f"{config} is there already; --force writes over it")
    if source is None:
        raise UsageError(
            'say where the data is: --from FILE, --from "data/*.csv", or --from URL --table TABLE'
        )
    facts = (
        survey_table(source, table, time_column)
        if "://" in source
        else survey_file(source, config.absolute().parent, time_column)
    )
    config.write_text(write_starter(facts), encoding="utf-8")
    schema_file = config.with_name(facts.schema)
    schema_file.write_text(json.dumps(build_schema(), indent=2) + "\n", encoding="utf-8")
    _print_next_steps(facts, config)


def _print_next_steps(facts: StarterFacts, config: Path) -> None:
    from driftwatch.cli.printing import print_lines
    from driftwatch.config.starter import SOURCE_URL
    from driftwatch.config.values import format_duration

    start, end = facts.reference_from, facts.reference_to
    text = config.read_text(encoding="utf-8")
    chosen = "" if config == Path("driftwatch.yaml") else f" -c {shlex.quote(str(config))}"
    print_lines(
        f"{config} is written: monitor {facts.id}, windows of {format_duration(facts.window)}, "
        f"reference from {_say_moment(start)} to {_say_moment(end)}.",
        *([f"First: export {SOURCE_URL}=…   (the address, for it has a password)"] * (SOURCE_URL in text)),
        f"Next: driftwatch check {facts.id} --from {_say_moment(end)} --to "
        f"{_say_moment(end + _FIRST_WINDOWS * facts.window)}{chosen}   (judges windows after the reference)",
        f"      driftwatch serve{chosen}   (goes on judging as windows fall due)",
    )


def _say_moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}" if moment.time() == time() else f"{moment:%Y-%m-%dT%H:%M}Z"


def validate(
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    connect: Annotated[bool, typer.Option("--connect", help="Reach every source and the store too.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Check the configuration: every mistake at once, with its line. Ends with 2 when there is one.

    Says which monitors keep their history under it, and which start a new one.
    """
    from driftwatch.cli.printing import clean_text, print_json, print_lines
    from driftwatch.config.loading import load_config
    from driftwatch.incidents.words import say_count

    try:
        loaded = load_config(config)
    except ConfigError as error:
        if output is Output.JSON:
            mistakes = str(error).splitlines()
            print_json(_build_report(ok=False, troubles=mistakes))
        raise
    changes = _compare_with_store(loaded)
    troubles = _connect(loaded) if connect else []
    if output is Output.JSON:
        print_json(_build_report(loaded, ok=not troubles, changes=changes, troubles=troubles))
    else:
        print_lines(*(f"warning: {warning}" for warning in loaded.warnings), *changes)
        print_lines(f"{config}: no mistakes, {say_count(len(loaded.monitors), 'monitor')}.")
    for trouble in troubles:
        print(f"driftwatch: {clean_text(trouble)}", file=sys.stderr)
    if troubles:
        raise typer.Exit(2)


def _build_report(
    loaded: Config | None = None, *, ok: bool, changes: Sequence[str] = (), troubles: Sequence[str] = ()
) -> dict[str, object]:
    return {
        "schema": "driftwatch.validate/v1",
        "ok": ok,
        "monitors": [monitor.id for monitor in loaded.monitors] if loaded else [],
        "warnings": list(loaded.warnings) if loaded else [],
        "changes": list(changes),
        "troubles": list(troubles),
    }


def _compare_with_store(config: Config) -> list[str]:
    """Return what becomes of each monitor, as far as a store is there to compare with."""
    from driftwatch.config.changes import compare_identities
    from driftwatch.store import migrations
    from driftwatch.store.database import open_database
    from driftwatch.store.monitors import list_monitors

    url = config.store_url.reveal()
    try:
        if not migrations.check(url).ok:
            return []
        database = open_database(url)
    except DriftwatchError:
        return []  # --connect says so; without it a store is not needed.
    try:
        rows = database.read(list_monitors)
    finally:
        database.close()
    known = {row.key: row.identity for row in rows if row.detached_at is None}
    return [str(change) for change in compare_identities(known, config)]


def _connect(config: Config) -> list[str]:
    from driftwatch.store import migrations

    troubles = []
    try:
        migrations.check(config.store_url.reveal())
    except DriftwatchError as error:
        troubles.append(str(error))
    for monitor in config.monitors:
        try:
            monitor.source.look(monitor.columns, monitor.id)
        except DriftwatchError as error:
            troubles.append(str(error))
    return troubles


def schema() -> None:
    """Print the JSON Schema of the configuration, for editors and other checkers."""
    from driftwatch.cli.printing import print_json
    from driftwatch.config.schema import build_schema

    print_json(build_schema())
