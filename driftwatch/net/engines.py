"""Database engines: addresses, drivers, time limits, and errors that name the place and never the password.

*Why SQLite is set up by hand:* as Python's driver comes, two threads that read and then write lose each
other's changes, and a transaction that begins as a reader fails at its first write however long it is
ready to wait. So every writing transaction takes the write lock when it begins, writes go through one
connection, and readers have an engine of their own that cannot hold the lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from driftwatch.errors import StoreError
from driftwatch.net.database_address import (
    Purpose,
    build_error,
    describe_address,
    describe_failure,
    parse_address,
)

__all__ = ["is_busy", "open_engine", "share_engine"]

_CONNECT_SECONDS = 5
_SHARED = 32
_BUSY_MILLISECONDS = 10_000
_EXTRAS = {"psycopg": "postgres", "pymysql": "mysql"}
# What a second try cannot mend: access denied to a database or an account, no such database.
_MYSQL_REFUSALS = frozenset({1044, 1045, 1049, 1698})
_POSTGRES_REFUSALS = ("authentication failed", "does not exist", "no pg_hba.conf entry", "permission denied")


def open_engine(url: str, *, purpose: Purpose, read_only: bool = False) -> Engine:
    """Return an engine for the database at `url`; it connects when it is first used.

    Bare `postgresql://`, `mysql://` and `mariadb://` get the driver that driftwatch installs as an extra.
    `read_only` is enforced by SQLite, PostgreSQL and MariaDB; any other database is asked for it in vain
    and needs an account without the right to write. A source in SQLite must exist; a store is created,
    readable by its owner only.

    Raises StoreError or SourceError, by `purpose`, at once for an address or a driver that cannot be
    used, and later, from the engine, whenever the database cannot be reached.
    """
    address = parse_address(url, purpose=purpose)
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address, purpose, read_only=read_only)
    return _open_server(address, purpose, read_only=read_only)


def share_engine(url: str, *, purpose: Purpose) -> Engine:
    """Return a read-only engine as `open_engine` does, the same one for one address; nobody disposes of it.

    Connections are not kept, and what was learned of the server and its statements is: to find that out anew
    takes longer than to read a small window. Raises like `open_engine`.
    """
    address = parse_address(url, purpose=purpose)
    if address.get_backend_name() == "sqlite":
        _prepare_file(Path(str(address.database)), address, purpose, create=False)
    return _share_engine(url, purpose)


@lru_cache(maxsize=_SHARED)
def _share_engine(url: str, purpose: Purpose) -> Engine:
    return open_engine(url, purpose=purpose, read_only=True)


def is_busy(error: BaseException | None) -> bool:
    """Return whether `error` says that another connection holds SQLite's lock."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF == sqlite3.SQLITE_BUSY


def _open_sqlite(address: URL, purpose: Purpose, *, read_only: bool) -> Engine:
    path = Path(str(address.database))
    keeps = purpose == "store"
    writes_store = keeps and not read_only
    _prepare_file(path, address, purpose, create=writes_store)
    pool: dict[str, Any] = {"poolclass": NullPool}
    if keeps:
        # One writing connection: threads take turns with it instead of fighting for the file's lock.
        pool = {"poolclass": sa.QueuePool, "pool_size": 1 if writes_store else 5, "pool_timeout": 60}
        pool["max_overflow"] = 0 if writes_store else 10
    connect = partial(_connect_sqlite, path, read_only=read_only)
    engine = _create(address, purpose, {"creator": connect, **pool})
    pragmas = [f"busy_timeout={_BUSY_MILLISECONDS}", "trusted_schema=OFF"]
    if writes_store:
        pragmas += ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "mmap_size=0"]
    if read_only:
        pragmas.append("query_only=ON")
    # The first look into the file: here it turns out not to be a database.
    pragmas.append("schema_version")
    sa.event.listen(engine, "connect", _run_on_connect([f"PRAGMA {pragma}" for pragma in pragmas]))
    sa.event.listen(engine, "begin", _begin_writing if not read_only else _begin_reading)
    return engine


