"""`driftwatch backtest`: what this policy, or another, would have told of the windows in the store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, need_row, open_session, read_moment
from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.app import App
    from driftwatch.calibration.budget import FalsePages
    from driftwatch.incidents.backtest import Outcome, Page
    from driftwatch.jobs.backtest import Against, Backtest, Compared
    from driftwatch.jobs.reference import Watch

__all__ = ["need_watch", "register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="backtest")(backtest)


def backtest(  # noqa: PLR0913 - every option of the command is an argument
    monitor: Annotated[str, typer.Argument(help="The monitor's id in the configuration.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    start: Annotated[str | None, typer.Option("--from", help="Windows that start here or later.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Windows that end here or earlier.")] = None,
    false_pages: Annotated[
        str | None, typer.Option(help="A promise to try, such as 1/30d: one false page in 30 days.")
    ] = None,
    minimum_effect: Annotated[
        float | None, typer.Option(help="A minimum effect to try, a share of the rows.", min=0.0, max=1.0)
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Another tool's rule to put beside it, such as 'any psi > 0.2'.")
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show how often, when and for which columns people would have been told, under this policy or others.

    Everything comes from the store: no source is read, nothing is written and nobody is told.
    """
    from driftwatch.cli.printing import print_json
    from driftwatch.jobs.backtest import Asked, run_backtest

    with open_session(config) as app:
        watch = need_watch(app, monitor)
        zone = watch.monitor.timezone
        asked = Asked(
            false_pages=None if false_pages is None else _read_promise(false_pages),
            minimum_effect=minimum_effect,
            against=against,
            start=read_moment(start, zone),
            end=read_moment(end, zone),
        )
        found = run_backtest(app.database, watch, asked)
    if output is Output.JSON:
        print_json(_build_json(found))
    else:
        _print(found, alone=watch.monitor.reference.beside is not None)


def need_watch(app: App, name: str) -> Watch:
    """Return the monitor called `name` with its active reference, as the store has it; no source is read.

    Raises UsageError where there is none.
    """
    monitor = app.find_monitor(name)
    need_row(app, name)
    watch = app.resume(monitor)
    if watch is None:
        raise UsageError(
            f"{name} watches other data than the store has a reference of; "
            f"`driftwatch check {name}` builds one"
        )
    return watch


def _read_promise(text: str) -> FalsePages:
    from driftwatch.calibration.budget import FalsePages
    from driftwatch.config import parse_duration

    found = re.fullmatch(r"\s*([0-9.]+)\s*/\s*(\w+)\s*", text)
    pages, per = (found[1], found[2]) if found else (text, "")
    try:
        return FalsePages(at_most=float(pages), per=parse_duration(per))
    except ValueError:
        raise UsageError(
            f"--false-pages {text!r} wants pages and a duration; write 1/30d for one page in 30 days"
        ) from None


def _build_json(found: Backtest) -> dict[str, Any]:
    from driftwatch.incidents.stamps import write_stamp

    return {
        "schema": "driftwatch.backtest/v1",
        "monitor": found.monitor,
        "from": write_stamp(found.start),
        "to": write_stamp(found.end),
        "windows": found.windows,
        "windows_without_counts": found.without_counts,
        "allowed_pages": found.allowed,
        "today": _build_policy(found, found.today),
        "asked": None if found.asked is None else _build_policy(found, found.asked),
        "gained": _build_pages(found.gained),
        "lost": _build_pages(found.lost),
        "others": [_build_policy(found, one) for one in found.others],
        "proposed": None if found.proposed is None else _build_policy(found, found.proposed),
        "against": None if found.against is None else _build_against(found, found.against),
    }


def _build_policy(found: Backtest, one: Compared) -> dict[str, Any]:
    from driftwatch.config.values import format_duration

    promise = one.promise and {"at_most": one.promise.at_most, "per": format_duration(one.promise.per)}
    outcome = _build_outcome(found, one.outcome)
    return {"false_pages": promise, "minimum_effect": one.minimum_effect, **outcome}


def _build_against(found: Backtest, against: Against) -> dict[str, Any]:
    return {"rule": against.rule, "fitted_limit": against.fitted, **_build_outcome(found, against.outcome)}


