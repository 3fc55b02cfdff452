from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from driftwatch.store.clock import measure_offset, read_time
from driftwatch.store.database import Database

SECOND = timedelta(seconds=1)


def now() -> datetime:
    return datetime.now(UTC)


def test_the_store_tells_the_time_in_utc(database: Database) -> None:
    found = database.read(read_time)

    assert found.tzinfo is UTC
    assert abs(found - now()) < 5 * SECOND


def test_time_goes_on_within_a_transaction(database: Database) -> None:
    def read_twice(tx: sa.Connection) -> tuple[datetime, datetime]:
        first = read_time(tx)
        while read_time(tx) == first:
            pass
        return first, read_time(tx)

    first, second = database.write(read_twice)
    assert first < second


def test_the_zone_of_the_session_changes_nothing(database: Database) -> None:
    zones = {"postgresql": "SET LOCAL TIME ZONE 'Asia/Tokyo'", "mysql": "SET time_zone = '+09:00'"}

    def read(tx: sa.Connection) -> datetime:
        if database.dialect in zones:
            tx.exec_driver_sql(zones[database.dialect])
        return read_time(tx)

    found = database.write(read)
    if database.dialect == "mysql":
        database.write(lambda tx: tx.exec_driver_sql("SET time_zone = 'SYSTEM'"))
    assert abs(found - now()) < 5 * SECOND


def test_how_far_the_store_is_ahead_is_measured(database: Database) -> None:
    offset = measure_offset(database, lambda: now() - 90 * SECOND)

    assert 85 * SECOND < offset < 95 * SECOND
    assert abs(measure_offset(database, now)) < 5 * SECOND
