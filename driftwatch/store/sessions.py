"""Sessions: browsers whose person signed in. The browser has a long secret, the store its digest."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from driftwatch.access.caller import Caller, How, Scope
from driftwatch.access.keys import KEY_BYTES, digest_key
from driftwatch.store.access_tables import sessions, users
from driftwatch.store.tokens import SEEN_EVERY

__all__ = [
    "IDLE",
    "LIFETIME",
    "SessionRow",
    "begin_session",
    "count_sessions",
    "end_session",
    "end_sessions",
    "find_session",
    "see_session",
]

IDLE: Final = timedelta(hours=12)
"""How long nothing may be asked for before somebody must sign in again."""

LIFETIME: Final = timedelta(days=7)
"""How long a session lasts at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """Somebody who signed in, and when they were seen last."""

    caller: Caller
    began_at: datetime
    seen_at: datetime


def begin_session(
    connection: sa.Connection, caller: Caller, now: datetime, *, address: str, replaces: str = ""
) -> str:
    """Keep a new session and return its secret; the one it `replaces` ends, and those that are over go."""
    secret = secrets.token_urlsafe(KEY_BYTES)
    is_over = sa.or_(sessions.c.ends_at <= now, sessions.c.seen_at <= now - IDLE)
    connection.execute(sa.delete(sessions).where(is_over))
    if replaces:
        end_session(connection, replaces)
    row = {
        "digest": digest_key(secret),
        "name": caller.name,
        "how": caller.how.value,
        "scope": caller.scope.value,
        "address": address,
        "began_at": now,
        "seen_at": now,
        "ends_at": now + LIFETIME,
    }
    connection.execute(sa.insert(sessions).values(row))
    return secret


def find_session(connection: sa.Connection, secret: str, now: datetime) -> SessionRow | None:
    """Return the session with this secret, None where there is none or it is over.

    A local user has the scope of today, and one who was removed has no session any more.
    """
    query = (
        sa.select(sessions, users.c.scope.label("user_scope"))
        .outerjoin(users, users.c.name == sessions.c.name)
        .where(
            sessions.c.digest == digest_key(secret),
            sessions.c.ends_at > now,
            sessions.c.seen_at > now - IDLE,
        )
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    how = How(row.how)
    scope = row.user_scope if how is How.SESSION else row.scope
    if scope is None:
        return None
    caller = Caller(name=row.name, scope=Scope(scope), how=how)
    return SessionRow(caller=caller, began_at=row.began_at, seen_at=row.seen_at)


def see_session(connection: sa.Connection, secret: str, now: datetime) -> None:
    """Write down that a session is used, where that was not done within the last minute."""
    is_meant = sa.and_(sessions.c.digest == digest_key(secret), sessions.c.seen_at <= now - SEEN_EVERY)
    connection.execute(sa.update(sessions).where(is_meant).values(seen_at=now))


def count_sessions(connection: sa.Connection, caller: Caller, now: datetime) -> int:
    """Return how many sessions somebody has."""
    is_theirs = _is_of(caller.name, caller.how)
    is_live = sa.and_(sessions.c.ends_at > now, sessions.c.seen_at > now - IDLE)
    query = sa.select(sa.func.count()).select_from(sessions).where(is_theirs, is_live)
    return int(connection.execute(query).scalar_one())


def end_session(connection: sa.Connection, secret: str) -> None:
    """End the session with this secret, where there is one."""
    connection.execute(sa.delete(sessions).where(sessions.c.digest == digest_key(secret)))


def end_sessions(connection: sa.Connection, name: str, how: How) -> int:
    """End every session of somebody and return how many these were."""
    return int(connection.execute(sa.delete(sessions).where(_is_of(name, how))).rowcount)


def _is_of(name: str, how: How) -> sa.ColumnElement[bool]:
    return sa.and_(sessions.c.name == name, sessions.c.how == how.value)
