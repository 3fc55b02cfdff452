"""`driftwatch torture`: the crash-and-race harness, on the user's own database."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import Output, OutputOption

if TYPE_CHECKING:
    from driftwatch.torture.campaign import Run

__all__ = ["register", "torture"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="torture")(torture)


def torture(  # noqa: PLR0913 - one argument an option.
    *,
    minutes: Annotated[float, typer.Option("--minutes", min=0.1, help="How long there is trouble.")] = 1.0,
    store: Annotated[
        str | None,
        typer.Option("--store", help="An empty database; a SQLite file of its own where it is left out."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run; drawn where left out.")] = None,
    replicas: Annotated[int, typer.Option("--replicas", min=1, help="Daemons at a time.")] = 3,
    monitors: Annotated[int, typer.Option("--monitors", min=1, help="Monitors that they watch.")] = 24,
    failpoints: Annotated[
        bool, typer.Option("--failpoints", help="End daemons at each place of the code in turn, and only so.")
    ] = False,
    folder: Annotated[Path | None, typer.Option("--dir", help="An empty folder for its files.")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Kill and pause daemons at work, and compare what they did with what they owed.

    Real daemons judge windows of a minute that fall due every two seconds and tell a receiver that fails a
    quarter of the calls, while they are killed, and paused for longer than their claims last. Then all is
    left to settle, and the store and the receiver's log are held against an oracle of its own. Ends with 0
    where everything that is promised has held, with 1 otherwise. The seed that is printed repeats a run's
    script and the order of its troubles; how these meet is up to the machine.
    """
    import secrets

    from driftwatch.torture.campaign import Settings, run_campaign
    from driftwatch.torture.troubles import IN_TURN, Plan

    if store is not None:
        _refuse_used(store)
    settings = Settings(
        seed=secrets.randbelow(2**31) if seed is None else seed,
        seconds=minutes * 60,
        monitors=monitors,
        store_url=store,
        plan=replace(IN_TURN if failpoints else Plan(), replicas=replicas),
    )
    run = run_campaign(settings, _choose_folder(folder), lambda line: print(line, file=sys.stderr))
    _print(run, output)
    raise typer.Exit(0 if run.is_good else 1)


def _refuse_used(url: str) -> None:
    """Raise UsageError unless the database is empty: nothing of anybody's is put at risk."""
    import sqlalchemy as sa

    from driftwatch.errors import StoreError, UsageError
    from driftwatch.net.database_address import describe_address, parse_address
    from driftwatch.net.engines import open_engine

    address = parse_address(url, purpose="store")
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        return
    engine = open_engine(url, purpose="store")
    try:
        tables = sa.inspect(engine).get_table_names()
    except sa.exc.DBAPIError:
        raise StoreError(f"--store: {describe_address(address)} cannot be reached") from None
    finally:
        engine.dispose()
    if tables:
        raise UsageError(
            f"--store: {describe_address(address)} has {len(tables)} tables; torture wants an empty database"
        )


def _choose_folder(folder: Path | None) -> Path:
    """Return an empty folder. Raises UsageError where the one that was named is not."""
    import tempfile

    from driftwatch.errors import UsageError

    if folder is None:
        return Path(tempfile.mkdtemp(prefix="driftwatch-torture-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(f"--dir: {folder} is not empty; torture wants an empty folder")
    return folder.absolute()


def _print(run: Run, output: Output) -> None:
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.torture.report import describe_run, list_rows, summarise_run

    if output is Output.JSON:
        print_json(describe_run(run))
        return
    print_table(["", "MUST NOT BE", "LOOKED AT", "FOUND"], list_rows(run))
    print_lines("", *summarise_run(run), "All held." if run.is_good else "NOT all held.")
