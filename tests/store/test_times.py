from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from driftwatch.errors import StoreError
from driftwatch.store.database import Database
from driftwatch.store.tables import configs


def _keep(database: Database, moment: datetime) -> datetime:
    row = {"fingerprint": "x", "first_applied_at": moment, "summary": {}}
    database.write(lambda connection: connection.execute(sa.insert(configs).values(row)))
    kept = database.read(lambda connection: connection.execute(sa.select(configs)).one()).first_applied_at
    assert isinstance(kept, datetime)
    return kept


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2013, 2, 8, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1899, 12, 31, 0, 0, 0, 1, tzinfo=UTC),
        datetime(2200, 1, 1, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_to_the_microsecond(database: Database, moment: datetime) -> None:
    assert _keep(database, moment) == moment


def test_a_moment_in_another_zone_comes_back_in_utc(database: Database) -> None:
    moment = datetime(2013, 2, 8, 3, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    kept = _keep(database, moment)

    assert (kept, kept.tzinfo) == (moment, UTC)


def test_a_naive_moment_is_refused(database: Database) -> None:
    with pytest.raises((ValueError, StoreError, sa.exc.StatementError), match="no time zone"):
        _keep(database, datetime(2013, 2, 8))
