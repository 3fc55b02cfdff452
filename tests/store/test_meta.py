from __future__ import annotations

from driftwatch.store.database import Database
from driftwatch.store.meta import forget_meta, keep_meta, read_meta, swap_meta, write_meta


def test_what_is_kept_first_stays(database: Database) -> None:
    database.write(lambda tx: keep_meta(tx, "a", "1"))
    database.write(lambda tx: keep_meta(tx, "a", "2"))

    assert database.read(lambda tx: read_meta(tx, "a")) == "1"


def test_only_what_is_still_there_is_exchanged(database: Database) -> None:
    database.write(lambda tx: write_meta(tx, "a", "1"))

    first = database.write(lambda tx: swap_meta(tx, "a", "1", "2"))
    second = database.write(lambda tx: swap_meta(tx, "a", "1", "3"))

    assert (first, second) == (True, False)
    assert database.read(lambda tx: read_meta(tx, "a")) == "2"


def test_what_was_never_kept_is_not_exchanged(database: Database) -> None:
    assert not database.write(lambda tx: swap_meta(tx, "a", "1", "2"))
    assert database.read(lambda tx: read_meta(tx, "a")) is None


def test_texts_that_differ_in_case_alone_are_others(database: Database) -> None:
    database.write(lambda tx: write_meta(tx, "a", "One"))

    assert not database.write(lambda tx: swap_meta(tx, "a", "one", "2"))


def test_what_is_forgotten_is_gone_and_nothing_else(database: Database) -> None:
    database.write(lambda tx: write_meta(tx, "a", "1"))
    database.write(lambda tx: write_meta(tx, "b", "2"))

    database.write(lambda tx: forget_meta(tx, "a"))

    assert database.read(lambda tx: (read_meta(tx, "a"), read_meta(tx, "b"))) == (None, "2")
