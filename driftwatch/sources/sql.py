"""Rows from a database: a table, or a query of the user's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import pyarrow as pa

from driftwatch.errors import ConfigError
from driftwatch.net.secrets import Secret
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request, Sample

__all__ = ["WINDOW_NAMES", "SqlSource"]

WINDOW_NAMES: Final = ("window_start", "window_end")
"""What a query must use, each with a colon in front."""
_MYSQL_WINDOWS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSource:
    """Rows from any database that SQLAlchemy knows; PostgreSQL, MariaDB and SQLite are tested.

    `table`, with its schema in front where it needs one, is read over all windows in one streamed query.
    `query` is run once for each window and must use `:window_start` and `:window_end`; it may aggregate.
    Everything is read in transactions that cannot write. Raises ConfigError when settings do not fit.
    """

    url: Secret | str = field(
        repr=False, metadata={"text": "the database, such as postgresql://user:password@host/database"}
    )
    table: str | None = field(default=None, metadata={"text": "the table or view, such as features.flights"})
    query: str | None = field(
        default=None, metadata={"text": "a query with :window_start and :window_end, instead of a table"}
    )
    timeout: timedelta = field(
        default=timedelta(seconds=60), metadata={"text": "how long one statement may take"}
    )
    fetch: int = field(default=10_000, metadata={"text": "how many rows are fetched at once"})

    def __post_init__(self) -> None:
        if (self.table is None) == (self.query is None):
            both = "not both" if self.table is not None else "one of them"
            raise ConfigError(f"table or query: give {both}")
        if not (self.table or self.query):
            raise ConfigError("table is empty; name a table or a view")
        if self.query is not None:
            unused = [name for name in WINDOW_NAMES if not re.search(rf"(?<![:\w\\]):{name}\b", self.query)]
            if unused:
                raise ConfigError(
                    f"query does not use :{' and :'.join(unused)}; write it like "
                    "SELECT … WHERE t >= :window_start AND t < :window_end"
                )
        if self.timeout < timedelta(milliseconds=1):
            raise ConfigError("timeout must be longer than nothing, such as 60s")
        if self.fetch < 1:
            raise ConfigError(f"fetch must be at least 1 row, not {self.fetch}")

    def read(self, request: Request) -> Iterator[tuple[Window, pa.Table]]:
        """Yield (window, rows) as rows come from the database.

        Raises SourceError when the database cannot be reached or refuses the query, and DataError when the
        table or the time column is missing or cannot be used.
        """
        if not request.windows:
            return
        from driftwatch.sources.sql_query import read_query
        from driftwatch.sources.sql_session import open_session
        from driftwatch.sources.sql_table import read_table

        with open_session(
            self._reveal(), request.monitor, request.windows, self.timeout, self.fetch
        ) as session:
            if self.query is not None:
                yield from read_query(session, self.query, request)
            else:
                for part in _part_windows(session.backend, request):
                    yield from read_table(session, str(self.table), part)

    def look(self, options: ColumnOptions, monitor: str) -> Sample:
        """Return some rows, whichever the database gives first."""
        from driftwatch.sources.sql_query import sample_query
        from driftwatch.sources.sql_session import open_session
        from driftwatch.sources.sql_table import sample_table

        with open_session(self._reveal(), monitor, (), self.timeout, self.fetch) as session:
            if self.query is not None:
                return Sample(rows=sample_query(session, self.query, options))
            return Sample(rows=sample_table(session, str(self.table)))

    def _reveal(self) -> str:
        return self.url if isinstance(self.url, str) else self.url.reveal()


def _part_windows(backend: str, request: Request) -> Iterator[Request]:
    """Yield the request in parts, one statement each.

    MariaDB's time limit is on the whole of a streamed statement, what is done with its rows in between
    included; a year of windows in one statement would run into it however fast the database is.
    """
    count = _MYSQL_WINDOWS if backend == "mysql" else len(request.windows)
    for at in range(0, len(request.windows), count):
        yield replace(request, windows=request.windows[at : at + count])
