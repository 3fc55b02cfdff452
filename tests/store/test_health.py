from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from driftwatch.net.database_address import parse_address
from driftwatch.store import migrations
from driftwatch.store.database import Database, open_database
from driftwatch.store.health import look_at_file, look_at_server
from tests.support.stored import register


def test_a_store_says_how_it_is(database: Database, store_url: str) -> None:
    if database.dialect == "sqlite":
        file = look_at_file(database, store_url)

        assert file.path == Path(str(parse_address(store_url, purpose="store").database))
        assert (file.version, file.journal, file.synchronous) == (sqlite3.sqlite_version_info, "wal", 2)
        assert file.damage is None
        return
    server = look_at_server(store_url)

    assert server.product == {"postgresql": "PostgreSQL", "mysql": "MariaDB"}[database.dialect]
    assert server.version >= (10, 6)
    assert server.encodings == {{"postgresql": "UTF8", "mysql": "utf8mb4_bin"}[database.dialect]}
    assert server.isolation == "READ COMMITTED"
    assert not server.shares_sessions


@pytest.mark.parametrize("store_url", ["mariadb"], indirect=True)
def test_another_collation_is_noticed(store_url: str, tmp_path: Path) -> None:
    database = open_database(store_url)
    change = "ALTER TABLE meta MODIFY value TEXT CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL"
    restore = "ALTER TABLE meta MODIFY value MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL"
    database.write(lambda tx: tx.exec_driver_sql(change))
    try:
        server = look_at_server(store_url)
    finally:
        database.write(lambda tx: tx.exec_driver_sql(restore))
        database.close()

    assert server.encodings == {"utf8mb4_bin", "latin1_swedish_ci"}


def test_a_damaged_file_is_found_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    migrations.upgrade(url)
    database = open_database(url)
    register(database)
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray((tmp_path / "store.db").read_bytes())
    for page in range(8, len(content) // 4096, 2):
        content[4096 * page : 4096 * page + 100] = b"\xff" * 100
    (tmp_path / "store.db").write_bytes(content)

    found = look_at_file(database, url)
    database.close()

    assert found.damage
