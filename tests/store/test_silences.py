from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from driftwatch.errors import UsageError
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.store.database import Database
from driftwatch.store.silences import (
    add_silence,
    await_silences,
    count_hidden,
    expire_silence,
    list_holding,
    list_silences,
)
from tests.support.stored import NOW

HOUR = timedelta(hours=1)
SILENCE = Silence(
    matchers=Matchers(monitor="fl*", column="naïve 🛫"),
    starts_at=NOW,
    ends_at=NOW + HOUR,
    author="ana",
    reason="ein neuer Flughafen 🛫",
    created_at=NOW,
)


def add(database: Database, silence: Silence = SILENCE) -> Silence:
    return database.write(lambda tx: add_silence(tx, silence))


def hold(database: Database, at: datetime) -> list[Silence]:
    return database.read(lambda tx: list_holding(tx, at))


def expire(database: Database, silence: Silence, at: datetime) -> Silence:
    return database.write(lambda tx: expire_silence(tx, silence.id or 0, "bob", at))


def test_a_silence_is_kept_as_it_was_made(database: Database) -> None:
    kept = add(database)

    assert kept.id is not None
    assert kept == replace(SILENCE, id=kept.id)
    assert database.read(lambda tx: list_silences(tx, NOW)) == [kept]
    assert database.read(count_hidden)[kept.id or 0] == 0


def test_those_that_hold_are_not_those_to_come_nor_those_that_are_over(database: Database) -> None:
    now_on = add(database)
    later = add(database, replace(SILENCE, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR))

    held = [hold(database, at) for at in (NOW, NOW + HOUR, NOW + 2 * HOUR)]

    assert held == [[now_on], [later], []]
    assert database.read(lambda tx: list_silences(tx, NOW + HOUR)) == [later]
    assert database.read(lambda tx: list_silences(tx, NOW + 9 * HOUR, every=True)) == [now_on, later]


def test_a_silence_can_be_ended_early_and_one_to_come_before_it_begins(database: Database) -> None:
    now_on = add(database)
    later = add(database, replace(SILENCE, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR))
    at = NOW + HOUR / 2

    ended = [expire(database, one, at) for one in (now_on, later)]

    assert [one.ends_at for one in ended] == [at, NOW + HOUR]
    assert [one.expired_by for one in ended] == ["bob", "bob"]
    assert (hold(database, at), hold(database, NOW + HOUR)) == ([], [])


def test_what_is_over_or_not_there_cannot_be_ended(database: Database) -> None:
    kept = add(database)

    with pytest.raises(UsageError, match="is over already"):
        database.write(lambda tx: expire_silence(tx, kept.id or 0, "bob", NOW + HOUR))
    with pytest.raises(UsageError, match="there is no silence 999"):
        database.write(lambda tx: expire_silence(tx, 999, "bob", NOW))


def test_one_that_may_not_be_kept_is_refused(database: Database) -> None:
    with pytest.raises(UsageError, match="at most 30 days"):
        add(database, replace(SILENCE, ends_at=NOW + timedelta(days=31)))


def test_whoever_adds_a_silence_waits_for_the_claim_that_has_looked_at_them(database: Database) -> None:
    add(database)
    looked, added, order = threading.Event(), threading.Event(), []

    def claim() -> None:
        def work(tx: object) -> None:
            await_silences(tx)  # type: ignore[arg-type]  # The connection.
            looked.set()
            # The other one has the time to commit first, if nothing keeps it.
            added.wait(timeout=0.5)
            order.append("claimed")

        database.write(work)

    claimer = threading.Thread(target=claim)
    claimer.start()
    assert looked.wait(timeout=10)

    add(database, replace(SILENCE, reason="second"))
    order.append("added")
    added.set()
    claimer.join()

    assert order == ["claimed", "added"]
