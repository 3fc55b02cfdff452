"""`driftwatch status`: one screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session

if TYPE_CHECKING:
    from driftwatch.jobs.status import MonitorStatus, Status

__all__ = ["register", "status"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="status")(status)


def status(
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 whatever is found.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what needs attention, what is late and what comes next."""
    from driftwatch.cli.printing import print_json
    from driftwatch.jobs.status import read_status

    with open_session(config) as app:
        found = read_status(app.database, app.config.monitors, app.parts.clock.now())
    if output is Output.JSON:
        print_json(found.to_json())
    else:
        _print(found)
    if not found.healthy and not exit_zero:
        raise typer.Exit(1)


def _print(found: Status) -> None:
    from driftwatch.cli.printing import print_lines, print_table, say_age
    from driftwatch.cli.queues_text import print_queues

    print_lines(_sum_up(found), "")
    print_table(
        ["MONITOR", "VERDICT", "LAST WINDOW", "LAST COMPLETE", "NEXT DUE", "LATE BY", "OPEN INCIDENTS"],
        [
            [
                one.id,
                one.verdict or "never judged",
                one.last_window and one.last_window.start,
                one.last_complete_window and one.last_complete_window.start,
                one.next_due,
                one.late_by,
                " ".join(str(number) for number in one.open_incidents) or None,
            ]
            for one in found.monitors
        ],
    )
    for one in found.monitors:
        print_lines(*_list_remarks(one))
    oldest = f", the oldest for {say_age(found.outbox.oldest_age)}" if found.outbox.oldest_age else ""
    print_lines("", f"Outbox: {found.outbox.pending} waiting{oldest}, {found.outbox.failed} failed.")
    print_queues(found.queues)
    for obstacle in found.obstacles:
        print_lines(f"Not ready: {obstacle}" + ("" if obstacle.endswith("?") else "."))
    if any(one.open_incidents for one in found.monitors):
        print_lines("`driftwatch incident list` says what is open.")
    if any(one.late_by for one in found.monitors):
        print_lines("Late monitors: `driftwatch check MONITOR` judges by hand.")
    if found.outbox.failed:
        print_lines(
            "`driftwatch delivery list --state dead` says what failed, `delivery retry` sends it again."
        )


def _list_remarks(monitor: MonitorStatus) -> list[str]:
    """Return what is to be known of a monitor beside its verdict."""
    from driftwatch.jobs.pausing import say_pause

    name, lines = monitor.id, []
    if monitor.calibration not in (None, "calibrated"):
        lines.append(f"{name} is {monitor.calibration}: see README, The promise.")
    if monitor.paused is not None:
        lines.append(f"{name} is {say_pause(monitor.paused)}; `driftwatch monitor resume {name}` ends it.")
    if monitor.mode == "shadow":
        lines.append(f"{name} is in shadow mode: nobody is told.")
    return lines


def _sum_up(found: Status) -> str:
    from driftwatch.incidents.words import say_count

    unwell = sum(1 for monitor in found.monitors if not monitor.healthy)
    if unwell:
        needs = "needs" if unwell == 1 else "need"
        return f"{unwell} of {say_count(len(found.monitors), 'monitor')} {needs} attention."
    if found.outbox.failed or any(queue.disabled for queue in found.queues):
        return "Every monitor is well, but somebody could not be told."
    opened = any(monitor.open_incidents for monitor in found.monitors)
    return f"Everything was judged on time and {'what is open is minor' if opened else 'nothing is open'}."
