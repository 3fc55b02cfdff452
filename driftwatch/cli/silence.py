"""`driftwatch silence`: hear nothing of something for a while."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_act, open_session, read_moment
from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from driftwatch.app import App

__all__ = ["register"]

Who = Annotated[str | None, typer.Option("--by", help="Who does it; your account name without.")]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="Hear nothing of something for a while.", no_args_is_help=True)
    nouns.command(name="add")(add)
    nouns.command(name="list")(list_all)
    nouns.command(name="expire")(expire)
    app.add_typer(nouns, name="silence")


def add(  # noqa: PLR0913 - one argument for each option.
    *,
    monitor: Annotated[str | None, typer.Option(help='A monitor; may hold *, and "*" is all.')] = None,
    owner: Annotated[str | None, typer.Option(help="Those that somebody looks after.")] = None,
    kind: Annotated[str | None, typer.Option(help="Incidents of one kind, such as drift.")] = None,
    severity: Annotated[str | None, typer.Option(help="Those that are major, or critical.")] = None,
    column: Annotated[
        str | None, typer.Option(help="Incidents of this column and no other; may hold *.")
    ] = None,
    length: Annotated[str | None, typer.Option("--for", help="How long, such as 4h.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="When it begins; now without.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="In place of --for: when it ends.")] = None,
    reason: Annotated[str, typer.Option(help="Why, for those who hear nothing.")] = "",
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Keep back notices that fit everything given, at most for 30 days; what is over by then is not told."""
    from driftwatch.cli.printing import print_json, print_lines, say_stamp
    from driftwatch.incidents.incident import IncidentKind, Severity
    from driftwatch.incidents.silences import Matchers, Silence
    from driftwatch.jobs.as_json import build_silence_json
    from driftwatch.jobs.moments import choose_zone
    from driftwatch.store.silences import add_silence

    _need_word("kind", kind, list(IncidentKind))
    _need_word("severity", severity, list(Severity))
    matchers = Matchers(monitor=monitor, owner=owner, kind=kind, severity=severity, column=column)
    given = {"monitor": monitor, "owner": owner, "kind": kind, "severity": severity, "column": column}
    with open_act(config, "silence.add", by=by, reason=reason, **given) as app:
        now = app.parts.clock.now()
        zone = choose_zone(app.config.monitors, monitor)
        starts_at = read_moment(start, zone) or now
        silence = Silence(
            matchers=matchers,
            starts_at=starts_at,
            ends_at=_find_end(starts_at, length, end, zone),
            author=by or getpass.getuser(),
            reason=reason,
            created_at=now,
        )
        kept = app.database.write(lambda tx: add_silence(tx, silence))
    if output is Output.JSON:
        print_json({"schema": "driftwatch.silence/v1", "silence": build_silence_json(kept, 0)})
    else:
        span = f"from {say_stamp(kept.starts_at)} to {say_stamp(kept.ends_at)}"
        print_lines(f"Silence {kept.id} ({kept.matchers}) {span}.")
        if not any(matchers.fits_monitor(one.id, one.owner) for one in app.config.monitors):
            print_lines("No monitor of the configuration fits it: it keeps nothing back as things are.")


def list_all(
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    every: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """List silences that are not over, with the number of notices that each has kept back."""
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.jobs.as_json import build_silence_json
    from driftwatch.store.silences import count_hidden, list_silences

    with open_session(config) as app:
        now = app.parts.clock.now()
        hidden = app.database.read(count_hidden)
        rows = app.database.read(lambda tx: list_silences(tx, now, every=every))
        found = [(one, hidden[one.id or 0]) for one in rows]
    if output is Output.JSON:
        print_json(
            {"schema": "driftwatch.silences/v1", "silences": [build_silence_json(*one) for one in found]}
        )
    elif found:
        print_table(
            ["ID", "WHAT", "FROM", "TO", "BY", "HIDES", "REASON"],
            [
                [str(one.id), str(one.matchers), one.starts_at, one.ends_at, one.author, hides, one.reason]
                for one, hides in found
            ],
        )
    else:
        print_lines("No silences." if every else "No silences; --all shows those that are over.")


def expire(
    number: Annotated[int, typer.Argument(help="The silence's number.")],
    *,
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """End a silence now; what it kept back and is still open is told."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.store.silences import expire_silence

    who = by or getpass.getuser()
    with open_act(config, "silence.expire", number, by=by) as app:
        now = app.parts.clock.now()
        app.database.write(lambda tx: expire_silence(tx, number, who, now))
        _tell_kept_back(app, now)
    print_lines(f"Silence {number} is over.")


def _tell_kept_back(app: App, now: datetime) -> None:
    from driftwatch.jobs.deliver import deliver_due
    from driftwatch.jobs.heartbeat import is_daemon_alive
    from driftwatch.jobs.retelling import retell_due

    if not is_daemon_alive(app.database, now):
        retell_due(app.parts, app.config.monitors)
        deliver_due(app.parts)


def _find_end(starts_at: datetime, length: str | None, end: str | None, zone: str) -> datetime:
    from driftwatch.config.values import parse_duration

    until = read_moment(end, zone)
    if (length is None) == (until is None):
        raise UsageError("say how long it lasts: --for 4h, or --to 2013-02-08T18:00")
    if until is not None:
        return until
    try:
        return starts_at + parse_duration(length or "")
    except ValueError as error:
        raise UsageError(f"--for {length!r} {error}") from None


def _need_word(name: str, word: str | None, known: list[str]) -> None:
    if word is not None and word not in known:
        raise UsageError(f"there is no {name} {word!r}; there are: {', '.join(known)}")
