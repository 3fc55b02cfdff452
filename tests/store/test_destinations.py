from __future__ import annotations

from datetime import datetime, timedelta

from driftwatch.store.database import Database
from driftwatch.store.destinations import (
    PROBE_EVERY,
    REFUSALS,
    Destination,
    enable_destination,
    find_destination,
    forgive_refusals,
    list_destinations,
    note_refusal,
    postpone_probe,
)
from tests.support.stored import NOW

MINUTE = timedelta(minutes=1)


def refuse(database: Database, *, at: datetime = NOW, at_once: bool = False, settings: str = "s") -> bool:
    return database.write(
        lambda tx: note_refusal(tx, "hook", settings=settings, reason="http_401: no", now=at, at_once=at_once)
    )


def find(database: Database) -> Destination | None:
    return database.read(lambda tx: find_destination(tx, "hook"))


def test_the_third_refusal_in_a_row_disables(database: Database) -> None:
    answers = [refuse(database, at=NOW + turn * MINUTE) for turn in range(3)]

    found = find(database)
    assert (answers, REFUSALS) == ([False, False, True], 3)
    assert found is not None
    assert (found.disabled_at, found.reason) == (NOW + 2 * MINUTE, "http_401: no")
    assert found.next_at == NOW + 2 * MINUTE + PROBE_EVERY
    assert database.read(list_destinations) == [found]


def test_one_that_is_gone_is_disabled_at_once(database: Database) -> None:
    assert refuse(database, at_once=True) is True


def test_refusals_that_are_not_in_a_row_are_forgiven(database: Database) -> None:
    for _ in range(2):
        refuse(database)
    database.write(lambda tx: forgive_refusals(tx, "hook"))

    assert [refuse(database) for _ in range(3)] == [False, False, True]


def test_a_disabled_one_is_not_forgiven_and_waits_for_an_hour_after_each_attempt(database: Database) -> None:
    refuse(database, at_once=True)
    database.write(lambda tx: forgive_refusals(tx, "hook"))

    again = refuse(database, at=NOW + PROBE_EVERY)

    found = find(database)
    assert found is not None
    assert (again, found.disabled_at, found.next_at) == (False, NOW, NOW + 2 * PROBE_EVERY)


def test_an_attempt_at_it_lets_others_wait(database: Database) -> None:
    refuse(database, at_once=True)

    database.write(lambda tx: postpone_probe(tx, "hook", NOW + PROBE_EVERY))

    found = find(database)
    assert found is not None
    assert found.next_at == NOW + 2 * PROBE_EVERY


def test_enabling_forgets_everything_and_says_whether_it_was_disabled(database: Database) -> None:
    assert database.write(lambda tx: enable_destination(tx, "hook")) is False
    refuse(database)
    assert database.write(lambda tx: enable_destination(tx, "hook")) is False
    refuse(database, at_once=True)

    assert database.write(lambda tx: enable_destination(tx, "hook")) is True
    assert find(database) is None
    assert database.read(list_destinations) == []
