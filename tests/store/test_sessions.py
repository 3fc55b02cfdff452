from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from driftwatch.access.caller import Caller, How, Scope
from driftwatch.errors import UsageError
from driftwatch.store.access_tables import sessions, users
from driftwatch.store.database import Database
from driftwatch.store.sessions import (
    IDLE,
    LIFETIME,
    begin_session,
    count_sessions,
    end_session,
    end_sessions,
    find_session,
    see_session,
)
from driftwatch.store.users import add_user, find_user, hash_new, list_users, remove_user, set_password
from tests.support.stored import NOW

PASSWORD = "correct horse battery"
KEPT = hash_new(PASSWORD)
ANA = Caller(name="ana", scope=Scope.OPERATE, how=How.SESSION)
BEN = Caller(name="ben@example.com", scope=Scope.READ, how=How.OIDC)
HOUR = timedelta(hours=1)


def add_ana(database: Database, scope: Scope = Scope.OPERATE) -> None:
    database.write(lambda tx: add_user(tx, "ana", kept=KEPT, scope=scope, created_by="root", now=NOW))


def begin(database: Database, caller: Caller = BEN, *, replaces: str = "") -> str:
    return database.write(lambda tx: begin_session(tx, caller, NOW, address="10.0.0.1", replaces=replaces))


def find(database: Database, secret: str, after: timedelta = timedelta(0)) -> Caller | None:
    row = database.read(lambda tx: find_session(tx, secret, NOW + after))
    return None if row is None else row.caller


def test_a_session_is_known_by_its_secret_which_is_nowhere_in_the_store(database: Database) -> None:
    secret = begin(database)

    assert find(database, secret) == BEN
    assert find(database, f"{secret}x") is None
    assert len(secret) >= 43
    assert secret not in str(database.read(lambda tx: tx.execute(sa.select(sessions)).all()))


def test_a_session_ends_when_nobody_uses_it_and_at_the_latest_after_a_week(database: Database) -> None:
    secret, after = begin(database), timedelta(0)
    assert find(database, secret, IDLE) is None

    while find(database, secret, after) is not None:
        moment = NOW + after
        database.write(lambda tx, moment=moment: see_session(tx, secret, moment))  # type: ignore[misc]
        after += HOUR

    assert after == LIFETIME


def test_signing_in_anew_ends_the_session_before(database: Database) -> None:
    first = begin(database)
    second = begin(database, replaces=first)

    assert find(database, first) is None
    assert find(database, second) == BEN
    assert first != second


def test_every_session_of_somebody_ends_at_once_and_nobody_elses(database: Database) -> None:
    add_ana(database)
    mine = [begin(database) for _ in range(3)]
    hers = begin(database, ANA)
    namesake = begin(database, Caller(name="ana", scope=Scope.READ, how=How.OIDC))

    assert database.read(lambda tx: count_sessions(tx, BEN, NOW)) == 3
    assert database.write(lambda tx: end_sessions(tx, BEN.name, BEN.how)) == 3

    assert [find(database, secret) for secret in mine] == [None] * 3
    assert find(database, hers) == ANA
    assert find(database, namesake) is not None
    database.write(lambda tx: end_session(tx, hers))
    assert find(database, hers) is None


def test_a_local_user_has_the_scope_of_today_and_is_out_once_removed(database: Database) -> None:
    add_ana(database)
    secret = begin(database, ANA)

    database.write(lambda tx: tx.execute(sa.update(users).values(scope="read")))

    found = find(database, secret)
    assert found is not None
    assert found.scope is Scope.READ
    assert database.write(lambda tx: remove_user(tx, "ana")) == 1
    assert find(database, secret) is None
    assert database.read(list_users) == []


def test_another_password_ends_the_sessions_and_is_the_one_from_then_on(database: Database) -> None:
    add_ana(database)
    secret, other = begin(database, ANA), hash_new("another one, also long")

    assert database.write(lambda tx: set_password(tx, "ana", other, NOW + HOUR)) == 1

    assert find(database, secret) is None
    found = database.read(lambda tx: find_user(tx, "ana"))
    assert found is not None
    assert (found[1], found[0].changed_at) == (other, NOW + HOUR)


@pytest.mark.parametrize("name", ["", "a b", "ana ", "x" * 200, "\0", "a\\b", "<b>", "ana\n"])
def test_a_name_that_cannot_be_typed_is_refused_and_finds_nobody(database: Database, name: str) -> None:
    add_ana(database)

    with pytest.raises(UsageError, match="no name for a user"):
        database.write(lambda tx: add_user(tx, name, kept=KEPT, scope=Scope.READ, created_by="root", now=NOW))
    assert database.read(lambda tx: find_user(tx, name)) is None


def test_a_user_is_added_once_and_only_one_that_is_there_is_changed(database: Database) -> None:
    add_ana(database)

    with pytest.raises(UsageError, match="there is a user ana already"):
        add_ana(database)
    with pytest.raises(UsageError, match="there is no user 'ben'"):
        database.write(lambda tx: remove_user(tx, "ben"))
    with pytest.raises(UsageError, match="there is no user 'Ana'"):
        database.write(lambda tx: set_password(tx, "Ana", KEPT, NOW))


def test_sessions_that_are_over_are_cleared_away(database: Database) -> None:
    begin(database)

    later = NOW + LIFETIME
    database.write(lambda tx: begin_session(tx, BEN, later, address="10.0.0.1"))

    count = sa.select(sa.func.count()).select_from(sessions)
    assert database.read(lambda tx: tx.execute(count).scalar()) == 1