def _prepare_file(path: Path, address: URL, purpose: Purpose, *, create: bool) -> None:
    place = describe_address(address)
    if path.is_dir():
        raise build_error(purpose, f"{place}: this is a directory; name a file in it")
    if path.exists():
        return
    if not create:
        raise build_error(purpose, f"{place}: there is no such file; check the address")
    try:
        # What a store holds about data and people is not for every account of the machine.
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(
            f"{place} cannot be created: {error.strerror}; the directory must exist and be writable"
        ) from error


def _connect_sqlite(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rw"
    return sqlite3.connect(
        f"{path.as_uri()}?mode={mode}",
        uri=True,
        check_same_thread=False,
        timeout=_BUSY_MILLISECONDS / 1000,
        # The driver must not begin transactions on its own: it would begin them as a reader.
        isolation_level=None,
    )


def _begin_writing(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _open_server(address: URL, purpose: Purpose, *, read_only: bool) -> Engine:
    options: dict[str, Any] = {"poolclass": NullPool}
    if purpose == "store":
        # A connection that broke while nobody used it fails at its first statement, and what it was for is
        # done again on a fresh one: to ask before every use whether it is alive costs more.
        options = {"pool_size": 5, "max_overflow": 10, "pool_timeout": 60}
    backend = address.get_backend_name()
    if backend in {"postgresql", "mysql"}:
        options["isolation_level"] = "READ COMMITTED"
        wanted = _list_connect_settings(backend, purpose)
        options["connect_args"] = {name: value for name, value in wanted.items() if name not in address.query}
    engine = _create(address, purpose, options)
    statements = _list_session_statements(backend, purpose, read_only=read_only)
    if statements:
        sa.event.listen(engine, "connect", _run_on_connect(statements))
    return engine


def _list_connect_settings(backend: str, purpose: Purpose) -> Mapping[str, Any]:
    if backend == "postgresql":
        # A server that vanished without a word is noticed after half a minute.
        return {"connect_timeout": _CONNECT_SECONDS, "keepalives_idle": 30, "tcp_user_timeout": 30_000}
    settings: dict[str, Any] = {"connect_timeout": _CONNECT_SECONDS}
    if purpose == "store":
        # Without strict mode a text that is too long would be cut silently.
        settings["sql_mode"] = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
        settings |= {"read_timeout": 60, "write_timeout": 60}
    return settings


def _list_session_statements(backend: str, purpose: Purpose, *, read_only: bool) -> list[str]:
    statements = []
    if backend == "postgresql" and purpose == "store":
        statements.append(f"SET lock_timeout = {_BUSY_MILLISECONDS}")
    if backend == "mysql" and purpose == "store":
        statements.append(f"SET SESSION innodb_lock_wait_timeout = {_BUSY_MILLISECONDS // 1000}")
    if read_only and backend == "postgresql":
        statements.append("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    if read_only and backend == "mysql":
        statements.append("SET SESSION TRANSACTION READ ONLY")
    return statements


def _run_on_connect(statements: list[str]) -> Callable[[DBAPIConnection, ConnectionPoolEntry], None]:
    def run(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        connection.commit()

    return run


def _create(address: URL, purpose: Purpose, options: Mapping[str, Any]) -> Engine:
    try:
        engine = sa.create_engine(address, hide_parameters=True, **options)
    except NoSuchModuleError:
        raise build_error(
            purpose, f"no installed package knows databases of the kind {address.drivername}"
        ) from None
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(error.name or "")
        package = f"driftwatch[{extra}]" if extra else error.name
        raise build_error(
            purpose, f'{describe_address(address)} needs a driver: pip install "{package}"'
        ) from error
    sa.event.listen(engine, "handle_error", partial(_translate, address, purpose))
    return engine


def _translate(address: URL, purpose: Purpose, context: ExceptionContext) -> BaseException | None:
    original = context.original_exception
    if context.connection is not None or is_busy(original):
        return None
    return build_error(
        purpose,
        f"{describe_address(address)} cannot be opened: {describe_failure(original, address)}; "
        "check the address, the account and that the server runs",
        again=not _is_refusal(original),
    )


def _is_refusal(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return True
    if error.args and error.args[0] in _MYSQL_REFUSALS:
        return True
    return any(words in str(error) for words in _POSTGRES_REFUSALS)