def _build_outcome(found: Backtest, outcome: Outcome) -> dict[str, Any]:
    from driftwatch.incidents.stamps import write_stamp

    return {
        "pages_per_30d": found.count_per_month(outcome),
        "windows_above": [write_stamp(window.start) for window in outcome.above],
        "pages": _build_pages(outcome.pages),
    }


def _build_pages(pages: Sequence[Page]) -> list[dict[str, Any]]:
    from driftwatch.incidents.stamps import write_stamp

    return [
        {
            "window": write_stamp(page.window.start),
            "kind": page.kind.value,
            "joins": page.joins,
            "columns": list(page.columns),
        }
        for page in pages
    ]


def _print(found: Backtest, *, alone: bool) -> None:
    from driftwatch.cli.printing import print_lines, print_table
    from driftwatch.incidents.words import say_count

    first, last = f"{found.start:%Y-%m-%d}", f"{found.end:%Y-%m-%d}"
    print_lines(
        f"{found.monitor}: {say_count(found.windows, 'window')} from {first} to {last}, judged again from "
        "the store; nobody is told.",
        *(["Judged against the pinned reference alone."] if alone else []),
        "",
    )
    rows = [
        ("today", found.today.outcome, _say_policy(found.today)),
        *([("asked", found.asked.outcome, _say_policy(found.asked))] if found.asked else []),
        *([("against", found.against.outcome, found.against.rule)] if found.against else []),
        *(("other", one.outcome, _say_policy(one)) for one in found.others),
    ]
    print_table(
        ["", "PAGES", "PER 30 DAYS", "WINDOWS ABOVE", "POLICY"],
        [
            [name, len(outcome.pages), f"{found.count_per_month(outcome):.1f}", len(outcome.above), policy]
            for name, outcome, policy in rows
        ],
    )
    _print_pages("Today's policy would have told people on", found.today.outcome.pages)
    if found.asked:
        _print_pages("These would have come on top", found.gained)
        _print_pages("These pages of today's would not have come", found.lost)
    if found.against:
        _print_pages(f"{found.against.rule} would have told people on", found.against.outcome.pages)
    print_lines("", *_conclude(found))


def _say_policy(one: Compared) -> str:
    from driftwatch.incidents.words import say_percent

    if one.promise is None:
        return "explicit rules"
    return f"{_say_promise(one.promise)}, minimum effect {say_percent(one.minimum_effect or 0.0)}"


def _say_promise(promise: FalsePages) -> str:
    from driftwatch.config.values import format_duration

    return f"{promise.at_most:g}/{format_duration(promise.per)}"


def _print_pages(title: str, pages: Sequence[Page]) -> None:
    from driftwatch.cli.printing import print_lines, print_table
    from driftwatch.incidents.words import join_words

    if not pages:
        print_lines("", f"{title}: none.")
        return
    print_lines("", f"{title}:")
    rows = [
        [page.window.start, page.kind.value, "joins" if page.joins else "opens", join_words(page.columns)]
        for page in pages
    ]
    print_table(["WINDOW", "KIND", "INCIDENT", "COLUMNS"], rows)


def _say_gone(found: Backtest) -> list[str]:
    from driftwatch.incidents.words import say_count

    if not found.without_counts:
        return []
    windows = say_count(found.without_counts, "window")
    gone = f"Of {windows} the counts are no longer kept (retention.coarse), only what was scored on them."
    return [gone]


def _conclude(found: Backtest) -> list[str]:
    """Return how the pages were counted, and what is proposed."""
    counted = (
        "A page: people are told at once of drift or data. Every policy, another tool's rule too, opens and "
        "resolves incidents with this monitor's patience."
    )
    if not found.is_long_enough:
        return [counted, *_say_gone(found), "There are too few windows to propose a promise or a limit from."]
    often = f"no more often than {found.allowed:.3g} times, as the policy allows in this time"
    lines = [counted, *_say_gone(found)]
    if found.proposed and found.proposed.promise:
        told, promise = len(found.proposed.outcome.pages), _say_promise(found.proposed.promise)
        lines.append(f"Proposed: --false-pages {promise}; {told} pages, {often}.")
    if found.against and found.against.fitted is not None:
        limit = f"{found.against.fitted:g}"
        lines.append(
            f"With {limit} in place of its limit {found.against.rule} would have told people {often}."
        )
    return lines
