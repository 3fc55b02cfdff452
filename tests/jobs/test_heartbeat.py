from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.jobs.heartbeat import beat, is_daemon_alive, stop_beating
from driftwatch.store.database import Database
from tests.support.monitors import due

NOW = due(1)
SECOND = timedelta(seconds=1)


def test_without_a_beat_no_daemon_runs(store: Database) -> None:
    assert not is_daemon_alive(store, NOW)


@pytest.mark.parametrize(("after", "alive"), [(0, True), (29, True), (30, False), (3600, False)])
def test_a_daemon_is_alive_for_thirty_seconds_after_its_last_beat(
    store: Database, after: int, alive: bool
) -> None:
    beat(store, NOW - 100 * SECOND)
    beat(store, NOW)

    assert is_daemon_alive(store, NOW + after * SECOND) is alive


def test_a_daemon_that_ended_on_purpose_is_not_alive(database: Database) -> None:
    beat(database, NOW)

    stop_beating(database)

    assert not is_daemon_alive(database, NOW)


def test_a_daemon_can_start_again(store: Database) -> None:
    beat(store, NOW)
    stop_beating(store)

    beat(store, NOW + SECOND)

    assert is_daemon_alive(store, NOW + SECOND)
