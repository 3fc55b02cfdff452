from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from driftwatch.store.database import Database
from driftwatch.store.leases import Lease, holds_lease, release_lease, take_lease

NOON = datetime(2013, 2, 8, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def take(database: Database, holder: str, at: datetime) -> Lease | None:
    return database.write(lambda tx: take_lease(tx, "prune", holder, MINUTE, at))


def test_one_holder_has_it_until_it_runs_out(database: Database) -> None:
    first = take(database, "a", NOON)

    assert first == Lease(name="prune", holder="a", term=1, until=NOON + MINUTE)
    assert take(database, "b", NOON + MINUTE) is None
    after = take(database, "b", NOON + MINUTE + timedelta(seconds=1))
    assert after is not None
    assert (after.holder, after.term) == ("b", 2)


def test_the_holder_renews_it_under_the_same_term(database: Database) -> None:
    take(database, "a", NOON)

    renewed = take(database, "a", NOON + MINUTE / 2)

    assert renewed == Lease(name="prune", holder="a", term=1, until=NOON + 1.5 * MINUTE)


def test_a_holder_that_let_it_run_out_takes_it_under_another_term(database: Database) -> None:
    take(database, "a", NOON)

    late = take(database, "a", NOON + 2 * MINUTE)

    assert late is not None
    assert late.term == 2


def test_who_was_overtaken_does_not_hold_it(database: Database) -> None:
    paused = take(database, "a", NOON)
    other = take(database, "b", NOON + 2 * MINUTE)

    assert paused is not None
    assert other is not None
    assert not database.write(lambda tx: holds_lease(tx, paused))
    assert database.write(lambda tx: holds_lease(tx, other))


def test_what_is_given_back_is_free_at_once(database: Database) -> None:
    first = take(database, "a", NOON)
    assert first is not None

    def give_back(tx: sa.Connection) -> None:
        release_lease(tx, first)

    database.write(give_back)

    second = take(database, "b", NOON)
    assert second is not None
    database.write(give_back)
    assert database.write(lambda tx: holds_lease(tx, second))
