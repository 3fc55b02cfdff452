from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from driftwatch.errors import StoreError
from driftwatch.store import migrations
from driftwatch.store.database import Database, open_database
from driftwatch.store.meta import read_meta, write_meta


def _write(name: str, value: str) -> Callable[[sa.Connection], None]:
    return lambda connection: write_meta(connection, name, value)


def _read(database: Database, name: str) -> str | None:
    return database.read(lambda connection: read_meta(connection, name))


def test_a_unit_of_work_is_kept_whole(database: Database) -> None:
    def work(connection: sa.Connection) -> str:
        write_meta(connection, "a", "1")
        write_meta(connection, "b", "2")
        return "returned"

    assert database.write(work) == "returned"
    assert (_read(database, "a"), _read(database, "b")) == ("1", "2")


def test_a_unit_of_work_that_fails_leaves_nothing_behind(database: Database) -> None:
    runs = []

    def work(connection: sa.Connection) -> None:
        runs.append(1)
        write_meta(connection, "a", "1")
        raise LookupError("of the caller")

    with pytest.raises(LookupError, match="of the caller"):
        database.write(work)

    assert _read(database, "a") is None
    assert len(runs) == 1


def test_an_error_of_the_database_is_a_store_error_and_rolls_back(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        write_meta(connection, "a", "1")
        connection.execute(sa.text("INSERT INTO meta (name, value) VALUES ('x', '1'), ('x', '2')"))

    with pytest.raises(StoreError, match=r"(?i)unique|duplicate"):
        database.write(work)

    assert _read(database, "a") is None


def test_a_missing_table_is_told_with_the_way_to_mend_it(database: Database) -> None:
    with pytest.raises(StoreError, match=r"nowhere.*run `driftwatch db upgrade`"):
        database.read(lambda connection: connection.execute(sa.text("SELECT * FROM nowhere")))


def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError, match=r"(?i)read.?only"):
        database.read(_write("a", "1"))

    assert _read(database, "a") is None


_CONFLICTS = {
    "postgresql": [
        f"DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '{code}'; END $$"
        for code in ("40001", "40P01", "55P03")
    ],
    "mysql": [
        f"SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'conflict'"
        for code in (1213, 1205)
    ],
}


def _open_with_pauses(url: str) -> tuple[Database, list[float]]:
    pauses: list[float] = []
    return open_database(url, sleep=pauses.append), pauses


@pytest.mark.parametrize("store_url", ["postgresql", "mariadb"], indirect=True)
def test_work_that_met_a_conflict_runs_again_as_a_whole(store_url: str) -> None:
    database, pauses = _open_with_pauses(store_url)
    conflicts = _CONFLICTS[database.dialect]
    left = list(conflicts)

    def work(connection: sa.Connection) -> str | None:
        before = read_meta(connection, "tries")
        write_meta(connection, "tries", "1")
        if left:
            connection.exec_driver_sql(left.pop())
        return before

    before = database.write(work)

    database.write(lambda connection: connection.execute(sa.text("DELETE FROM meta")))
    database.close()
    assert before is None
    assert len(pauses) == len(conflicts)


@pytest.mark.parametrize("store_url", ["postgresql", "mariadb"], indirect=True)
def test_conflicts_without_end_are_given_up_after_growing_pauses(store_url: str) -> None:
    database, pauses = _open_with_pauses(store_url)
    conflicts = _CONFLICTS[database.dialect]

    with pytest.raises(StoreError, match="conflict"):
        database.write(lambda connection: connection.exec_driver_sql(conflicts[0]))

    database.close()
    assert len(pauses) == 7
    assert all(0 < pause <= 2 for pause in pauses)
    assert pauses[-1] > pauses[0]


