"""Backups are noted, and a daemon on a restored store goes on where the store was: nothing happens twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from driftwatch.jobs.backup import back_up_store, read_last_backup, try_pruning
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.prune import prune_store
from driftwatch.jobs.retention import Retention
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.backup import restore
from driftwatch.store.database import Database, open_database
from driftwatch.store.leases import take_lease
from driftwatch.store.tables import metadata, verdicts
from tests.support.databases import create_url, drop_url
from tests.support.monitors import Bench, due, make_parts, set_up

pytestmark = pytest.mark.slow

KINDS = ["sqlite", "postgresql", "mariadb"]


def read_all(database: Database) -> dict[str, list[str]]:
    """Return every row of every table but those that change when a backup is noted."""
    return {
        table.name: database.read(
            lambda tx, table=table: sorted(repr(row) for row in tx.execute(sa.select(table)))  # type: ignore[misc]  # Called at once.
        )
        for table in metadata.sorted_tables
        if table.name != "meta"
    }


@contextmanager
def restored(bench: Bench, store_url: str, target: str, folder: Path) -> Iterator[Bench]:
    """Yield the same monitor at work on a restored backup of its store."""
    back_up_store(bench.parts, store_url, folder / "backup.db")
    url = create_url(target, folder)
    try:
        restore(folder / "backup.db", url)
        database = open_database(url)
        try:
            yield replace(bench, parts=make_parts(database, bench.clock))
        finally:
            database.close()
    finally:
        drop_url(url)


@pytest.mark.parametrize("target", KINDS)
def test_a_daemon_on_a_restored_store_judges_and_tells_nothing_again(
    database: Database, store_url: str, target: str, tmp_path: Path
) -> None:
    bench = set_up(database, retrain=RetrainPolicy(trigger="ci"))
    bench.live("..aaa")
    while deliver_due(bench.parts) or bench.tick():
        bench.tick()  # A reminder falls due once the first notice was delivered.
    before = read_all(database)

    with restored(bench, store_url, target, tmp_path) as copy:
        reads = len(copy.source.requests)
        judged = copy.tick()
        sent = deliver_due(copy.parts)
        same = read_all(copy.parts.database)

        assert (judged, sent, copy.channel.sent) == (0, 0, [])
        assert len(copy.source.requests) == reads
        assert same == before
        assert len(copy.retrains()) == len(bench.retrains()) == 1


@pytest.mark.parametrize("target", KINDS)
def test_what_comes_after_a_restored_backup_is_what_came_after_the_store(
    database: Database, store_url: str, target: str, tmp_path: Path
) -> None:
    bench = set_up(database)
    bench.live("..a")
    with restored(bench, store_url, target, tmp_path) as copy:
        for one in (bench, copy):
            one.clock.move_to(due(3))
            one.live("aa...a", first=4)

        assert copy.words() == bench.words()
        assert copy.told() == bench.told()
        assert [one.state for one in copy.incidents()] == [one.state for one in bench.incidents()]
        assert [one.first_window for one in copy.incidents()] == [
            one.first_window for one in bench.incidents()
        ]


def test_what_waited_at_the_time_of_the_backup_is_sent_with_the_same_id(
    database: Database, store_url: str, tmp_path: Path
) -> None:
    bench = set_up(database)
    bench.live("a")
    with restored(bench, store_url, "sqlite", tmp_path) as copy:
        deliver_due(bench.parts)
        deliver_due(copy.parts)

        assert [one.id for one in copy.channel.sent] == [one.id for one in bench.channel.sent] != []


def test_the_last_backup_is_remembered(database: Database, store_url: str, tmp_path: Path) -> None:
    bench = set_up(database)
    before = database.read(read_last_backup)

    back_up_store(bench.parts, store_url, tmp_path / "backup.db")

    assert before is None
    assert database.read(read_last_backup) == bench.clock.now()


def test_trying_says_what_pruning_would_do_and_does_nothing(database: Database, store_url: str) -> None:
    bench = set_up(database)
    bench.live("." * 35)
    bench.clock.advance(timedelta(days=500))
    now = bench.clock.now()
    database.write(lambda tx: take_lease(tx, "prune", "another", timedelta(hours=1), now))
    before = read_all(database)

    tried = try_pruning(bench.parts, store_url, [bench.monitor], Retention())
    after = read_all(database)
    bench.clock.advance(timedelta(hours=2))

    assert after == before
    assert not tried.is_nothing
    assert prune_store(bench.parts, [bench.monitor], Retention()) == tried
    assert (
        database.read(lambda tx: tx.execute(sa.select(sa.func.count()).select_from(verdicts)).scalar()) == 35
    )
