"""The tables of who may do what, and of who did."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, UniqueConstraint

from driftwatch.store.documents import ExactText, JsonText
from driftwatch.store.schema import ID, NAME, WORD, define_table
from driftwatch.store.times import UtcMicros

__all__ = ["audit", "sessions", "tokens", "users"]

_DIGEST = String(64)

tokens = define_table(
    "tokens",
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("digest", _DIGEST, nullable=False),
    Column("hint", WORD, nullable=False),
    Column("scope", WORD, nullable=False),
    Column("created_by", NAME, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros),
    Column("last_used_at", UtcMicros),
    Column("revoked_at", UtcMicros),
    Column("revoked_by", NAME),
    UniqueConstraint("digest", name="uq_tokens_digest"),
    # People hold on to these numbers: one is never given twice.
    sqlite_autoincrement=True,
)

users = define_table(
    "users",
    Column("name", NAME, primary_key=True),
    Column("password", ExactText, nullable=False),
    Column("scope", WORD, nullable=False),
    Column("created_by", NAME, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("changed_at", UtcMicros, nullable=False),
)

sessions = define_table(
    "sessions",
    Column("digest", _DIGEST, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("how", WORD, nullable=False),
    Column("scope", WORD, nullable=False),
    Column("address", NAME, nullable=False),
    Column("began_at", UtcMicros, nullable=False),
    Column("seen_at", UtcMicros, nullable=False),
    Column("ends_at", UtcMicros, nullable=False),
    Index("ix_sessions_name", "name", "how"),
)

# Nothing in this table is ever changed or deleted.
audit = define_table(
    "audit",
    Column("id", ID, primary_key=True),
    Column("at", UtcMicros, nullable=False),
    Column("actor", NAME, nullable=False),
    Column("how", WORD, nullable=False),
    Column("address", NAME, nullable=False),
    Column("action", NAME, nullable=False),
    Column("subject", ExactText, nullable=False),
    Column("details", JsonText, nullable=False),
    Index("ix_audit_actor", "actor", "id"),
    Index("ix_audit_action", "action", "id"),
    sqlite_autoincrement=True,
)
