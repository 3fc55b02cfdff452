"""Stores to test on: SQLite, PostgreSQL and MariaDB, each a fresh database, emptied between tests.

The servers' addresses come from DRIFTWATCH_TEST_POSTGRES_URL and DRIFTWATCH_TEST_MARIADB_URL. Where a
server is missing its tests are skipped with the reason, and fail with CI=true. A conftest.py imports
`store_url` and `database` from here.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from driftwatch.errors import StoreError
from driftwatch.net.engines import open_engine
from driftwatch.store import migrations
from driftwatch.store.database import Database, open_database
from driftwatch.store.tables import metadata

__all__ = [
    "SERVERS",
    "_lite",
    "_opened",
    "create_url",
    "database",
    "drop_url",
    "empty_database",
    "store",
    "store_url",
]

SERVERS = {
    "postgresql": ("DRIFTWATCH_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres"),
    "mariadb": ("DRIFTWATCH_TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/mysql"),
}


def create_url(kind: str, directory: Path) -> str:
    """Return the address of a new empty database; skip the test, or fail with CI=true, without its server."""
    name = f"driftwatch_test_{uuid.uuid4().hex}"
    if kind == "sqlite":
        return f"sqlite:///{directory / name}.db"
    server = _find_server(kind)
    options = "ENCODING 'UTF8' TEMPLATE template0" if kind == "postgresql" else "CHARACTER SET utf8mb4"
    try:
        _run_on_server(server, f"CREATE DATABASE {name} {options}")
    except StoreError as error:
        reason = f"{SERVERS[kind][0]}: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_url(url: str) -> None:
    """Remove the database that `create_url` made."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        for file in Path(str(address.database)).parent.glob(f"{Path(str(address.database)).name}*"):
            file.unlink()
        return
    force = " WITH (FORCE)" if address.get_backend_name() == "postgresql" else ""
    kind = "postgresql" if force else "mariadb"
    _run_on_server(_find_server(kind), f"DROP DATABASE IF EXISTS {address.database}{force}")


def empty_database(opened: Database) -> None:
    """Delete every row; much faster than creating the tables again."""

    def delete_rows(connection: sa.Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())

    opened.write(delete_rows)


def _find_server(kind: str) -> str:
    variable, default = SERVERS[kind]
    return os.environ.get(variable, default)


def _run_on_server(url: str, statement: str) -> None:
    engine = open_engine(url, purpose="store")
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


@pytest.fixture(scope="session", params=["sqlite", "postgresql", "mariadb"])
def store_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a migrated store, one for each kind of database and session."""
    url = create_url(request.param, tmp_path_factory.mktemp("store"))
    try:
        migrations.upgrade(url)
        yield url
    finally:
        drop_url(url)


@pytest.fixture(scope="session")
def _opened(store_url: str) -> Iterator[Database]:
    opened = open_database(store_url)
    yield opened
    opened.close()


@pytest.fixture
def database(_opened: Database) -> Iterator[Database]:
    """An open, empty store; the test runs once for each kind of database."""
    yield _opened
    empty_database(_opened)


@pytest.fixture(scope="session")
def _lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = create_url("sqlite", tmp_path_factory.mktemp("lite"))
    migrations.upgrade(url)
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def store(_lite: Database) -> Iterator[Database]:
    """An open, empty store on SQLite."""
    yield _lite
    empty_database(_lite)
