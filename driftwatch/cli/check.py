"""`driftwatch check`: judge windows now, one or many."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session, read_moment

if TYPE_CHECKING:
    from driftwatch.jobs.replay import Seen

__all__ = ["Notify", "check", "follow", "register"]


class Notify(StrEnum):
    """Who is told of what a replay finds."""

    NONE = "none"
    FINAL = "final"
    ALL = "all"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="check")(check)


def check(  # noqa: PLR0913 - every option of the command is an argument
    monitor: Annotated[str, typer.Argument(help="The monitor's id in the configuration.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    at: Annotated[str | None, typer.Option(help="Judge the window that contains this time.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="Judge every window from here on …")] = None,
    end: Annotated[str | None, typer.Option("--to", help="… up to here (exclusive).")] = None,
    notify: Annotated[
        Notify, typer.Option(help="Tell nobody, the final state only, or everything.")
    ] = Notify.NONE,
    again: Annotated[
        bool, typer.Option("--again", help="Judge windows again that were judged before.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Judge in a temporary store and tell nobody.")
    ] = False,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 whatever is found.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Judge windows now: the latest one that is due, the one at a time, or all of a range.

    Windows that were judged before are reported from the store, so that an interrupted run goes on where
    it was. Ends with 0 when every verdict is ok, 1 when one is not, 2 when a window could not be read.
    """
    from driftwatch.jobs.deliver import deliver_due
    from driftwatch.jobs.heartbeat import is_daemon_alive
    from driftwatch.jobs.pausing import refuse_paused
    from driftwatch.jobs.replay import choose_windows, replay_windows
    from driftwatch.jobs.retrain import request_due

    with open_session(config, dry_run=dry_run) as app:
        watched = app.find_monitor(monitor)
        refuse_paused(app.database, watched, app.parts.clock.now())
        zone = watched.timezone
        windows = choose_windows(
            watched,
            app.parts.clock.now(),
            at=read_moment(at, zone),
            start=read_moment(start, zone),
            end=read_moment(end, zone),
        )
        told = Notify.NONE if dry_run else notify
        watch = app.watch(watched, at=windows[0].start)
        replayed = replay_windows(app.parts, watch, windows, notify=told.value, again=again)
        seen = list(follow(replayed, len(windows)))
        if told is not Notify.NONE and not is_daemon_alive(app.database, app.parts.clock.now()):
            deliver_due(app.parts)
            request_due(app.parts)
    _print(monitor, seen, output)
    status = _choose_status(seen)
    if status and not (exit_zero and status == 1):
        raise typer.Exit(status)


def follow(seen: Iterable[Seen], total: int) -> Iterator[Seen]:
    """Yield what comes, with a progress bar on standard error where a person watches."""
    if total < 3 or not sys.stderr.isatty():
        yield from seen
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(seen, total=total, description="judging", console=Console(stderr=True), transient=True)


def _choose_status(seen: Sequence[Seen]) -> int:
    """Return the exit status: 0 all ok, 1 a finding, 2 a window that could not be judged."""
    words = {"none" if one.verdict is None else one.verdict.word.value for one in seen}
    if words & {"error", "none"}:
        return 2
    return 0 if words <= {"ok"} else 1


def _print(monitor: str, seen: Sequence[Seen], output: Output) -> None:
    from driftwatch.cli.printing import print_json
    from driftwatch.cli.windows_text import print_windows
    from driftwatch.incidents.finding import build_window_json

    rows = [(one.verdict, one.revision) for one in seen if one.verdict is not None]
    _complain(monitor, seen)
    if output is Output.JSON:
        windows = [build_window_json(verdict, revision) for verdict, revision in rows]
        print_json({"schema": "driftwatch.check/v1", "monitor": monitor, "windows": windows})
        return
    print_windows(monitor, [verdict for verdict, _ in rows])


def _complain(monitor: str, seen: Sequence[Seen]) -> None:
    """Say on standard error which windows could not be judged, and why the first of them could not."""
    from driftwatch.cli.printing import clean_text
    from driftwatch.incidents.words import say_count

    failed = [one.verdict for one in seen if one.verdict is not None and one.verdict.word == "error"]
    if failed:
        more = f" (and {say_count(len(failed) - 1, 'more window')})" if len(failed) > 1 else ""
        print(f"driftwatch: {clean_text(failed[0].reason or '')}{more}", file=sys.stderr)
    busy = [str(one.window) for one in seen if one.verdict is None]
    if busy:
        print(
            f"driftwatch: {monitor}: {say_count(len(busy), 'window')} judged elsewhere, or behind an older "
            f"one that is: {busy[0]}; try again when that has ended",
            file=sys.stderr,
        )