@pytest.mark.parametrize("store_url", ["postgresql", "mariadb"], indirect=True)
def test_a_connection_lost_while_working_is_replaced_and_the_work_runs_again(store_url: str) -> None:
    database, pauses = _open_with_pauses(store_url)
    is_postgres = database.dialect == "postgresql"
    question = "SELECT pg_backend_pid()" if is_postgres else "SELECT CONNECTION_ID()"
    command = "SELECT pg_terminate_backend({})" if is_postgres else "KILL {}"
    killed: list[int] = []

    def work(connection: sa.Connection) -> None:
        write_meta(connection, "a", "1")
        if not killed:
            killed.append(connection.exec_driver_sql(question).scalar_one())
            database.read(lambda other: other.exec_driver_sql(command.format(killed[0])))
            connection.exec_driver_sql("SELECT 1")

    database.write(work)

    kept = _read(database, "a")
    database.write(lambda connection: connection.execute(sa.text("DELETE FROM meta")))
    database.close()
    assert kept == "1"
    assert len(pauses) == 1


@pytest.mark.parametrize("store_url", ["postgresql", "mariadb"], indirect=True)
def test_connections_that_broke_while_nobody_used_them_are_replaced_without_a_word(store_url: str) -> None:
    database, pauses = _open_with_pauses(store_url)
    is_postgres = database.dialect == "postgresql"
    question = "SELECT pg_backend_pid()" if is_postgres else "SELECT CONNECTION_ID()"
    command = "SELECT pg_terminate_backend({})" if is_postgres else "KILL {}"

    def ask(connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql(question).scalar_one())

    idle = [database.read(ask), database.write(ask)]
    killer, _ = _open_with_pauses(store_url)
    for number in idle:
        killer.read(lambda tx, number=number: tx.exec_driver_sql(command.format(number)).close())  # type: ignore[misc]

    after = [database.read(ask), database.write(ask)]

    killer.close()
    database.close()
    assert not {*idle} & {*after}
    assert len(pauses) <= 1


def test_increments_by_threads_are_not_lost(database: Database) -> None:
    database.write(_write("n", "0"))

    def increment(connection: sa.Connection) -> None:
        # On servers the row must be locked; SQLite holds its lock from the start.
        query = sa.text(
            "SELECT value FROM meta WHERE name = 'n'"
            + (" FOR UPDATE" if database.dialect != "sqlite" else "")
        )
        write_meta(connection, "n", str(int(connection.execute(query).scalar_one()) + 1))

    def work() -> None:
        for _ in range(25):
            database.write(increment)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert _read(database, "n") == "200"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/store.db"
    migrations.upgrade(url)
    return url


