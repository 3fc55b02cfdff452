"""The schema and its versions: Alembic, run from the program.

The scripts live in `alembic/` of the repository and travel in the wheel as `driftwatch/_migrations`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from driftwatch.errors import StoreError
from driftwatch.net.database_address import describe_address, describe_failure, parse_address
from driftwatch.net.engines import open_engine
from driftwatch.store.sqlite_file import check_file, mark_file
from driftwatch.store.tables import VERSION_TABLE

__all__ = ["SchemaState", "check", "downgrade", "upgrade"]

T = TypeVar("T")

_LOCK_NAME = "driftwatch_migrations"
_LOCK_NUMBER = 0x44524654
_LOCK_SECONDS = 60
_LONGEST_LOCK_NAME = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """Which revision the store is at, None without tables, and which one this version brings."""

    current: str | None
    head: str

    @property
    def ok(self) -> bool:
        """Return whether the store is up to date."""
        return self.current == self.head

    @property
    def is_newer(self) -> bool:
        """Return whether a newer version of the program wrote the store: revisions are numbered in order."""
        return self.current is not None and self.current > self.head


def upgrade(url: str, revision: str = "head") -> SchemaState:
    """Bring the store at `url` to this version's schema, creating it where needed; return its state.

    An earlier `revision` than the newest is for copies of a store that was never brought up to date.

    Several processes may call this at once: one works, the others wait. An upgrade that was interrupted
    is finished by calling it again. Raises StoreError.
    """

    def run(connection: Connection) -> SchemaState:
        if connection.dialect.name == "sqlite":
            mark_file(connection)
        command.upgrade(_build_config(connection), revision)
        return _read_state(connection)

    return _run(url, run)


def check(url: str) -> SchemaState:
    """Return the state of the store's schema; nothing is created or changed. Raises StoreError."""
    address = parse_address(url, purpose="store")
    if address.get_backend_name() == "sqlite":
        path = Path(str(address.database))
        check_file(path, must_exist=False)
        if not path.exists():
            return SchemaState(current=None, head=_find_head())
    engine = open_engine(url, purpose="store", read_only=True)
    try:
        with engine.connect() as connection:
            return _read_state(connection)
    except DBAPIError as error:
        raise StoreError(f"{describe_address(address)}: {describe_failure(error, address)}") from error
    finally:
        engine.dispose()


def downgrade(url: str, revision: str = "base") -> SchemaState:
    """Take the store's schema back to `revision`; `base` removes every table and what is in it."""

    def run(connection: Connection) -> SchemaState:
        command.downgrade(_build_config(connection), revision)
        return _read_state(connection)

    return _run(url, run)


def _run(url: str, work: Callable[[Connection], T]) -> T:
    address = parse_address(url, purpose="store")
    if address.get_backend_name() == "sqlite":
        check_file(Path(str(address.database)), must_exist=False)
    engine = open_engine(url, purpose="store")
    place = describe_address(address)
    try:
        with _begin_locked(engine) as connection:
            return work(connection)
    except DBAPIError as error:
        raise StoreError(
            f"{place}: the schema was not changed: {describe_failure(error, address)}"
        ) from error
    except CommandError as error:
        raise StoreError(
            f"{place}: {error}; was it written by a newer driftwatch? Upgrade the program"
        ) from error
    finally:
        engine.dispose()


@contextmanager
def _begin_locked(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction in which nobody else changes the schema; SQLite's begins with the write lock."""
    if engine.dialect.name == "mysql":
        with _hold_name(engine), engine.begin() as connection:
            yield connection
        return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_NUMBER)))
        yield connection


@contextmanager
def _hold_name(engine: Engine) -> Iterator[None]:
    """Hold a lock of MariaDB by name, on a connection of its own until after the commit.

    A lock of the transaction would not last: MariaDB commits before each change of a table. The name is one
    for all databases of the server, so it holds that of the store.
    """
    name = f"{_LOCK_NAME}:{engine.url.database}"[:_LONGEST_LOCK_NAME]
    with engine.connect() as keeper:
        if keeper.execute(sa.select(sa.func.get_lock(name, _LOCK_SECONDS))).scalar() != 1:
            raise StoreError(
                "another process has been changing the store's schema for a minute; try again later"
            )
        try:
            yield
        finally:
            keeper.execute(sa.select(sa.func.release_lock(name)))


def _build_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_find_scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _find_scripts() -> Path:
    package = Path(__file__).parent.parent
    places = (package / "_migrations", package.parent / "alembic")
    for place in places:
        if (place / "env.py").is_file():
            return place
    raise StoreError(
        f"the migrations are missing from this installation ({places[0]}); install driftwatch again"
    )


def _find_head() -> str:
    head = ScriptDirectory.from_config(_build_config()).get_current_head()
    if head is None:
        raise StoreError(f"there are no migrations in {_find_scripts()}; install driftwatch again")
    return head


def _read_state(connection: Connection) -> SchemaState:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return SchemaState(current=context.get_current_revision(), head=_find_head())
