"""`driftwatch report`: a monitor, or the week of an owner, to read, to send and to keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session

if TYPE_CHECKING:
    from driftwatch.app import App
    from driftwatch.web.report import Report

__all__ = ["register", "report"]

_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="report")(report)


def report(
    monitor: Annotated[str | None, typer.Argument(help="The monitor's id; none with --weekly.")] = None,
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    html: Annotated[
        Path | None, typer.Option(help="Write one HTML file with pictures that needs nothing else.")
    ] = None,
    weekly: Annotated[
        bool, typer.Option("--weekly", help="The digest of the last seven days in place of a monitor.")
    ] = False,
    owner: Annotated[str | None, typer.Option(help="With --weekly: only the monitors of one owner.")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Say how a monitor is, what is wrong, since when, and who was told; or how the week was."""
    from driftwatch.errors import UsageError

    if weekly and (monitor is not None or html is not None):
        raise UsageError("--weekly is about all monitors of an owner: leave out MONITOR and --html")
    if not weekly and (monitor is None or owner is not None):
        raise UsageError("give the id of a monitor, or --weekly, which may have --owner")
    with open_session(config) as app:
        if weekly:
            _report_week(app, owner, output)
        elif monitor is not None:
            _report_monitor(app, monitor, html, output)


def _report_week(app: App, owner: str | None, output: Output) -> None:
    from datetime import timedelta

    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.errors import UsageError
    from driftwatch.incidents.week import describe_week, title_week
    from driftwatch.incidents.weekly import build_week_json
    from driftwatch.jobs.week import list_owners, read_week

    owners = list_owners(app.config.monitors)
    if owner is not None and owner not in owners:
        raise UsageError(f"no monitor has the owner {owner!r}; there are: {', '.join(owners) or 'none'}")
    now = app.parts.clock.now().replace(microsecond=0)
    since = now - timedelta(weeks=1)
    week = app.database.read(lambda tx: read_week(tx, app.config.monitors, owner, since, now))
    if output is Output.JSON:
        print_json(build_week_json(week))
        return
    print_lines(title_week(week))
    for section in describe_week(week):
        print_lines("", f"{section.heading}:", *(f"  {line}" for line in section.lines))


def _report_monitor(app: App, monitor: str, html: Path | None, output: Output) -> None:
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.jobs.pictures import draw_png
    from driftwatch.web.house import House
    from driftwatch.web.report import build_report_json, read_report, write_report

    found = read_report(House(lambda: app), monitor)
    if html is not None:
        html.write_text(write_report(found, draw_png), encoding="utf-8")
    if output is Output.JSON:
        print_json(build_report_json(found))
    elif html is not None:
        print_lines(f"Wrote {html}: {found.page.sentence}")
    else:
        _print(found)


def _print(found: Report) -> None:
    from driftwatch.cli.printing import print_lines, print_table, say_stamp
    from driftwatch.incidents.words import say_window

    page = found.page
    print_lines(f"{page.monitor.title or page.monitor.id}: {page.sentence}")
    for case, told in zip(found.opened, found.told, strict=True):
        print_lines("", f"#{case.incident.id} {case.title}")
        print_lines(*(f"  {line}" for line in case.words.for_everyone), f"  Was anyone told? {told}.")
    if page.windows:
        print_lines("", "What was judged:")
        print_table(
            ["WINDOW", "VERDICT", "ROWS", "SCORE", "LIMIT"],
            [
                [
                    say_window(row.window),
                    row.verdict.word.value,
                    row.verdict.rows,
                    _say(row.verdict.score),
                    _say(row.verdict.limit),
                ]
                for row in page.windows[:_SHOWN]
            ],
        )
    if page.columns:
        print_lines("", "Columns that moved most:")
        print_table(
            ["COLUMN", "MOVED, AT LEAST", "KS", "PSI", "FOUND"],
            [
                [
                    one.name,
                    *(
                        _say(one.statistics[name].value if name in one.statistics else None)
                        for name in ("moved_share", "ks", "psi")
                    ),
                    "; ".join(finding.text for finding in one.findings) or None,
                ]
                for one in page.columns[:_SHOWN]
            ],
        )
    if found.deliveries:
        print_lines("", "Messages:")
        print_table(
            ["WHEN", "WHAT", "TO", "STATE"],
            [[one.created_at, one.type, one.channel, one.state.value] for one in found.deliveries[:_SHOWN]],
        )
    version = found.reference
    reference = "none yet" if version is None else f"version {version.version}, {version.rows:,} rows"
    print_lines("", f"Reference: {reference}.", page.schedule)
    if page.next_runs:
        print_lines(f"Next looks: {', '.join(say_stamp(one) for one in page.next_runs)}.")


def _say(number: float | None) -> str | None:
    return None if number is None else f"{number:.3g}"
