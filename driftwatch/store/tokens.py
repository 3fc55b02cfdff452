"""API tokens as the store keeps them: what they may do, who made them, and never the token itself."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from driftwatch.access.act import clean_name
from driftwatch.access.caller import Scope
from driftwatch.access.keys import KEY_BYTES, build_token, digest_key, show_hint
from driftwatch.errors import UsageError
from driftwatch.store.access_tables import tokens

__all__ = ["SEEN_EVERY", "TokenRow", "add_token", "find_token", "list_tokens", "revoke_token", "see_token"]

SEEN_EVERY: Final = timedelta(minutes=1)
"""How often it is written down that a token, or a session, is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token: its number, what it is for and what it may do; `hint` is how it begins."""

    id: int
    name: str
    hint: str
    scope: Scope
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None

    def is_good(self, now: datetime) -> bool:
        """Return whether it opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def add_token(
    connection: sa.Connection,
    *,
    name: str,
    scope: Scope,
    created_by: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[TokenRow, str]:
    """Keep a new token; return it, and its text, which nobody can find out later.

    Raises UsageError where it would have expired already.
    """
    if expires_at is not None and expires_at <= now:
        raise UsageError("the token would have expired before it was made; say --for 90d, for example")
    text = build_token(secrets.token_bytes(KEY_BYTES))
    row = {
        "name": name,
        "digest": digest_key(text),
        "hint": show_hint(text),
        "scope": scope.value,
        "created_by": clean_name(created_by),
        "created_at": now,
        "expires_at": expires_at,
    }
    inserted = connection.execute(sa.insert(tokens).values(row))
    return _need(connection, int(inserted.inserted_primary_key[0])), text  # type: ignore[index]  # One row was inserted.


def find_token(connection: sa.Connection, text: str) -> TokenRow | None:
    """Return the token with this text, expired and revoked ones too; None where there is none."""
    digest = digest_key(text)
    row = connection.execute(sa.select(tokens).where(tokens.c.digest == digest)).one_or_none()
    if row is None or not hmac.compare_digest(row.digest, digest):
        return None
    return _build(row)


def see_token(connection: sa.Connection, number: int, now: datetime) -> None:
    """Write down that a token is used; somebody else may have done so within the last minute."""
    is_old = sa.or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at <= now - SEEN_EVERY)
    connection.execute(sa.update(tokens).where(tokens.c.id == number, is_old).values(last_used_at=now))


def list_tokens(connection: sa.Connection, now: datetime, *, every: bool = False) -> list[TokenRow]:
    """Return the tokens that open something at `now`, or every one; oldest first."""
    rows = [_build(row) for row in connection.execute(sa.select(tokens).order_by(tokens.c.id))]
    return [row for row in rows if every or row.is_good(now)]


def revoke_token(connection: sa.Connection, number: int, who: str, now: datetime) -> TokenRow:
    """Have a token open nothing from now on and return it.

    Raises UsageError where there is none, or it was revoked before.
    """
    is_meant = sa.and_(tokens.c.id == number, tokens.c.revoked_at.is_(None))
    changed = connection.execute(
        sa.update(tokens).where(is_meant).values(revoked_at=now, revoked_by=clean_name(who))
    )
    row = _need(connection, number)
    if changed.rowcount != 1:
        raise UsageError(f"token {number} was revoked already, by {row.revoked_by}")
    return row


def _need(connection: sa.Connection, number: int) -> TokenRow:
    row = connection.execute(sa.select(tokens).where(tokens.c.id == number)).one_or_none()
    if row is None:
        raise UsageError(f"there is no token {number}; `driftwatch token list --all` shows them")
    return _build(row)


def _build(row: sa.Row[Any]) -> TokenRow:
    return TokenRow(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scope=Scope(row.scope),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
    )
