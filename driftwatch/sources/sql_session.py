"""One connection to somebody's database: read-only, with a time limit, and every statement says who asks."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from driftwatch.errors import DataError, SourceError
from driftwatch.net.database_address import describe_address, describe_failure
from driftwatch.net.engines import is_busy, share_engine
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import name_asker

__all__ = ["Rows", "Session", "open_session"]

_STEPS: Final = 10_000
# 57014: PostgreSQL's query_canceled; 1969 and 3024: MariaDB's and MySQL's time limits; the word: SQLite's.
_TIMEOUT_CODES: Final = frozenset({"57014", 1969, 3024, "interrupted"})
# PostgreSQL's classes of conditions that pass: connections, rollbacks, resources, locks, an operator at work.
_PASSING_STATES: Final = frozenset({"08", "40", "53", "55", "57"})
# MariaDB's: too many connections, locks, deadlocks, and connections that were lost.
_PASSING_CODES: Final = frozenset({1040, 1205, 1213, 1927, 2002, 2003, 2006, 2013, 2014, 2055})
# MariaDB drops a connection whose client has not read for this long; judging takes its time.
_UNREAD_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Some rows of a result: the names of its columns, and the values by column."""

    names: tuple[str, ...]
    values: list[tuple[Any, ...]]
    count: int
    codes: tuple[Any, ...]


