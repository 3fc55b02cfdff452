"""A backup is whole, one moment's, and fills a store of any kind with the same rows."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from driftwatch.errors import StoreError, UsageError
from driftwatch.incidents.finding import VerdictWord
from driftwatch.store import migrations
from driftwatch.store.backup import back_up, restore
from driftwatch.store.database import Database, open_database
from driftwatch.store.incidents import IncidentDraft, save_incident
from driftwatch.store.meta import read_meta, write_meta
from driftwatch.store.monitors import MonitorRow, find_monitor
from driftwatch.store.outbox import DeliveryDraft, queue_delivery
from driftwatch.store.references import ReferenceState, save_reference
from driftwatch.store.tables import incidents, metadata
from tests.support.databases import create_url, drop_url
from tests.support.stored import NOW, build_reference, build_verdict, count_rows, record, register

pytestmark = pytest.mark.slow

KINDS = ["sqlite", "postgresql", "mariadb"]
ODD = "naïve 🛫 \\ Tür\0 \ud800"


def fill(database: Database) -> None:
    """Put rows of most kinds into the store: blobs, odd texts, doubles, JSON, booleans and nulls."""
    monitor, reference = register(database), build_reference()
    database.write(
        lambda tx: save_reference(
            tx, monitor, reference, spec={"to": None}, now=NOW, state=ReferenceState.ACTIVE
        )
    )
    for number in range(5):
        word = VerdictWord.DRIFT if number == 3 else VerdictWord.OK
        record(database, monitor, build_verdict(number, word), count_rows(dict(reference.grids), number, 300))
    draft = IncidentDraft(
        kind="drift", state="open", severity="major", document={"text": ODD, "share": 1 / 3}
    )

    def tell(tx: sa.Connection) -> None:
        number = save_incident(tx, monitor, draft)
        told = DeliveryDraft(channel="oncall", type="incident.opened", body=ODD, incident_id=number, seq=1)
        queue_delivery(tx, told, make_id=lambda: "told-1", now=NOW)
        write_meta(tx, "odd", ODD)

    database.write(tell)


def read_all(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, in one order whatever the database."""

    def read(tx: sa.Connection) -> dict[str, list[tuple[Any, ...]]]:
        return {
            table.name: sorted((tuple(row) for row in tx.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
        }

    return database.read(read)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def writing(database: Database) -> Iterator[Callable[[], int]]:
    """Write two values that are always equal, as fast as can be; yields how often that was done so far."""
    stop, count = threading.Event(), 0

    def write(tx: sa.Connection) -> None:
        for name in ("left", "right"):
            write_meta(tx, name, str(count))

    def work() -> None:
        nonlocal count
        while not stop.is_set():
            count += 1
            database.write(write)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        while count < 3:
            pass
        yield lambda: count
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database)
    return database


@pytest.mark.parametrize("target", KINDS)
def test_a_restored_store_has_the_same_rows_in_every_table(
    filled: Database, store_url: str, target: str, tmp_path: Path
) -> None:
    file, url = tmp_path / "backup.db", create_url(target, tmp_path)
    try:
        done = back_up(store_url, file)
        restored = restore(file, url)
        with opened(url) as copy:
            expected, found = read_all(filled), read_all(copy)
    finally:
        drop_url(url)

    assert found == expected
    assert restored.rows == {name: len(rows) for name, rows in expected.items()}
    assert done.revision == restored.revision == migrations.check(store_url).head
    assert done.size == file.stat().st_size


def test_a_backup_under_load_is_that_of_one_moment(filled: Database, store_url: str, tmp_path: Path) -> None:
    with writing(filled) as count:
        began = count()
        for number in range(3):
            back_up(store_url, tmp_path / f"{number}.db")
        ended = count()

    assert ended > began
    seen = []
    for number in range(3):
        with opened(f"sqlite:///{tmp_path}/{number}.db") as copy:
            left, right = (copy.read(partial(read_meta, name=name)) for name in ("left", "right"))
        assert left == right
        seen.append(int(left or 0))
    assert began <= seen[0] <= seen[1] <= seen[2] <= ended


@pytest.mark.parametrize("target", KINDS)
def test_numbers_that_were_given_once_are_not_given_again(
    filled: Database, store_url: str, target: str, tmp_path: Path
) -> None:
    monitor = register(filled)
    draft = IncidentDraft(kind="drift", state="open", severity="major", document={})
    dropped = filled.write(lambda tx: save_incident(tx, monitor, draft))
    filled.write(lambda tx: tx.execute(sa.delete(incidents).where(incidents.c.id == dropped)))
    file, url = tmp_path / "backup.db", create_url(target, tmp_path)
    try:
        back_up(store_url, file)
        restore(file, url)
        with opened(url) as copy:
            following = copy.write(lambda tx: save_incident(tx, find_row(tx), draft))
    finally:
        drop_url(url)

    assert following == dropped + 1


def find_row(tx: sa.Connection) -> MonitorRow:
    found = find_monitor(tx, "flights")
    assert found is not None
    return found


def test_a_backup_is_one_file_that_its_owner_alone_can_read(
    filled: Database, store_url: str, tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        back_up(store_url, tmp_path / "backup.db")
    finally:
        os.umask(before)

    assert [file.name for file in tmp_path.iterdir()] == ["backup.db"]
    assert stat.S_IMODE((tmp_path / "backup.db").stat().st_mode) == 0o600
    with closing(sqlite3.connect(tmp_path / "backup.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_backup_takes_no_place_of_another_file_unless_told_to(
    filled: Database, store_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    file.write_text("precious")

    with pytest.raises(UsageError, match="is there already; name another file, or replace it with --force"):
        back_up(store_url, file)
    kept = file.read_text()
    back_up(store_url, file, force=True)

    assert kept == "precious"
    with opened(f"sqlite:///{file}") as copy:
        assert read_all(copy) == read_all(filled)


def test_a_store_is_never_overwritten_by_its_own_backup(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    migrations.upgrade(url)
    (tmp_path / "link.db").symlink_to(tmp_path / "store.db")

    for name in ("store.db", "link.db"):
        with pytest.raises(UsageError, match="is the store itself"):
            back_up(url, tmp_path / name, force=True)


def test_a_folder_that_is_missing_is_named(store_url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no folder .*/nowhere; make it first"):
        back_up(store_url, tmp_path / "nowhere" / "backup.db")


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_without_tables_is_nothing_to_back_up(kind: str, tmp_path: Path) -> None:
    url = create_url(kind, tmp_path)
    try:
        with pytest.raises(StoreError, match=r"no tables yet|there is no store at"):
            back_up(url, tmp_path / "backup.db")
    finally:
        drop_url(url)


def test_a_damaged_store_leaves_no_backup(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    migrations.upgrade(url)
    with opened(url) as database:
        fill(database)
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray((tmp_path / "store.db").read_bytes())
    for page in range(20, len(content) // 4096, 3):
        content[4096 * page : 4096 * page + 200] = b"\xff" * 200
    (tmp_path / "store.db").write_bytes(content)

    with pytest.raises(StoreError, match="damaged"):
        back_up(url, tmp_path / "backup.db")

    assert {file.name for file in tmp_path.iterdir()} <= {"store.db", "store.db-wal", "store.db-shm"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_of_an_earlier_revision_can_be_backed_up_and_is_restored_up_to_date(
    kind: str, tmp_path: Path
) -> None:
    url, target = create_url(kind, tmp_path), create_url(kind, tmp_path)
    try:
        migrations.upgrade(url)
        with opened(url) as database:
            fill(database)
            expected = read_all(database)
        migrations.downgrade(url, "0003")
        done = back_up(url, tmp_path / "backup.db")
        migrations.upgrade(target)
        restored = restore(tmp_path / "backup.db", target)
        with opened(target) as copy:
            found = read_all(copy)
    finally:
        drop_url(url)
        drop_url(target)

    assert (done.revision, restored.revision) == ("0003", migrations.check(f"sqlite:///{tmp_path}/no").head)
    assert found == expected


def test_a_store_with_rows_is_not_restored_into(filled: Database, store_url: str, tmp_path: Path) -> None:
    back_up(store_url, tmp_path / "backup.db")
    before = read_all(filled)

    with pytest.raises(UsageError, match="has rows already"):
        restore(tmp_path / "backup.db", store_url)

    assert read_all(filled) == before


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database" * 1000)
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE t (a)")
    (tmp_path / "empty.db").touch()
    target = f"sqlite:///{tmp_path}/target.db"

    with pytest.raises(UsageError, match="there is no file"):
        restore(tmp_path / "missing.db", target)
    for name, said in (
        ("text", "cannot be used"),
        ("other", "belongs to another"),
        ("empty", "holds no store"),
    ):
        with pytest.raises(StoreError, match=said):
            restore(tmp_path / f"{name}.db", target)


def test_a_damaged_backup_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/store.db", tmp_path / "backup.db"
    migrations.upgrade(url)
    with opened(url) as database:
        fill(database)
    back_up(url, file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM monitors")

    with pytest.raises(StoreError, match="refer to nothing"):
        restore(file, f"sqlite:///{tmp_path}/target.db")

    assert not (tmp_path / "target.db").exists()
