from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from driftwatch.access.caller import Scope
from driftwatch.errors import UsageError
from driftwatch.store.access_tables import tokens
from driftwatch.store.database import Database
from driftwatch.store.tokens import TokenRow, add_token, find_token, list_tokens, revoke_token, see_token
from tests.support.stored import NOW

DAY = timedelta(days=1)


def add(database: Database, name: str = "airflow", length: timedelta | None = None) -> tuple[TokenRow, str]:
    return database.write(
        lambda tx: add_token(
            tx,
            name=name,
            scope=Scope.OPERATE,
            created_by="ana",
            now=NOW,
            expires_at=None if length is None else NOW + length,
        )
    )


def test_a_token_is_found_by_its_text_and_the_text_is_nowhere_in_the_store(database: Database) -> None:
    row, text = add(database)

    assert database.read(lambda tx: find_token(tx, text)) == row
    assert (row.scope, row.created_by, row.last_used_at) == (Scope.OPERATE, "ana", None)
    assert text.startswith(row.hint[:-1])
    kept = database.read(lambda tx: tx.execute(sa.select(tokens)).one())
    assert text not in str(kept)
    assert text[len(row.hint) :] not in str(kept)


@pytest.mark.parametrize("text", ["", "dw_", "dw_x", "\ud800", "dw_" + "A" * 43, "' OR 1=1 --"])
def test_no_other_text_finds_it(database: Database, text: str) -> None:
    _, real = add(database)

    assert database.read(lambda tx: find_token(tx, text)) is None
    assert database.read(lambda tx: find_token(tx, real.swapcase())) is None
    assert database.read(lambda tx: find_token(tx, f"{real} ")) is None


def test_two_tokens_are_never_the_same_and_are_long(database: Database) -> None:
    texts = {add(database)[1] for _ in range(20)}

    assert len(texts) == 20
    assert {len(text) for text in texts} == {46}


def test_a_token_opens_nothing_once_it_expired_or_was_revoked(database: Database) -> None:
    short, _ = add(database, "short", DAY)
    lasting, text = add(database, "lasting")

    revoked = database.write(lambda tx: revoke_token(tx, lasting.id, "ben", NOW + DAY))

    assert (short.is_good(NOW), short.is_good(NOW + DAY)) == (True, False)
    assert (lasting.is_good(NOW + 999 * DAY), revoked.is_good(NOW)) == (True, False)
    assert (revoked.revoked_by, revoked.revoked_at) == ("ben", NOW + DAY)
    assert database.read(lambda tx: find_token(tx, text)) == revoked
    assert database.read(lambda tx: list_tokens(tx, NOW + DAY)) == []
    assert len(database.read(lambda tx: list_tokens(tx, NOW, every=True))) == 2


def test_what_cannot_be_revoked_is_said(database: Database) -> None:
    row, _ = add(database)
    database.write(lambda tx: revoke_token(tx, row.id, "ben", NOW))

    with pytest.raises(UsageError, match="was revoked already, by ben"):
        database.write(lambda tx: revoke_token(tx, row.id, "ana", NOW))
    with pytest.raises(UsageError, match="there is no token 999"):
        database.write(lambda tx: revoke_token(tx, 999, "ana", NOW))
    with pytest.raises(UsageError, match="would have expired"):
        add(database, length=timedelta(0))


def test_the_last_use_is_written_once_a_minute(database: Database) -> None:
    row, text = add(database)

    def see(seconds: int) -> timedelta:
        database.write(lambda tx: see_token(tx, row.id, NOW + timedelta(seconds=seconds)))
        found = database.read(lambda tx: find_token(tx, text))
        assert found is not None
        assert found.last_used_at is not None
        return found.last_used_at - NOW

    assert [see(seconds).seconds for seconds in (0, 59, 60, 61)] == [0, 0, 60, 60]
