"""What the tables are made of: types that mean the same on three databases, and keys they share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)
from sqlalchemy.dialects.mysql import MEDIUMBLOB

from driftwatch.store.documents import ExactText
from driftwatch.store.times import UtcMicros

__all__ = [
    "BLOB",
    "ID",
    "NAME",
    "WORD",
    "build_claim_columns",
    "build_reference_key",
    "build_slot_key",
    "build_verdict_key",
    "define_table",
    "metadata",
    "refer_to",
]

metadata = MetaData()

# An automatic key must be INTEGER on SQLite.
ID = BigInteger().with_variant(Integer, "sqlite")
# 191 characters of four bytes fit every index of MariaDB.
NAME = String(191)
WORD = String(20)
# BLOB holds 64 KB on MariaDB, MEDIUMBLOB 16 MB.
BLOB = LargeBinary().with_variant(MEDIUMBLOB(), "mysql")


def define_table(name: str, *parts: Any, **options: Any) -> Table:
    """Return a new table of the store."""
    # The default collation of MariaDB would merge keys that differ in case only.
    return Table(
        name,
        metadata,
        *parts,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        **options,
    )


def build_slot_key() -> list[Column[Any]]:
    """Return the columns that name a window of a monitor."""
    return [
        Column("monitor_id", ID, primary_key=True, autoincrement=False),
        Column("history", Integer, primary_key=True, autoincrement=False),
        Column("window_start", UtcMicros, primary_key=True, autoincrement=False),
    ]


def build_verdict_key() -> list[Column[Any] | ForeignKeyConstraint]:
    """Return the columns that name a revision of a verdict, and the reference to it."""
    names = ["monitor_id", "history", "window_start", "revision"]
    return [
        *build_slot_key(),
        Column("revision", Integer, primary_key=True, autoincrement=False),
        ForeignKeyConstraint(names, [f"verdicts.{name}" for name in names]),
    ]


def build_claim_columns() -> list[Column[Any]]:
    """Return the columns of whatever waits, is claimed and tried again."""
    return [
        Column("state", WORD, nullable=False),
        Column("attempts", Integer, nullable=False, default=0),
        Column("token", BigInteger, nullable=False, default=0),
        Column("owner", ExactText),
        Column("claim_until", UtcMicros),
        Column("next_at", UtcMicros, nullable=False),
    ]


def build_reference_key() -> list[Column[Any]]:
    """Return the columns that name a version of a reference."""
    return [
        Column("monitor_id", ID, primary_key=True, autoincrement=False),
        Column("version", Integer, primary_key=True, autoincrement=False),
    ]


def refer_to(table: str, *names: str) -> ForeignKeyConstraint:
    """Return the constraint that `names` are in `table` too, under the same names."""
    return ForeignKeyConstraint(names, [f"{table}.{name}" for name in names])