class Session:
    """Runs statements on one connection and gives their rows in chunks."""

    def __init__(self, connection: sa.Connection, monitor: str, timeout: timedelta, fetch: int) -> None:
        self.connection = connection
        self.backend = connection.dialect.name
        self._monitor = monitor
        self._timeout = timeout
        self._fetch = fetch
        self._windows: tuple[Window, ...] = ()
        self._ends_at = float("inf")

    @property
    def place(self) -> str:
        """The database, for messages."""
        return describe_address(self.connection.engine.url)

    @property
    def asker(self) -> str:
        """Who asks, and for which windows."""
        return name_asker(self._monitor, *self._windows)

    def name_windows(self, *windows: Window) -> None:
        """Say for which windows the next statements are."""
        self._windows = windows

    def limit_time(self) -> None:
        """Set the time limit of every statement that follows."""
        milliseconds = max(int(self._timeout / timedelta(milliseconds=1)), 1)
        if self.backend == "postgresql":
            self.connection.exec_driver_sql(f"SET statement_timeout = {milliseconds}")
        elif self.backend == "mysql":
            self.connection.exec_driver_sql("SET SESSION time_zone = '+00:00'")
            self.connection.exec_driver_sql(f"SET SESSION net_write_timeout = {_UNREAD_SECONDS}")
            limit = (
                f"max_statement_time = {milliseconds / 1000}"
                if getattr(self.connection.dialect, "is_mariadb", False)
                else f"max_execution_time = {milliseconds}"
            )
            self.connection.exec_driver_sql(f"SET SESSION {limit}")
        elif self.backend == "sqlite":
            driver: Any = self.connection.connection.driver_connection
            driver.set_progress_handler(lambda: time.monotonic() > self._ends_at, _STEPS)

    def stream(self, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> Iterator[Rows]:
        """Yield the rows of a statement, at least one chunk, which may be empty. Raises SourceError."""
        with self.explain():
            self._start_clock()
            streaming = self.connection.execution_options(stream_results=True, max_row_buffer=self._fetch)
            result = streaming.execute(statement, dict(values or {}))
        try:
            names = tuple(map(str, result.keys()))
            codes = tuple(column[1] for column in result.cursor.description)
            first = True
            while True:
                with self.explain():
                    self._start_clock()
                    chunk = result.fetchmany(self._fetch)
                if not chunk and not first:
                    return
                first = False
                columns = list(zip(*chunk, strict=True)) if chunk else [()] * len(names)
                yield Rows(names=names, values=columns, count=len(chunk), codes=codes)
        finally:
            result.close()

    def fetch_values(self, statement: sa.Executable) -> list[Any]:
        """Return the first column of all rows of a statement. Raises SourceError."""
        return [value for rows in self.stream(statement) for value in (rows.values[0] if rows.count else ())]

    def _start_clock(self) -> None:
        self._ends_at = time.monotonic() + self._timeout.total_seconds()

    @contextmanager
    def explain(self) -> Iterator[None]:
        """Turn the database's errors into SourceError, with who asked and what to do."""
        try:
            yield
        except DBAPIError as error:
            raise self._translate(error) from None
        except SQLAlchemyError as error:
            why = " ".join(str(error).split())[:300]
            raise SourceError(f"{self.asker}: {self.place}: the statement cannot be run: {why}") from None

    def _translate(self, error: DBAPIError) -> SourceError:
        said = describe_failure(error, self.connection.engine.url)
        where = f"{self.asker}: {self.place}"
        if _is_timeout(error):
            return SourceError(
                f"{where}: the statement took longer than {self._timeout.total_seconds():g} s; put an "
                "index on the time column, or raise source.timeout",
                again=True,
            )
        again = error.connection_invalidated or _is_passing(error)
        advice = "it will be tried again" if again else "correct source.query or source.table"
        return SourceError(f"{where}: the statement failed: {said}; {advice}", again=again)

    def write_comment(self) -> str:
        """Return the comment that goes in front of every statement."""
        window = ""
        if self._windows:
            window = f" window={self._windows[0].start:%Y%m%dT%H%M%SZ}-{self._windows[-1].end:%Y%m%dT%H%M%SZ}"
        # Nothing but these characters: no end of the comment, no placeholder of a driver.
        monitor = re.sub(r"[^A-Za-z0-9_.-]", "_", self._monitor)[:100]
        return f"/* driftwatch monitor={monitor}{window} */ "


def _is_timeout(error: DBAPIError) -> bool:
    state, code = _read_codes(error)
    return state in _TIMEOUT_CODES or code in _TIMEOUT_CODES


def _is_passing(error: DBAPIError) -> bool:
    """Return whether the same statement may succeed later: a lock, a lost connection, a full server."""
    state, code = _read_codes(error)
    return str(state)[:2] in _PASSING_STATES or code in _PASSING_CODES or is_busy(error.orig)


def _read_codes(error: DBAPIError) -> tuple[Any, Any]:
    """Return the SQL state, where the driver knows one, and the first thing that its error says."""
    original = error.orig
    return getattr(original, "sqlstate", None), original.args[
        0
    ] if original is not None and original.args else None


@contextmanager
def open_session(
    url: str, monitor: str, windows: Sequence[Window], timeout: timedelta, fetch: int
) -> Iterator[Session]:
    """Open a read-only session for a context. Raises SourceError, which names monitor and database."""
    asker = name_asker(monitor, *windows)
    try:
        engine = share_engine(url, purpose="source")
    except SourceError as error:
        raise SourceError(f"{asker}: {error}", again=error.again) from None
    with _connect(engine, asker) as connection:
        session = Session(connection, monitor, timeout, fetch)
        session.name_windows(*windows)
        sa.event.listen(connection, "before_cursor_execute", _build_commenter(session), retval=True)
        with session.explain():
            session.limit_time()
        try:
            yield session
        except DataError as error:
            raise DataError(f"{session.asker}: {session.place}: {error}") from None


def _connect(engine: sa.Engine, asker: str) -> sa.Connection:
    try:
        return engine.connect()
    except SourceError as error:
        raise SourceError(f"{asker}: {error}", again=error.again) from None
    except SQLAlchemyError as error:
        said = describe_failure(error, engine.url)
        raise SourceError(
            f"{asker}: {describe_address(engine.url)} cannot be opened: {said}", again=True
        ) from None


def _build_commenter(session: Session) -> Any:
    def write(
        _connection: object, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool
    ) -> tuple[str, Any]:
        return session.write_comment() + statement, parameters

    return write
