"""`driftwatch user`: people who sign in with a password."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_act, open_session
from driftwatch.cli.token import GivenScope, Who
from driftwatch.errors import UsageError

__all__ = ["register"]

Name = Annotated[str, typer.Argument(help="The name that is signed in with.")]


def register(app: typer.Typer) -> None:
    """Add the noun to `app`."""
    nouns = typer.Typer(help="People who sign in with a password.", no_args_is_help=True)
    nouns.command(name="add")(add)
    nouns.command(name="list")(list_all)
    nouns.command(name="remove")(remove)
    nouns.command(name="password")(change)
    app.add_typer(nouns, name="user")


def add(
    name: Name,
    *,
    scope: Annotated[
        GivenScope, typer.Option(help="What they may do: read, operate or admin.")
    ] = GivenScope.READ,
    by: Who = None,
    config: ConfigOption = Path("driftwatch.yaml"),
) -> None:
    """Add somebody. The password is asked for, or read from standard input where that is no terminal."""
    from driftwatch.access.caller import Scope
    from driftwatch.cli.printing import print_lines
    from driftwatch.store.users import add_user, hash_new

    granted = Scope(scope.value)
    with open_act(config, "user.add", name, by=by, scope=granted) as app:
        kept = hash_new(_ask_password())
        who, now = by or getpass.getuser(), app.parts.clock.now()
        app.database.write(lambda tx: add_user(tx, name, kept=kept, scope=granted, created_by=who, now=now))
        is_asked = app.config.access.passwords
    print_lines(f"{name} may sign in, with the scope {granted}.")
    if not is_asked:
        print_lines("Nobody is asked for a password yet: write `web: {auth: {passwords: true}}` in the file.")


def list_all(*, config: ConfigOption = Path("driftwatch.yaml"), output: OutputOption = Output.TEXT) -> None:
    """List everybody who may sign in with a password."""
    from driftwatch.cli.printing import print_json, print_lines, print_table
    from driftwatch.incidents.stamps import write_stamp
    from driftwatch.store.users import list_users

    with open_session(config) as app:
        found = app.database.read(list_users)
    if output is Output.JSON:
        users = [
            {
                "name": one.name,
                "scope": one.scope.value,
                "created_by": one.created_by,
                "created_at": write_stamp(one.created_at),
                "password_changed_at": write_stamp(one.changed_at),
            }
            for one in found
        ]
        print_json({"schema": "driftwatch.users/v1", "users": users})
    elif found:
        rows = [[one.name, one.scope.value, one.created_by, one.created_at, one.changed_at] for one in found]
        print_table(["NAME", "SCOPE", "BY", "CREATED", "PASSWORD CHANGED"], rows)
    else:
        print_lines("No users; driftwatch user add NAME adds one.")


def remove(name: Name, *, by: Who = None, config: ConfigOption = Path("driftwatch.yaml")) -> None:
    """Remove somebody: whoever uses their sessions is signed out at once."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.words import say_count
    from driftwatch.store.users import remove_user

    with open_act(config, "user.remove", name, by=by) as app:
        ended = app.database.write(lambda tx: remove_user(tx, name))
    print_lines(f"{name} is removed; {say_count(ended, 'session')} ended.")


def change(name: Name, *, by: Who = None, config: ConfigOption = Path("driftwatch.yaml")) -> None:
    """Give somebody another password, and end their sessions."""
    from driftwatch.cli.printing import print_lines
    from driftwatch.incidents.words import say_count
    from driftwatch.store.users import hash_new, set_password

    with open_act(config, "user.password", name, by=by) as app:
        kept, now = hash_new(_ask_password()), app.parts.clock.now()
        ended = app.database.write(lambda tx: set_password(tx, name, kept, now))
    print_lines(f"{name} has another password; {say_count(ended, 'session')} ended.")


def _ask_password() -> str:
    """Return a password that is typed twice and not shown, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise UsageError("the two are not the same; nothing was changed")
    return first
