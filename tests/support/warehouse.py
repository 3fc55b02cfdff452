"""Tables to read from: SQLite, PostgreSQL and MariaDB, each in a fresh database that is dropped in the end.

The servers' addresses come from DRIFTWATCH_TEST_POSTGRES_URL and DRIFTWATCH_TEST_MARIADB_URL. Where a server
is missing its tests are skipped with the reason, and fail with CI=true. A conftest.py imports `warehouse`
from here.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

__all__ = ["KINDS", "Warehouse", "open_warehouse", "warehouse"]

KINDS = ("sqlite", "postgresql", "mariadb")
_SERVERS = {
    "postgresql": ("DRIFTWATCH_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres"),
    "mariadb": ("DRIFTWATCH_TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/mysql"),
}
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """A database of some kind, with an account that may write."""

    kind: str
    url: str
    engine: sa.Engine

    def run(self, *statements: str) -> None:
        """Run statements, each as it stands."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def create(self, name: str, columns: dict[str, Any], rows: Sequence[dict[str, Any]]) -> None:
        """Create a table and fill it; the types are SQLAlchemy's."""
        table = sa.Table(name, sa.MetaData(), *(sa.Column(key, kind) for key, kind in columns.items()))
        with self.engine.begin() as connection:
            table.create(connection)
            if rows:
                connection.execute(table.insert(), list(rows))


@pytest.fixture(params=KINDS)
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    """Give an empty database of each kind."""
    yield from open_warehouse(request.param, tmp_path)


def open_warehouse(kind: str, directory: Path) -> Iterator[Warehouse]:
    """Yield an empty database; skip the test, or fail with CI=true, where its server is missing."""
    name = f"driftwatch_test_{uuid.uuid4().hex}"
    if kind == "sqlite":
        url = f"sqlite:///{directory / name}.db"
        engine = sa.create_engine(url, poolclass=NullPool)
        # The database file must be there before it is read.
        engine.connect().execute(sa.text("PRAGMA user_version = 1")).connection.close()
        yield Warehouse(kind=kind, url=url, engine=engine)
        return
    server = _find_server(kind)
    _run_on_server(kind, server, f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" * (kind == "mariadb")))
    address = server.set(database=name)
    engine = sa.create_engine(address, poolclass=NullPool)
    try:
        yield Warehouse(kind=kind, url=_render_bare(address), engine=engine)
    finally:
        engine.dispose()
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        _run_on_server(kind, server, f"DROP DATABASE IF EXISTS {name}{force}")


def _find_server(kind: str) -> URL:
    variable, usual = _SERVERS[kind]
    address = make_url(os.environ.get(variable, usual))
    return address.set(drivername=_DRIVERS.get(address.drivername, address.drivername))


def _render_bare(address: URL) -> str:
    return address.set(drivername=address.get_backend_name()).render_as_string(hide_password=False)


def _run_on_server(kind: str, server: URL, statement: str) -> None:
    engine = sa.create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
    except SQLAlchemyError as error:
        reason = f"{_SERVERS[kind][0]}: {type(error).__name__}: no {kind} server could be used"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    finally:
        engine.dispose()
