"""The store's clock, by which claims and leases are measured: replicas need not agree on theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from driftwatch.store.database import Database

__all__ = ["measure_offset", "read_time"]

# Each is the time of the statement, not of the transaction, in UTC whatever the session's zone is.
_QUERIES = {
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
    "postgresql": "SELECT clock_timestamp() AT TIME ZONE 'UTC'",
    "mysql": "SELECT UTC_TIMESTAMP(6)",
}


def read_time(connection: sa.Connection) -> datetime:
    """Return the present time by the clock of the database, to the millisecond at least."""
    found = connection.exec_driver_sql(_QUERIES[connection.dialect.name]).scalar_one()
    naive = datetime.fromisoformat(found) if isinstance(found, str) else found
    return naive.replace(tzinfo=UTC)


def measure_offset(database: Database, now: Callable[[], datetime]) -> timedelta:
    """Return by how much the store's clock is ahead of `now`, to half of what asking it takes."""

    def ask(connection: sa.Connection) -> timedelta:
        # Connecting is not part of the question.
        read_time(connection)
        before = now()
        found = read_time(connection)
        return found - (before + (now() - before) / 2)

    return database.read(ask)
