"""Values of a database as Arrow columns, whose types come from the database, not from the chunk."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import types

from driftwatch.profiles.columns import mark_text
from driftwatch.sources.json_values import NESTED
from driftwatch.sources.sql_session import Rows

__all__ = ["STAMP", "UTC_STAMP", "Columns", "choose_type"]

STAMP: Final = pa.timestamp("us")
UTC_STAMP: Final = pa.timestamp("us", "UTC")
_WHOLE: Final = pa.int64()
_FLOAT: Final = pa.float64()
# pymysql's number of the type TIMESTAMP, whose values are times in UTC and not of a clock on the wall.
_MYSQL_TIMESTAMP: Final = 7
_ERRORS: Final = (pa.ArrowException, ValueError, TypeError, OverflowError, decimal.InvalidOperation)

_BY_VALUE: Final[tuple[tuple[type, pa.DataType], ...]] = (
    (bool, pa.bool_()),
    (int, _WHOLE),
    (float, _FLOAT),
    (decimal.Decimal, _FLOAT),
    (str, pa.string()),
    (uuid.UUID, pa.string()),
    (dt.datetime, STAMP),
    (dt.date, pa.date32()),
    (dt.time, pa.time64("us")),
    (dt.timedelta, pa.duration("us")),
    (bytes, pa.binary()),
    (memoryview, pa.binary()),
)


def choose_type(kind: types.TypeEngine[Any], backend: str) -> pa.DataType | None:
    """Return the Arrow type of a reflected column; None where only its values can tell.

    SQLite has no times: they are text there, whatever the column was declared as.
    """
    if isinstance(kind, types.DateTime | types.Date | types.Time):
        return None if backend == "sqlite" else _choose_time(kind, backend)
    if isinstance(kind, types.Boolean):
        return pa.bool_()
    if isinstance(kind, types.Integer):
        return pa.uint64() if getattr(kind, "unsigned", False) else _WHOLE
    # Float has left the family of Numeric in SQLAlchemy 2.1.
    if isinstance(kind, types.Numeric | types.Float):
        return _FLOAT
    if isinstance(kind, types.JSON | types.ARRAY | types.LargeBinary):
        return NESTED
    return pa.string() if isinstance(kind, types.String | types.Uuid) else None


def _choose_time(kind: types.TypeEngine[Any], backend: str) -> pa.DataType:
    if isinstance(kind, types.Date):
        return pa.date32()
    if isinstance(kind, types.Time):
        return pa.duration("us") if backend == "mysql" else pa.time64("us")
    in_utc = getattr(kind, "timezone", False) or (backend == "mysql" and isinstance(kind, types.TIMESTAMP))
    return UTC_STAMP if in_utc else STAMP


class Columns:
    """Turns rows into tables; the type of a column, once chosen, stays for all chunks.

    A value that does not fit widens its column from there on: whole numbers to fractions, anything else to
    text that is to be parsed, so that what is a number still counts as one.
    """

    def __init__(self, backend: str, known: Mapping[str, types.TypeEngine[Any]] | None = None) -> None:
        self._backend = backend
        known = known or {}
        chosen = {name: choose_type(kind, backend) for name, kind in known.items()}
        self._types: dict[str, pa.DataType] = {
            name: kind for name, kind in chosen.items() if kind is not None
        }
        self._parsed: set[str] = set()
        if backend == "sqlite":
            times = (types.DateTime, types.Date, types.Time)
            self._parsed = {name for name, kind in known.items() if isinstance(kind, times)}

    def build_table(self, rows: Rows) -> pa.Table:
        """Return a chunk of rows as a table."""
        codes = rows.codes or (None,) * len(rows.names)
        arrays = [
            self._build(name, values, code)
            for name, values, code in zip(rows.names, rows.values, codes, strict=True)
        ]
        table = pa.Table.from_arrays(arrays, names=list(rows.names))
        return mark_text(table, "parse", self._parsed) if self._parsed else table

    def _build(self, name: str, values: Sequence[Any], code: Any) -> pa.Array:
        if name not in self._types and name not in self._parsed:
            guessed = self._guess(values, code)
            if guessed is None:
                return pa.nulls(len(values))
            self._types[name] = guessed
        while name not in self._parsed:
            kind = self._types[name]
            try:
                return pa.array(_CONVERT.get(kind, _keep)(values), kind)
            except _ERRORS:
                self._widen(name, values)
        return pa.array([None if value is None else _spell(value) for value in values], pa.string())

    def _guess(self, values: Sequence[Any], code: Any) -> pa.DataType | None:
        value = next((value for value in values if value is not None), None)
        if value is None:
            return None
        if isinstance(value, dt.datetime):
            in_utc = value.tzinfo is not None or (self._backend == "mysql" and code == _MYSQL_TIMESTAMP)
            return UTC_STAMP if in_utc else STAMP
        return next((kind for known, kind in _BY_VALUE if isinstance(value, known)), NESTED)

    def _widen(self, name: str, values: Sequence[Any]) -> None:
        numbers = all(
            isinstance(value, int | float | decimal.Decimal) for value in values if value is not None
        )
        if numbers and self._types[name] != _FLOAT:
            self._types[name] = _FLOAT
        else:
            self._parsed.add(name)


def _keep(values: Sequence[Any]) -> Sequence[Any]:
    return values


def _to_floats(values: Sequence[Any]) -> list[float | None]:
    if any(issubclass(kind, str | bytes) for kind in set(map(type, values))):
        raise TypeError("text among numbers")
    return [None if value is None else float(value) for value in values]


def _to_booleans(values: Sequence[Any]) -> list[bool | None]:
    if any(value not in (None, 0, 1) for value in values):
        raise ValueError("neither true nor false")
    return [None if value is None else bool(value) for value in values]


def _to_texts(values: Sequence[Any]) -> list[Any]:
    return [str(value) if isinstance(value, uuid.UUID) else value for value in values]


def _to_bytes(values: Sequence[Any]) -> list[bytes | None]:
    # Objects and lists are not judged: only whether they are there is kept.
    plain = (bytes, bytearray, memoryview)
    return [
        None if value is None else bytes(value) if isinstance(value, plain) else b"{}" for value in values
    ]


def _to_times(values: Sequence[Any]) -> list[Any]:
    return [value.replace(tzinfo=None) if isinstance(value, dt.time) else value for value in values]


def _to_wholes(values: Sequence[Any]) -> Sequence[Any]:
    # Arrow would cut fractions off without a word.
    if not all(issubclass(kind, int | type(None)) for kind in set(map(type, values))):
        raise TypeError("not only whole numbers")
    return values


_CONVERT: Final[dict[pa.DataType, Callable[[Sequence[Any]], Sequence[Any]]]] = {
    _WHOLE: _to_wholes,
    pa.uint64(): _to_wholes,
    _FLOAT: _to_floats,
    pa.bool_(): _to_booleans,
    pa.string(): _to_texts,
    pa.binary(): _to_bytes,
    pa.time64("us"): _to_times,
}


def _spell(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else str(value)
