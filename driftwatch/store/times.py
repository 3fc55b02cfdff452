"""How moments are kept: whole microseconds since 1970-01-01 UTC.

*Why not the databases' own types:* SQLite drops a time zone without converting, MariaDB's DATETIME drops
fractions of a second.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

from driftwatch.profiles.window import to_micros

__all__ = ["UtcMicros", "from_micros"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_micros(micros: int) -> datetime:
    """Return the moment `micros` microseconds after 1970-01-01 UTC.

    >>> from_micros(1_000_000)
    datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.timezone.utc)
    """
    return _EPOCH + timedelta(microseconds=micros)


class UtcMicros(TypeDecorator[datetime]):
    """An aware moment, kept as BIGINT; a naive one raises ValueError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the signature is SQLAlchemy's.
        """Return the number to be stored."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's.
        """Return the moment that was stored, in UTC."""
        return None if value is None else from_micros(value)
