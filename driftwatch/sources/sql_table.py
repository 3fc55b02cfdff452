"""A table read over all windows in one streamed query.

Names from the configuration are compared with those that the database lists, and quoted; nothing that a user
wrote becomes part of a statement.
"""

from __future__ import annotations

import difflib
import math
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from weakref import WeakKeyDictionary

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.sql.elements import quoted_name

from driftwatch.errors import DataError
from driftwatch.profiles.times import TimeColumn, read_times
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request
from driftwatch.sources.sql_bounds import Bounds, bound_dates, bound_numbers, bound_stamps, bound_texts
from driftwatch.sources.sql_columns import Columns
from driftwatch.sources.sql_session import Session
from driftwatch.sources.streaming import split_stream

__all__ = ["SAMPLE_ROWS", "bind_value", "read_table", "sample_table"]

SAMPLE_ROWS: Final = 1000
_SAMPLED_FOR: Final = 300.0
_SAMPLES: Final[WeakKeyDictionary[sa.Engine, dict[tuple[str, str], tuple[float, list[Any]]]]] = (
    WeakKeyDictionary()
)
_ANY_DIGIT: Final = str.maketrans("123456789", "0" * 9)
_ZONE: Final = re.compile(r"[+-][0-9:]+$")
_DAY: Final = timedelta(days=1)
_JOINED_SLACK: Final = 2 * _DAY

