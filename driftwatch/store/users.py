"""Local users: people who sign in with a password that this store keeps.

*Why in the store and not in the configuration file:* a password is changed, and somebody who left is shut
out, with one command that every replica obeys at once and that ends their sessions in the same transaction;
and no hash lies in a file that is copied and put under version control.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from driftwatch.access.act import clean_name
from driftwatch.access.caller import How, Scope
from driftwatch.access.passwords import SALT_BYTES, check_password, hash_password
from driftwatch.errors import UsageError
from driftwatch.store.access_tables import users
from driftwatch.store.inserting import insert_new
from driftwatch.store.sessions import end_sessions

__all__ = ["UserRow", "add_user", "find_user", "hash_new", "list_users", "remove_user", "set_password"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """Somebody who may sign in, and what they may do then."""

    name: str
    scope: Scope
    created_by: str
    created_at: datetime
    changed_at: datetime


def add_user(
    connection: sa.Connection, name: str, *, kept: str, scope: Scope, created_by: str, now: datetime
) -> UserRow:
    """Keep a new user and return it; `kept` is what `hash_new` made of the password.

    Raises UsageError where the name may not be used or is taken.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a user: letters, digits and . _ @ + - in it, 100 at most")
    row = {
        "name": name,
        "password": kept,
        "scope": scope.value,
        "created_by": clean_name(created_by),
        "created_at": now,
        "changed_at": now,
    }
    if find_user(connection, name) is not None:
        raise UsageError(f"there is a user {name} already; `driftwatch user password {name}` changes theirs")
    insert_new(connection, users, [row], key=["name"])
    return _need(connection, name)


def find_user(connection: sa.Connection, name: str) -> tuple[UserRow, str] | None:
    """Return a user and what is kept of the password; None where there is no such user."""
    if not _NAME.fullmatch(name):
        return None
    row = connection.execute(sa.select(users).where(users.c.name == name)).one_or_none()
    return None if row is None else (_build(row), row.password)


def list_users(connection: sa.Connection) -> list[UserRow]:
    """Return every user, by name."""
    return [_build(row) for row in connection.execute(sa.select(users).order_by(users.c.name))]


def set_password(connection: sa.Connection, name: str, kept: str, now: datetime) -> int:
    """Give a user another password, end their sessions and return how many these were.

    `kept` is what `hash_new` made of the password. Raises UsageError where there is no such user.
    """
    _need(connection, name)
    changes = {"password": kept, "changed_at": now}
    connection.execute(sa.update(users).where(users.c.name == name).values(changes))
    return end_sessions(connection, name, How.SESSION)


def remove_user(connection: sa.Connection, name: str) -> int:
    """Remove a user, end their sessions and return how many these were. Raises UsageError without one."""
    _need(connection, name)
    connection.execute(sa.delete(users).where(users.c.name == name))
    return end_sessions(connection, name, How.SESSION)


def hash_new(password: str) -> str:
    """Return what is kept of a new password. Raises UsageError where it may not be used."""
    try:
        check_password(password)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return hash_password(password, secrets.token_bytes(SALT_BYTES))


def _need(connection: sa.Connection, name: str) -> UserRow:
    found = find_user(connection, name)
    if found is None:
        raise UsageError(f"there is no user {name!r}; `driftwatch user list` shows them")
    return found[0]


def _build(row: sa.Row[Any]) -> UserRow:
    return UserRow(
        name=row.name,
        scope=Scope(row.scope),
        created_by=row.created_by,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
