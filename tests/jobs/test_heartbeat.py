from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.jobs.heartbeat import Beat, beat, is_daemon_alive, list_beats, read_beat, stop_beating
from driftwatch.store.database import Database
from driftwatch.store.meta import list_meta, write_meta
from tests.support.monitors import due

NOW = due(1)
SECOND = timedelta(seconds=1)
SIGN = Beat(at=NOW, owner="a")


def test_without_a_beat_no_daemon_runs(store: Database) -> None:
    assert store.read(read_beat) is None
    assert not is_daemon_alive(store, NOW)


@pytest.mark.parametrize(("after", "alive"), [(0, True), (29, True), (30, False), (3600, False)])
def test_a_daemon_is_alive_for_thirty_seconds_after_its_last_beat(
    store: Database, after: int, alive: bool
) -> None:
    beat(store, Beat(at=NOW - 100 * SECOND, owner="a"))
    beat(store, SIGN)

    assert is_daemon_alive(store, NOW + after * SECOND) is alive


def test_a_beat_says_how_the_daemon_is(database: Database) -> None:
    signs = [SIGN, Beat(at=NOW, owner="b", config="c", offset=-2 * SECOND, jump=timedelta(days=1))]
    for sign in signs:
        beat(database, sign)
        assert database.read(read_beat) == sign


def test_a_daemon_that_ended_on_purpose_is_not_alive(database: Database) -> None:
    beat(database, SIGN)

    stop_beating(database, "a")

    assert not is_daemon_alive(database, NOW)


def test_the_end_of_one_daemon_is_not_that_of_another(store: Database) -> None:
    beat(store, SIGN)

    stop_beating(store, "b")

    assert is_daemon_alive(store, NOW)


def test_a_daemon_can_start_again(store: Database) -> None:
    beat(store, SIGN)
    stop_beating(store, "a")

    beat(store, Beat(at=NOW + SECOND, owner="a"))

    assert is_daemon_alive(store, NOW + SECOND)


def test_what_an_earlier_version_kept_is_no_sign_of_life(store: Database) -> None:
    store.write(lambda tx: write_meta(tx, "daemon_seen_at", "2013-02-02T00:00:00Z"))

    assert not is_daemon_alive(store, NOW)


def test_every_daemon_that_shows_life_is_listed_and_the_others_are_forgotten(database: Database) -> None:
    beat(database, Beat(at=NOW - timedelta(days=2), owner="old"))
    beat(database, Beat(at=NOW - 40 * SECOND, owner="silent"))
    beat(database, Beat(at=NOW - 5 * SECOND, owner="b"))
    beat(database, SIGN)

    assert [one.owner for one in database.read(lambda tx: list_beats(tx, NOW))] == ["a", "b"]
    assert "daemon:old" not in database.read(lambda tx: list_meta(tx, ""))
    stop_beating(database, "b")
    assert [one.owner for one in database.read(lambda tx: list_beats(tx, NOW))] == ["a"]
