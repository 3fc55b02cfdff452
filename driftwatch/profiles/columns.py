"""The door: Arrow columns become counts of the grid's kind and type, or a grid of their own.

Text formats deliver strings. Which of them are numbers, times or names is decided once, on the whole
reference; a batch is then read as what the reference was. `mark_text` tells such columns from typed ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.profiles.arrays import build_texts, view_numbers
from driftwatch.profiles.grid import Kind
from driftwatch.profiles.times import TimeColumn, parse_times

__all__ = [
    "MISSING_WORDS",
    "TRUE_FALSE",
    "ColumnData",
    "ColumnOptions",
    "cast_floats",
    "decode_values",
    "drop_missing",
    "find_missing_words",
    "get_column",
    "infer_kind",
    "is_number",
    "is_text",
    "kind_of_type",
    "mark_text",
]

MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL")
"""Words of text formats that mean missing; `None` is a value."""

TextMode = Literal["parse", "words", "typed"]
_MARK = b"driftwatch.text"
TRUE_FALSE = ("false", "true")
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnOptions:
    """What the user says about columns; everything else is inferred from the reference.

    `missing` are further values that mean missing. `timezone` is that of stamps without a zone. `derived`:
    columns derived from the numbers are judged beside them.
    """

    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    time: TimeColumn | None = None
    missing: tuple[str | float, ...] = ()
    timezone: str = "UTC"
    derived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnData:
    """One column of a batch, and how its strings are to be read.

    `text` is `parse` where the format has no types, so that numbers and times stand as text (CSV); `words`
    where strings are strings but the words for missing count as missing (JSON); `typed` where strings
    are what they are (Parquet, SQL).
    """

    name: str
    values: pa.ChunkedArray
    text: TextMode = "typed"


def mark_text(
    table: pa.Table, mode: Literal["parse", "words"], only: Iterable[str] | None = None
) -> pa.Table:
    """Return `table` with its string columns (or those in `only`) marked as coming from a text format."""
    names = set(table.column_names if only is None else only)
    fields = [
        f.with_metadata({_MARK: mode.encode()}) if f.name in names and is_text(f.type) else f
        for f in table.schema
    ]
    return table.replace_schema_metadata(None).cast(pa.schema(fields)) if fields else table


def get_column(table: pa.Table, name: str) -> ColumnData:
    """Return the column `name` of `table`. Raises DataError when two columns have that name."""
    places = table.schema.get_all_field_indices(name)
    if len(places) != 1:
        raise DataError(f"{len(places)} columns are called {name!r}; every column needs a name of its own")
    metadata = table.schema.field(places[0]).metadata or {}
    mode = metadata.get(_MARK, b"typed").decode()
    text: TextMode = "parse" if mode == "parse" else "words" if mode == "words" else "typed"
    return ColumnData(name=name, values=table.column(places[0]), text=text)


def infer_kind(column: ColumnData, missing: tuple[str | float, ...] = ()) -> Kind | None:
    """Return the kind of a reference column, or None for types that are not judged (lists, bytes).

    Text that reads as numbers throughout is a number, unless a value has a leading zero: such codes
    are categories.

    >>> texts = [["1", "2.5"], ["01", "02"], ["True", "false"], ["2013-02-08"]]
    >>> columns = [ColumnData(name="x", values=pa.chunked_array([text]), text="parse") for text in texts]
    >>> [infer_kind(column) for column in columns]
    ['number', 'category', 'boolean', 'time']
    """
    kind = kind_of_type(column.values.type)
    if kind != "category" or column.text != "parse":
        return kind
    texts = drop_missing(column, missing)
    if len(texts) == 0:
        return "category"
    if not pc.any(pc.match_substring_regex(texts, r"^[+-]?0\d")).as_py() and cast_floats(texts) is not None:
        return "number"
    words = pc.unique(pc.utf8_lower(texts))
    if len(words) <= len(TRUE_FALSE) and set(words.to_pylist()) <= set(TRUE_FALSE):
        return "boolean"
    return "time" if _are_iso_times(texts) else "category"


def kind_of_type(kind: pa.DataType) -> Kind | None:
    """Return the kind of column an Arrow type is read as, or None for types that are not judged."""
    if pa.types.is_dictionary(kind):
        return kind_of_type(kind.value_type)
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time"
    if is_text(kind):
        return "category"
    return "number" if is_number(kind) else None


def is_text(kind: pa.DataType) -> bool:
    """Return whether an Arrow type holds strings."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_number(kind: pa.DataType) -> bool:
    """Return whether an Arrow type is counted as numbers; times of day and durations are."""
    checks = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_duration,
        pa.types.is_time,
    )
    return any(check(kind) for check in checks)


def _are_iso_times(texts: pa.ChunkedArray) -> bool:
    # Arrow would read a bare year as a time; a date needs its dashes.
    if not pc.all(pc.match_substring_regex(texts, r"^\s*\d{4}-\d\d-\d\d")).as_py():
        return False
    try:
        parse_times(texts, "", None, "UTC")
    except DataError:
        return False
    return True


def drop_missing(column: ColumnData, missing: tuple[str | float, ...]) -> pa.ChunkedArray:
    """Return the values that are there: no nulls, no word for missing, no value the user named."""
    values = pc.drop_null(decode_values(column))
    means_missing = find_missing_words(values, column, missing)
    return values if means_missing is None else values.filter(pc.invert(means_missing))


def find_missing_words(
    values: pa.ChunkedArray, column: ColumnData, missing: tuple[str | float, ...]
) -> pa.ChunkedArray | None:
    """Return which of the `values` are a word for missing; None where no word can be."""
    if not is_text(values.type):
        return None
    words = [spelt for value in missing for spelt in _spell(value)]
    words += [] if column.text == "typed" else MISSING_WORDS
    if not words:
        return None
    trimmed = values if column.text == "typed" else pc.utf8_trim_whitespace(values)
    return pc.is_in(trimmed, value_set=build_texts(words, values.type))


def _spell(value: str | float) -> Iterator[str]:
    """Yield the spellings of a value in text: -999.0 is also "-999"."""
    yield str(value)
    if not isinstance(value, str) and float(value).is_integer():
        yield str(int(value))


def decode_values(column: ColumnData) -> pa.ChunkedArray:
    """Return the values of a column as plain Arrow values, nulls among them."""
    values = column.values
    decoded = pc.cast(values, values.type.value_type) if pa.types.is_dictionary(values.type) else values
    return pc.cast(decoded, pa.string()) if pa.types.is_string_view(decoded.type) else decoded


def cast_floats(texts: pa.ChunkedArray) -> NDArray[np.float64] | None:
    """Return `texts` read as numbers, or None when one of them is none."""
    try:
        floats = pc.cast(pc.utf8_trim_whitespace(texts), pa.float64())
    except pa.ArrowInvalid:
        return None
    return view_numbers(floats)
