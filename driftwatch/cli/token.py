"""`driftwatch token`: what programs are known by when they use the API."""

from __future__ import annotations

import getpass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_act, open_session
from driftwatch.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from driftwatch.store.tokens import TokenRow

__all__ = ["GivenScope", "register"]

Who = Annotated[str | None, typer.Option("--by", help="Who does it; your account name without.")]


class GivenScope(StrEnum):
    """What somebody may do: each includes those before it."""

    READ = "read"
    OPERATE = "operate"
    ADMIN = "admin"


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="What programs are known by when they use the API.", no_args_is_help=True)
    nouns.command(name="create")(create)
    nouns.command(name="list")(list_all)
    nouns.command(name="revoke")(revoke)
    app.add_typer(nouns, name="token")


def create(
    name: Annotated[str, typer.Argument(help="What it is for: the audit log shows this name.")],
    *,
    scope: Annotated[
        GivenScope, typer.Option(help="What it may do: read, operate or admin.")
    ] = GivenScope.READ,
    length: Annotated[str | None, typer.Option("--for", help="How long it holds, such as 90d.")] = None,
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Make a token and print it, this once: the store keeps its digest alone."""
    from driftwatch.access.act import clean_name
    from driftwatch.access.caller import Scope
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.store.tokens import add_token

    named, granted = clean_name(name), Scope(scope.value)
    if not named:
        raise UsageError("say what the token is for: its name stands beside what is done with it")
    with open_act(config, "token.create", named, by=by, scope=granted, length=length) as app:
        now = app.parts.clock.now()
        expires_at = _find_end(now, length)
        made, text = app.database.write(
            lambda tx: add_token(
                tx,
                name=named,
                scope=granted,
                created_by=by or getpass.getuser(),
                now=now,
                expires_at=expires_at,
            )
        )
    if output is Output.JSON:
        shown = {**_build_json(made), "token": text}
        print_json({"schema": "driftwatch.token/v1", "token": shown})
    else:
        print_lines(text, "This is shown once. Send it as the header Authorization: Bearer dw_…")


def list_all(
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    every: Annotated[bool, typer.Option("--all", help="Those that open nothing any more, too.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """List the tokens that open something, with when each was used last."""
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.store.tokens import list_tokens

    with open_session(config) as app:
        now = app.parts.clock.now()
        found = app.database.read(lambda tx: list_tokens(tx, now, every=every))
    if output is Output.JSON:
        print_json({"schema": "driftwatch.tokens/v1", "tokens": [_build_json(one) for one in found]})
    elif found:
        rows = [
            [str(one.id), one.name, one.scope.value, one.hint, one.created_by, *_list_moments(one)]
            for one in found
        ]
        print_table(["ID", "NAME", "SCOPE", "BEGINS", "BY", "CREATED", "USED", "EXPIRES", "REVOKED"], rows)
    else:
        print_lines("No tokens." if every else "No tokens; --all shows those that open nothing any more.")


def revoke(
    number: Annotated[int, typer.Argument(help="The token's number, as list shows it.")],
    *,
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Have a token open nothing from now on."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.store.tokens import revoke_token

    with open_act(config, "token.revoke", number, by=by) as app:
        who, now = by or getpass.getuser(), app.parts.clock.now()
        revoked = app.database.write(lambda tx: revoke_token(tx, number, who, now))
    print_lines(f"Token {number} ({revoked.name}) opens nothing any more.")


def _find_end(now: datetime, length: str | None) -> datetime | None:
    from driftwatch.config.values import parse_duration

    if length is None:
        return None
    try:
        return now + parse_duration(length)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--for {length!r} {error}") from None


def _list_moments(one: TokenRow) -> list[datetime | None]:
    return [one.created_at, one.last_used_at, one.expires_at, one.revoked_at]


def _build_json(one: TokenRow) -> dict[str, object]:
    from driftwatch.incidents.stamps import write_stamp

    names = ("created_at", "last_used_at", "expires_at", "revoked_at")
    stamps = dict(zip(names, _list_moments(one), strict=True))
    return {
        "id": one.id,
        "name": one.name,
        "scope": one.scope.value,
        "begins": one.hint,
        "created_by": one.created_by,
        "revoked_by": one.revoked_by,
        **{name: at and write_stamp(at) for name, at in stamps.items()},
    }
