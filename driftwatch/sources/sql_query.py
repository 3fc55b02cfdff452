"""A query of the user's own, run once for each window with `:window_start` and `:window_end`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from driftwatch.errors import DataError
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.times import TimeColumn, read_times
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request
from driftwatch.sources.placing import OUTSIDE, WindowEdges
from driftwatch.sources.sql_bounds import Bounds, bound_numbers, bound_stamps, bound_texts
from driftwatch.sources.sql_columns import Columns
from driftwatch.sources.sql_session import Rows, Session

__all__ = ["SAMPLE_ROWS", "read_query", "sample_query"]

SAMPLE_ROWS: Final = 1000
_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_STAMP: Final = "%Y-%m-%d %H:%M:%S"

Spell = Callable[[datetime, datetime], Bounds]


def read_query(session: Session, query: str, request: Request) -> Iterator[tuple[Window, pa.Table]]:
    """Yield (window, rows) of a query; rows outside the window are dropped where the time column is there.

    Raises SourceError and DataError.
    """
    statement = sa.text(query)
    time, zone = request.options.time, request.options.timezone
    spell = _choose_spelling(session, query, request.options)
    columns = Columns(session.backend)
    for window in request.windows:
        session.name_windows(window)
        bounds = spell(window.start, window.end)
        given, empty = False, pa.table({})
        for rows in session.stream(statement, {"window_start": bounds.low, "window_end": bounds.high}):
            _check_names(rows)
            table = _keep_window(columns.build_table(rows), window, time, zone)
            table = _select(table, request)
            empty = table.slice(0, 0)
            if table.num_rows:
                given = True
                yield window, table
        if not given:
            yield window, empty


def sample_query(session: Session, query: str, options: ColumnOptions) -> pa.Table:
    """Return some rows of a query over all times."""
    spell = _choose_spelling(session, query, options)
    columns = Columns(session.backend)
    return pa.concat_tables(
        [
            columns.build_table(rows)
            for rows in _stream_some(session, query, spell(_FIRST, _LAST), SAMPLE_ROWS)
        ],
        promote_options="permissive",
    )


def _check_names(rows: Rows) -> None:
    for name in rows.names:
        if rows.names.count(name) > 1:
            raise DataError(
                f"the query gives {rows.names.count(name)} columns called {name!r}; name them apart with AS"
            )


def _keep_window(table: pa.Table, window: Window, time: TimeColumn | None, zone: str) -> pa.Table:
    # A query that aggregates has no time of single rows; all it gives belongs to the window.
    if time is None or not set(time.columns) <= set(table.column_names):
        return table
    times = read_times(table, time, timezone=zone)
    inside = WindowEdges([window]).place(times) != OUTSIDE
    return table if inside.all() else table.take(np.flatnonzero(inside))


def _select(table: pa.Table, request: Request) -> pa.Table:
    if request.columns is None:
        return table
    times = () if request.options.time is None else request.options.time.columns
    return table.select([name for name in table.column_names if name in {*request.columns, *times}])


def _choose_spelling(session: Session, query: str, options: ColumnOptions) -> Spell:
    """Return how the edges of a window are written into the query."""
    time = options.time
    zone = (time.timezone if time is not None else None) or options.timezone
    if session.backend == "postgresql":
        # An absolute time compares rightly with stamps of both kinds once the session has the zone.
        with session.explain():
            session.connection.execute(sa.text("SELECT set_config('TimeZone', :zone, false)"), {"zone": zone})
        return lambda low, high: bound_stamps(low, high, None)
    if session.backend != "sqlite":
        return lambda low, high: Bounds(low=_show(low, zone), high=_show(high, zone))
    return _choose_sqlite_spelling(session, query, time, zone)


def _show(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _choose_sqlite_spelling(session: Session, query: str, time: TimeColumn | None, zone: str) -> Spell:
    """Return the spelling of the time column, found by asking for any row at all; SQLite has no times."""
    if time is not None and len(time.columns) == 1 and time.format is None:
        widest = (Bounds(low="0000", high="9999-12-31 23:59:59"), Bounds(low=-(2**62), high=2**62))
        for bounds in widest:
            sample = [v for v in _sample_times(session, query, bounds, time.columns[0]) if v is not None]
            if sample and all(isinstance(value, str) for value in sample):
                return lambda low, high: bound_texts(low, high, zone, sample)
            if sample and all(isinstance(value, int | float) for value in sample):
                return lambda low, high: bound_numbers(low, high, sample)
    return lambda low, high: Bounds(
        low=_show(low, zone).strftime(_STAMP), high=_show(high, zone).strftime(_STAMP)
    )


def _sample_times(session: Session, query: str, bounds: Bounds, name: str) -> list[Any]:
    for rows in _stream_some(session, query, bounds, 100):
        if name in rows.names:
            return list(rows.values[rows.names.index(name)])
    return []


def _stream_some(session: Session, query: str, bounds: Bounds, at_most: int) -> Iterator[Rows]:
    inner = query.strip().rstrip(";")
    statement = sa.text(f"SELECT * FROM (\n{inner}\n) AS driftwatch_sample LIMIT {at_most}")  # noqa: S608 - the operator's own query
    return session.stream(statement, {"window_start": bounds.low, "window_end": bounds.high})
