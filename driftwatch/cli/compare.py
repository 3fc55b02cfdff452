"""`driftwatch compare`: two files, no config, no store."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from driftwatch.cli.printing import print_clean_lines, print_json, wants_colour
from driftwatch.cli.session import Output, OutputOption
from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from driftwatch.jobs.comparison import Comparison
    from driftwatch.profiles.grid import Kind

__all__ = ["compare", "register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="compare")(compare)


def compare(  # noqa: PLR0913 - every option of the command is an argument
    reference: Annotated[
        Path, typer.Argument(help="What the data should look like: CSV, JSON Lines or Parquet, also .gz.")
    ],
    current: Annotated[Path, typer.Argument(help="What it looks like now, in any of these formats.")],
    *,
    output: OutputOption = Output.TEXT,
    key: Annotated[
        list[str] | None, typer.Option(help="Column that makes a row unique; repeat it for several.")
    ] = None,
    time_column: Annotated[
        list[str] | None, typer.Option(help="Column of the event time; repeat it to join several.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Column to leave out; repeatable.")] = None,
    include: Annotated[
        list[str] | None, typer.Option(help="Column to judge, and no others; repeatable.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=KIND", help="Judge a column as number, category, boolean or time."),
    ] = None,
    missing: Annotated[
        list[str] | None, typer.Option(help="A further value that means missing; repeatable.")
    ] = None,
    minimum_effect: Annotated[
        float, typer.Option(help="Share of rows that must be shown to have moved, 0 to 1.")
    ] = 0.02,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="End with status 0 whatever is found.")
    ] = False,
) -> None:
    """Compare two files: what moved, what is missing, what is new.

    Ends with status 0 when nothing was found, 1 when something was, and 2 when a file cannot be read.
    """
    from driftwatch.jobs.compare import compare as compare_batches

    result = compare_batches(
        reference,
        current,
        key=key or (),
        time_column=time_column,
        exclude=exclude or (),
        include=include,
        kinds=_read_kinds(kind or ()),
        missing=_read_missing(missing or ()),
        minimum_effect=minimum_effect,
    )
    _print(result, output)
    if result.verdict != "ok" and not exit_zero:
        raise typer.Exit(1)


def _read_kinds(pairs: Sequence[str]) -> Mapping[str, Kind]:
    kinds = {}
    for pair in pairs:
        column, equals, kind = pair.rpartition("=")
        if not equals:
            raise UsageError(f"--kind takes COLUMN=KIND, such as zip=category, not {pair!r}")
        kinds[column] = cast("Kind", kind)  # Whether it is a kind is for the comparison to say.
    return kinds


def _read_missing(words: Sequence[str]) -> list[str | float]:
    """Return each word, and beside it the number it spells: columns of numbers are compared with numbers."""
    values: list[str | float] = []
    for word in words:
        values.append(word)
        with suppress(ValueError):
            values.append(float(word))
    return values


def _print(result: Comparison, output: Output) -> None:
    if output is Output.JSON:
        print_json(result.to_dict())
        return
    from driftwatch.cli.comparison_text import Look, write_text

    look = Look(
        width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None,
        colour=wants_colour(),
        blocks=_can_print("█✗≥…"),
    )
    print_clean_lines(*write_text(result, look).splitlines())


def _can_print(signs: str) -> bool:
    try:
        signs.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