def test_increments_over_two_connections_to_one_sqlite_file_are_not_lost(sqlite_url: str) -> None:
    programs = [open_database(sqlite_url) for _ in range(2)]
    programs[0].write(_write("n", "0"))

    def increment(connection: sa.Connection) -> None:
        write_meta(connection, "n", str(int(read_meta(connection, "n") or "0") + 1))

    def work(program: Database) -> None:
        for _ in range(50):
            program.write(increment)

    threads = [threading.Thread(target=work, args=(program,)) for program in programs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert _read(programs[0], "n") == "200"
    for program in programs:
        program.close()


def test_a_locked_sqlite_file_is_waited_for(sqlite_url: str) -> None:
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    pauses: list[float] = []

    def release(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            holder.execute("ROLLBACK")

    with closing(holder):
        database = open_database(sqlite_url, sleep=release)
        # The driver's own patience of 10 s would only make the test slow.
        database.write(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 0"))
        holder.execute("BEGIN IMMEDIATE")
        database.write(_write("a", "1"))

        assert _read(database, "a") == "1"
        assert len(pauses) == 3
        database.close()


def test_a_sqlite_file_locked_for_good_is_told(sqlite_url: str) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as holder:
        database = open_database(sqlite_url, sleep=lambda _: None)
        database.write(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 0"))
        holder.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreError, match=r"database is locked; another program holds the file"):
            database.write(_write("a", "1"))

        assert _read(database, "a") is None
        holder.execute("ROLLBACK")
        database.write(_write("a", "2"))
        assert _read(database, "a") == "2"
        database.close()


def test_readers_do_not_hold_up_a_writer(sqlite_url: str) -> None:
    database = open_database(sqlite_url)

    def read_and_write(connection: sa.Connection) -> str | None:
        read_meta(connection, "a")
        database.write(_write("a", "1"))
        return read_meta(connection, "a")

    seen = database.read(read_and_write)

    assert seen is None
    assert _read(database, "a") == "1"
    database.close()


def test_a_full_disk_is_an_error_that_leaves_the_store_usable(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    pages = database.read(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar())
    database.write(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))

    with pytest.raises(StoreError, match="full"):
        database.write(_write("big", "x" * 1_000_000))
    database.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1000000"))
    database.write(_write("big", "y"))

    assert _read(database, "big") == "y"
    database.close()


def test_a_store_that_is_not_there_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no store at .*store\.db"):
        open_database(f"sqlite:///{tmp_path}/store.db")

    assert list(tmp_path.iterdir()) == []


def test_the_repr_of_a_database_has_its_place_only(database: Database) -> None:
    assert database.place in repr(database)
    assert "@" not in repr(database)
    assert database.dialect in {"sqlite", "postgresql", "mysql"}


def test_a_store_of_a_newer_schema_can_be_used(sqlite_url: str) -> None:
    engine = open_database(sqlite_url)
    engine.write(
        lambda connection: connection.execute(sa.text("UPDATE driftwatch_version SET version_num = '9999'"))
    )
    engine.close()

    opened = open_database(sqlite_url)

    assert _read(opened, "a") is None
    opened.close()


SERVERS = pytest.mark.parametrize("store_url", ["postgresql", "mariadb"], indirect=True)


def cut_off(database: Database, connection: sa.Connection, *, commits: bool) -> None:
    """Let the connection be lost during its commit, before or after the commit took place."""
    is_postgres = database.dialect == "postgresql"
    question = "SELECT pg_backend_pid()" if is_postgres else "SELECT CONNECTION_ID()"
    command = "SELECT pg_terminate_backend({})" if is_postgres else "KILL {}"
    number = connection.exec_driver_sql(question).scalar_one()
    lost: list[int] = []

    def kill(of: sa.Connection) -> None:
        if lost:
            return
        lost.append(number)
        if commits:
            of.exec_driver_sql("COMMIT")
            of.exec_driver_sql("BEGIN")
        database.read(lambda other: other.exec_driver_sql(command.format(number)).close())
        # What is sent now meets a closed connection; the driver notices at the latest with the commit.
        if not is_postgres:
            of.exec_driver_sql("SELECT 1")

    sa.event.listen(connection, "commit", kill)


@SERVERS
@pytest.mark.parametrize("commits", [False, True])
def test_a_commit_that_was_cut_off_is_found_out_about(store_url: str, commits: bool) -> None:
    database, _ = _open_with_pauses(store_url)
    runs: list[str] = []
    asked: list[str] = []

    def work(connection: sa.Connection) -> str:
        runs.append("run")
        write_meta(connection, "cut", str(len(runs)))
        if len(runs) == 1:
            cut_off(database, connection, commits=commits)
        return f"result {len(runs)}"

    def settle(connection: sa.Connection, result: str) -> bool:
        asked.append(result)
        return read_meta(connection, "cut") is not None

    returned = database.write(work, settle=settle)

    kept = _read(database, "cut")
    database.write(lambda connection: connection.execute(sa.text("DELETE FROM meta")))
    database.close()
    assert asked == ["result 1"]
    assert (returned, kept) == (("result 1", "1") if commits else ("result 2", "2"))


@SERVERS
def test_without_a_way_to_find_out_the_outcome_is_said_to_be_unknown(store_url: str) -> None:
    database, _ = _open_with_pauses(store_url)

    def work(connection: sa.Connection) -> None:
        cut_off(database, connection, commits=False)

    with pytest.raises(StoreError, match="whether it was is unknown"):
        database.write(work)
    database.close()


def test_who_checkpoints_may_change_while_threads_write(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    migrations.upgrade(url)
    database = open_database(url)
    ended = threading.Event()

    def go_on() -> None:
        while not ended.is_set():
            database.write(_write("a", "1"))

    writers = [threading.Thread(target=go_on, daemon=True) for _ in range(4)]
    for writer in writers:
        writer.start()
    for turn in range(200):
        database.set_checkpointing(turn % 2 == 0)
        database.write(_write("b", str(turn)))
    ended.set()
    for writer in writers:
        writer.join(timeout=20)

    assert not any(writer.is_alive() for writer in writers)
    database.close()
