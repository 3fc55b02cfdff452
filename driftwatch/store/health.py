"""What the store's database says of itself: version, settings, damage. Nothing is changed."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from driftwatch.errors import StoreError
from driftwatch.net.database_address import describe_address, parse_address
from driftwatch.net.engines import open_engine
from driftwatch.store.database import Database
from driftwatch.store.tables import metadata

__all__ = ["FileHealth", "ServerHealth", "look_at_file", "look_at_server"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHealth:
    """A store in SQLite: the library's version, how the journal is kept, the damage found, if any."""

    path: Path
    version: tuple[int, ...]
    journal: str
    synchronous: int
    damage: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHealth:
    """A store on a server.

    `product` is PostgreSQL, MariaDB or MySQL. `encodings` are those of the database, or of the texts in the
    store's tables. `isolation` is that of our transactions. `shares_sessions`: connections of ours are given
    the same session of the server in turns, as a pooler does.
    """

    product: str
    version: tuple[int, ...]
    encodings: frozenset[str]
    isolation: str
    shares_sessions: bool


def look_at_file(database: Database, url: str) -> FileHealth:
    """Return what SQLite says of the store at `url`. Raises StoreError where it cannot be asked."""
    path = Path(str(parse_address(url, purpose="store").database))

    def ask(tx: sa.Connection) -> tuple[str, int]:
        journal = tx.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        return str(journal), int(tx.exec_driver_sql("PRAGMA synchronous").scalar_one())

    # The writing connection's: how safely is written is set for each connection.
    journal, synchronous = database.write(ask)
    return FileHealth(
        path=path,
        version=sqlite3.sqlite_version_info,
        journal=journal,
        synchronous=synchronous,
        damage=_find_damage(path),
    )


def _find_damage(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA busy_timeout=10000")
            said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        return str(error)
    return None if said == ["ok"] else "; ".join(said)[:300]


def look_at_server(url: str) -> ServerHealth:
    """Return what the server of the store at `url` says. Raises StoreError where it cannot be asked."""
    address = parse_address(url, purpose="store")
    first, second = (open_engine(url, purpose="store") for _ in range(2))
    try:
        with first.connect() as connection:
            is_postgres = first.dialect.name == "postgresql"
            said = str(connection.exec_driver_sql("SELECT version()").scalar_one())
            encodings = _read_encodings(connection, is_postgres=is_postgres)
            isolation = _read_isolation(connection, is_postgres=is_postgres)
        return ServerHealth(
            product=_name_product(said, is_postgres=is_postgres),
            version=_read_version(said),
            encodings=encodings,
            isolation=isolation,
            shares_sessions=_share_session(first, second),
        )
    except sa.exc.DBAPIError as error:
        raise StoreError(
            f"{describe_address(address)} does not say how it is ({type(error.orig).__name__})"
        ) from error
    finally:
        first.dispose()
        second.dispose()


def _name_product(said: str, *, is_postgres: bool) -> str:
    if is_postgres:
        return "PostgreSQL"
    return "MariaDB" if "mariadb" in said.lower() else "MySQL"


def _read_version(said: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said)
    return tuple(int(part) for part in found.groups() if part is not None) if found else ()


def _read_encodings(connection: sa.Connection, *, is_postgres: bool) -> frozenset[str]:
    if is_postgres:
        return frozenset({str(connection.exec_driver_sql("SHOW server_encoding").scalar_one())})
    query = sa.text(
        "SELECT DISTINCT collation_name FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL AND table_name IN :names"
    ).bindparams(sa.bindparam("names", expanding=True))
    found = connection.execute(query, {"names": list(metadata.tables)}).scalars()
    return frozenset(str(one) for one in found)


def _read_isolation(connection: sa.Connection, *, is_postgres: bool) -> str:
    # Versions of MariaDB and MySQL disagree on the name of the variable.
    query = "SHOW transaction_isolation" if is_postgres else "SHOW SESSION VARIABLES LIKE 't%_isolation'"
    return str(connection.execute(sa.text(query)).all()[0][-1]).replace("-", " ").upper()


def _share_session(first: Engine, second: Engine) -> bool:
    """Return whether two connections of ours, both open, are given one session of the server.

    Without a pooler in between that cannot be. With one it is so between transactions, unless it has a
    session to spare: it is asked a few times.
    """
    query = "SELECT pg_backend_pid()" if first.dialect.name == "postgresql" else "SELECT CONNECTION_ID()"
    seen: list[set[int]] = [set(), set()]
    with first.connect() as one, second.connect() as other:
        for _ in range(3):
            for place, connection in enumerate((one, other)):
                seen[place].add(int(connection.exec_driver_sql(query).scalar_one()))
                connection.rollback()
    return bool(seen[0] & seen[1]) or len(seen[0]) > 1
