"""The store's connection: units of work that happen whole or not at all, tried again where that helps."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from driftwatch.errors import StoreError
from driftwatch.failpoints import name_work, reach
from driftwatch.net.database_address import describe_address, describe_failure, parse_address
from driftwatch.net.engines import is_busy, open_engine
from driftwatch.store.audit import find_recording, write_act
from driftwatch.store.sqlite_file import check_file
from driftwatch.store.tables import SCHEMA_REVISION, VERSION_TABLE
from driftwatch.store.turns import Turns

__all__ = ["Database", "open_database"]

T = TypeVar("T")
Work = Callable[[Connection], T]
Settle = Callable[[Connection, T], bool]

_TRIES = 8
_PAGES_UNTIL_CHECKPOINT = 1000
_LONGEST_WAIT = 2.0
_LONGEST_TURN = 60.0
# serialization failure, deadlock, lock not available (PostgreSQL); deadlock, lock wait timeout (MariaDB).
_POSTGRES_AGAIN = frozenset({"40001", "40P01", "55P03"})
_MYSQL_AGAIN = frozenset({1213, 1205})
_NO_SUCH_TABLE = ("no such table", "does not exist", "doesn't exist")


class Database:
    """An open store. It may be shared by threads.

    Parameters
    ----------
    address
        Where it is; only its kind, host and name ever appear in messages.
    writing, reading
        Two engines: what reads can never hold SQLite's write lock.
    sleep
        Waits for so many seconds between two tries.
    """

    def __init__(
        self, address: URL, *, writing: Engine, reading: Engine, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._address = address
        self._writing = writing
        self._reading = reading
        self._sleep = sleep
        self._checkpoints = True
        self._turns = Turns() if writing.dialect.name == "sqlite" else None
        if writing.dialect.name == "sqlite":
            sa.event.listen(writing, "checkout", self._set_up_checkpoints)

    def __repr__(self) -> str:
        return f"Database({self.place!r})"

    @property
    def dialect(self) -> str:
        """Return `sqlite`, `postgresql` or `mysql` (which is MariaDB)."""
        return self._writing.dialect.name

    @property
    def place(self) -> str:
        """Return the name and place of the database for messages, without account or password."""
        return describe_address(self._address)

    def write(self, work: Work[T], *, settle: Settle[T] | None = None) -> T:
        """Return what `work` returns after its one transaction was committed.

        1. A transaction begins; on SQLite it holds the write lock from here on.
        2. `work` reads and writes through the connection it is given. What somebody is doing with it is
           written beside, where that was announced (see `store/audit.py`).
        3. When `work` raises, everything is rolled back and the error goes on.
        4. When the database says that trying again can help (a deadlock, a lock held by somebody else, a
           connection lost before the commit), everything is rolled back and the whole `work` runs again,
           up to 8 times with growing pauses. So `work` must do nothing that a rollback does not undo.
        5. When the connection is lost during the commit itself nobody knows whether it happened. `settle`
           finds out, in a transaction of its own, by what `work` returned: True where it did, False where
           `work` is to run again; it raises where somebody else has taken over.

        Raises StoreError when the database refuses or cannot be reached. Without `settle`, a commit whose
        outcome is unknown is one too, and the message says so.
        """
        for attempt in range(1, _TRIES + 1):
            outcome = self._try(work)
            if isinstance(outcome, _Unknown):
                if settle is None:
                    raise self._describe_unknown() from outcome.error
                if self.write(partial(_settle, settle=settle, result=outcome.result)):
                    return outcome.result
            elif not isinstance(outcome, _Again):
                return outcome
            if attempt == _TRIES:
                raise self._describe(outcome.error) from outcome.error
            longest = min(_LONGEST_WAIT, 0.02 * 2**attempt)
            self._sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreads rivals; not a secret.
        raise AssertionError("the last try returns or raises")

    def read(self, work: Work[T]) -> T:
        """Return what `work` returns; it cannot write. Raises StoreError like `write`.

        It is done once more where the connection turns out to be broken.
        """
        try:
            try:
                return self._read(work)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                return self._read(work)
        except (DBAPIError, PoolTimeoutError) as error:
            raise self._describe(error) from error

    def _read(self, work: Work[T]) -> T:
        with self._reading.connect() as connection:
            return work(connection)

    def set_checkpointing(self, on: bool) -> None:
        """Let this process move what was written from SQLite's journal into the file itself, or leave it.

        Other databases do so by themselves. Who leaves it relies on another process that does not.
        """
        # The one writing connection is set up anew when it is used next.
        self._checkpoints = on

    def close(self) -> None:
        """Close every connection."""
        self._reading.dispose()
        self._writing.dispose()

    def _set_up_checkpoints(
        self, connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        if entry.info.get("checkpoints") is self._checkpoints:
            return
        pages = _PAGES_UNTIL_CHECKPOINT if self._checkpoints else 0
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA wal_autocheckpoint={pages}")
        cursor.close()
        entry.info["checkpoints"] = self._checkpoints

    def _try(self, work: Work[T]) -> T | _Again | _Unknown[T]:
        is_working, unit, act = True, name_work(work), find_recording()
        try:
            with self._take_turn(), self._writing.begin() as connection:
                reach(f"{unit}.begun")
                result = work(connection)
                if act is not None:
                    write_act(connection, act.find())
                reach(f"{unit}.commit")
                is_working = False
        except DBAPIError as error:
            if _can_help(error) or (error.connection_invalidated and is_working):
                return _Again(error)
            if error.connection_invalidated:
                return _Unknown(error, result)
            raise self._describe(error) from error
        except PoolTimeoutError as error:
            raise self._describe(error) from error
        if act is not None:
            act.is_kept = True
        reach(f"{unit}.committed")
        return result

    @contextmanager
    def _take_turn(self) -> Iterator[None]:
        """Wait until nobody of this process writes to a SQLite file; a server sorts that out by itself."""
        if self._turns is None:
            yield
            return
        with self._turns.take(_LONGEST_TURN) as mine:
            if not mine:
                raise StoreError(f"{self.place}: others kept writing for {_LONGEST_TURN:.0f} s")
            yield

    def _describe_unknown(self) -> StoreError:
        return StoreError(
            f"{self.place}: the connection was lost while a transaction was being committed; "
            "whether it was is unknown until the store is read again"
        )

    def _describe(self, error: Exception) -> StoreError:
        said = describe_failure(error, self._address)
        hint = ""
        if is_busy(getattr(error, "orig", None)):
            hint = "; another program holds the file, and it was waited for in vain"
        elif any(words in said for words in _NO_SUCH_TABLE):
            hint = "; run `driftwatch db upgrade` to create the tables"
        return StoreError(f"{self.place}: {said}{hint}")


def _settle(connection: Connection, settle: Settle[T], result: T) -> bool:
    return settle(connection, result)


class _Again:
    """The unit of work failed in a way that another try may mend."""

    def __init__(self, error: DBAPIError) -> None:
        self.error = error


class _Unknown(Generic[T]):
    """The connection was lost during the commit: it may have happened."""

    def __init__(self, error: DBAPIError, result: T) -> None:
        self.error = error
        self.result = result


def open_database(url: str, *, sleep: Callable[[float], None] = time.sleep) -> Database:
    """Return the store at `url`, connected, its tables known to be there.

    Raises StoreError when it cannot be reached, is no store of ours, or needs `driftwatch db upgrade`.
    """
    address = parse_address(url, purpose="store")
    if address.get_backend_name() == "sqlite":
        check_file(Path(str(address.database)), must_exist=True)
    database = Database(
        address,
        writing=open_engine(url, purpose="store"),
        reading=open_engine(url, purpose="store", read_only=True),
        sleep=sleep,
    )
    try:
        _check_revision(database)
    except BaseException:
        database.close()
        raise
    return database


def _check_revision(database: Database) -> None:
    # Through the writing engine: the first connection to a new SQLite file turns its journal to WAL.
    found = database.write(_read_revision)
    if found is None or found < SCHEMA_REVISION:
        raise StoreError(
            f"{database.place}: its tables are at revision {found or 'none'} and this version needs "
            f"{SCHEMA_REVISION}; run `driftwatch db upgrade`"
        )


def _read_revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    version = sa.table(VERSION_TABLE, sa.column("version_num", sa.String))
    return connection.execute(sa.select(version.c.version_num)).scalar()


def _can_help(error: DBAPIError) -> bool:
    original = error.orig
    if is_busy(original) or getattr(original, "sqlstate", None) in _POSTGRES_AGAIN:
        return True
    # Codes of MariaDB; SQLite's and PostgreSQL's drivers put a text first.
    return bool(original and original.args and original.args[0] in _MYSQL_AGAIN)