Types = dict[str, types.TypeEngine[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A table as the database knows it."""

    name: str
    clause: sa.TableClause
    types: Types

    def column(self, name: str) -> sa.ColumnClause[Any]:
        """Return a column of it; its type is left to the driver."""
        return self.clause.c[name]


def read_table(session: Session, name: str, request: Request) -> Iterator[tuple[Window, pa.Table]]:
    """Yield (window, rows) of a table. Raises SourceError and DataError."""
    table = _find_table(session, name)
    time = request.options.time
    columns = Columns(session.backend, table.types)
    if time is None:
        yield from _read_unsplit(session, table, columns, request)
        return
    _check_times(table, time)
    names = [n for n in table.types if request.columns is None or n in {*request.columns, *time.columns}]
    statement = sa.select(*(table.column(n) for n in names))
    bounds = _find_bounds(session, table, time, request)
    first = table.column(time.columns[0])
    statement = statement.where(first.is_not(None))
    if bounds is not None:
        compared = _compare_bytes(session, table, time.columns[0])
        statement = statement.where(compared >= bind_value(bounds.low), compared < bind_value(bounds.high))
    statement = statement.order_by(
        _compare_bytes(session, table, time.columns[0]), *(table.column(n) for n in time.columns[1:])
    )
    tables = (columns.build_table(rows) for rows in session.stream(statement))
    zone = request.options.timezone
    slack = bounds.slack if bounds is not None else _JOINED_SLACK
    yield from split_stream(tables, request, lambda rows: read_times(rows, time, timezone=zone), slack=slack)


def sample_table(session: Session, name: str) -> pa.Table:
    """Return some rows of a table."""
    table = _find_table(session, name)
    statement = sa.select(*table.clause.c).limit(SAMPLE_ROWS)
    columns = Columns(session.backend, table.types)
    return pa.concat_tables(
        [columns.build_table(rows) for rows in session.stream(statement)], promote_options="permissive"
    )


def _read_unsplit(
    session: Session, table: _Table, columns: Columns, request: Request
) -> Iterator[tuple[Window, pa.Table]]:
    if len(request.windows) != 1:
        raise DataError(
            "needs source.time_column: without one all rows belong to one window, and "
            f"{len(request.windows)} are asked for"
        )
    names = [n for n in table.types if request.columns is None or n in request.columns]
    for rows in session.stream(sa.select(*(table.column(n) for n in names))):
        yield request.windows[0], columns.build_table(rows)


def _find_table(session: Session, wanted: str) -> _Table:
    with session.explain():
        inspector = sa.inspect(session.connection)
        schema, name = None, wanted
        known = _list_tables(inspector, None)
        if wanted not in known and "." in wanted:
            schema, name = _split_name(inspector, wanted)
            known = _list_tables(inspector, schema)
        if name not in known:
            inside = f" in schema {schema!r}" if schema else ""
            raise DataError(f"there is no table or view {name!r}{inside}; {_suggest(name, known)}")
        found = inspector.get_columns(name, schema=schema)
    kinds: Types = {column["name"]: column["type"] for column in found}
    clause = sa.table(
        quoted_name(name, quote=True),
        *(sa.column(quoted_name(n, quote=True)) for n in kinds),
        schema=None if schema is None else quoted_name(schema, quote=True),
    )
    return _Table(name=wanted, clause=clause, types=kinds)


def _split_name(inspector: sa.Inspector, wanted: str) -> tuple[str, str]:
    schemas = inspector.get_schema_names()
    dots = [place for place, letter in enumerate(wanted) if letter == "."]
    for place in dots:
        if wanted[:place] in schemas:
            return wanted[:place], wanted[place + 1 :]
    raise DataError(
        f"there is no table or view {wanted!r} and no schema {wanted[: dots[0]]!r}; "
        f"{_suggest(wanted[: dots[0]], schemas)}"
    )


def bind_value(value: Any) -> sa.BindParameter[Any]:
    """Return a bound parameter whose type on the wire is that of the value."""
    if isinstance(value, datetime):
        return sa.literal(value, sa.DateTime(timezone=value.tzinfo is not None))
    return sa.literal(value, sa.BigInteger()) if isinstance(value, int) else sa.literal(value)


def _list_tables(inspector: sa.Inspector, schema: str | None) -> list[str]:
    names = [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]
    with suppress(NotImplementedError):
        names += inspector.get_materialized_view_names(schema=schema)
    return names


def _suggest(wanted: str, known: Sequence[str]) -> str:
    near = [name for name in known if name.lower() == wanted.lower()]
    near = near or difflib.get_close_matches(wanted, known, n=3)
    if near:
        return f"did you mean {' or '.join(repr(name) for name in near)}?"
    return f"there are: {', '.join(sorted(known)[:30]) or 'none that this account may see'}"


def _check_times(table: _Table, time: TimeColumn) -> None:
    for name in time.columns:
        if name not in table.types:
            raise DataError(
                f"the table {table.name!r} has no time column {name!r}; {_suggest(name, list(table.types))}"
            )


def _compare_bytes(session: Session, table: _Table, name: str) -> sa.ColumnElement[Any]:
    column = table.column(name)
    if session.backend == "postgresql" and isinstance(table.types[name], types.String):
        # The order of a language may pass over the dashes and colons of a time.
        return sa.collate(column, "C")
    return column


def _find_bounds(session: Session, table: _Table, time: TimeColumn, request: Request) -> Bounds | None:
    """Return bounds for the first time column; None when nothing can be said of it before it is read."""
    low, high = request.windows[0].start, request.windows[-1].end
    zone = time.timezone or request.options.timezone
    first = time.columns[0]
    kind = table.types[first]
    joined = len(time.columns) > 1
    if session.backend != "sqlite" and isinstance(kind, types.Date | types.DateTime) and time.format is None:
        if joined or isinstance(kind, types.Date):
            return replace(bound_dates(low, high, zone), slack=_JOINED_SLACK)
        return _bound_typed(kind, session.backend, zone, request)
    problem = None
    for anew in (False, True):
        sample = _sample_times(session, table, first, anew=anew)
        if not sample or (joined and time.format is not None):
            return None
        try:
            return _bound_sampled(sample, time, zone, request)
        except DataError as error:
            # What is known of the table may be of one that was there before it.
            problem = error
    if joined:
        # Year, month and day, say: all rows are read and each is looked at.
        return None
    raise DataError(f"table {table.name!r}, column {first!r}: {problem}")


def _bound_typed(kind: types.TypeEngine[Any], backend: str, zone: str, request: Request) -> Bounds:
    low, high = request.windows[0].start, request.windows[-1].end
    if getattr(kind, "timezone", False):
        return bound_stamps(low, high, None)
    is_instant = backend == "mysql" and isinstance(kind, types.TIMESTAMP)
    return bound_stamps(low, high, "UTC" if is_instant else zone)


def _bound_sampled(sample: list[Any], time: TimeColumn, zone: str, request: Request) -> Bounds:
    low, high = request.windows[0].start, request.windows[-1].end
    if len(time.columns) > 1:
        # The first column is the date alone; the others may lead into the next day.
        low, high = low - _DAY, high + _DAY
    numbers = [value for value in sample if not isinstance(value, str | bytes)]
    texts = [value for value in sample if isinstance(value, str)]
    if len(numbers) == len(sample) and time.format is None:
        return bound_numbers(low, high, numbers)
    if len(numbers) == len(sample):
        bounds = bound_texts(low, high, zone, [], time.format)
        return Bounds(low=int(bounds.low), high=int(bounds.high), slack=bounds.slack)
    if len(texts) == len(sample):
        bounds = bound_texts(low, high, zone, texts, time.format)
        return bounds if len(time.columns) == 1 else replace(bounds, slack=_JOINED_SLACK)
    raise DataError("it holds numbers and texts; convert it in a query with :window_start and :window_end")


def _sample_times(session: Session, table: _Table, name: str, *, anew: bool) -> list[Any]:
    column = table.column(name)
    there = column.is_not(None)
    compared = _compare_bytes(session, table, name)
    some = _sample_first(session, table, name, anew=anew)
    least = session.fetch_values(sa.select(column).where(there).order_by(compared).limit(1)) if some else []
    most = (
        session.fetch_values(sa.select(column).where(there).order_by(compared.desc()).limit(1))
        if some
        else []
    )
    return [*some, *least, *most]


def _sample_first(session: Session, table: _Table, name: str, *, anew: bool) -> list[Any]:
    """Return how the rows that the database gives first spell their times, one value of every spelling.

    They are the same ones from read to read, so that they are looked at anew every few minutes only, or where
    that is asked for.
    """
    known = _SAMPLES.setdefault(session.connection.engine, {})
    key, now = (table.clause.fullname, name), time.monotonic()
    read_at, kept = known.get(key, (-math.inf, []))
    if anew or not kept or now - read_at > _SAMPLED_FOR:
        column = table.column(name)
        found = session.fetch_values(sa.select(column).where(column.is_not(None)).limit(SAMPLE_ROWS))
        kept = list({_spell(value): value for value in found}.values())
        known[key] = (now, kept)
    return kept


def _spell(value: Any) -> str:
    """Return the same for values that are written in the same way: digits do not matter, but for a zone's."""
    if not isinstance(value, str):
        return repr(value)
    zone = _ZONE.search(value)
    return value.translate(_ANY_DIGIT) + (zone[0] if zone else "")
