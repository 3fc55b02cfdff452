"""The values of a column as numbers, names or days, and their counts on the reference's grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.profiles.arrays import fill_nulls, view_numbers
from driftwatch.profiles.columns import (
    TRUE_FALSE,
    ColumnData,
    cast_floats,
    decode_values,
    drop_missing,
    find_missing_words,
    is_number,
    is_text,
    kind_of_type,
)
from driftwatch.profiles.counts import Counts, count_names, count_numbers
from driftwatch.profiles.grid import CategoryGrid, Grid, NumberGrid, Precision
from driftwatch.profiles.times import NO_TIME, parse_times
from driftwatch.profiles.window import to_micros

__all__ = ["Numbers", "code_names", "count_column", "read_by_row", "read_days", "read_names", "read_numbers"]

_DAY = 86_400_000_000
_TRUTH = {"0": "false", "1": "true", **{word: word for word in TRUE_FALSE}}
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbers:
    """The numbers of a column: `values` without nulls, and how many rows had none or could not be read."""

    values: NDArray[np.floating]
    missing: int = 0
    unreadable: int = 0
    precision: Precision = "float64"


def read_numbers(column: ColumnData, missing: tuple[str | float, ...] = ()) -> Numbers:
    """Return the numbers of a column; values of another type count as unreadable, never as numbers."""
    kept = drop_missing(column, missing)
    absent = len(column.values) - len(kept)
    if is_text(kept.type):
        if column.text != "parse":
            return Numbers(values=np.empty(0), missing=absent, unreadable=len(kept))
        return _leave_out_named(_parse_numbers(kept, absent), missing)
    if pa.types.is_boolean(kept.type):
        kept = pc.cast(kept, pa.int8())
    if not is_number(kept.type):
        return Numbers(values=np.empty(0), missing=absent, unreadable=len(kept))
    values = _to_floats(kept)
    return _leave_out_named(
        Numbers(values=values, missing=absent, precision=_precision_of(values.dtype)), missing
    )


def _leave_out_named(numbers: Numbers, missing: tuple[str | float, ...]) -> Numbers:
    """Count the numbers that the user named as missing, however they are written: -200 is -200.0."""
    usual = ~_find_named(numbers.values, missing)
    if np.all(usual):
        return numbers
    absent = len(usual) - int(np.count_nonzero(usual))
    return replace(numbers, values=numbers.values[usual], missing=numbers.missing + absent)


def _find_named(values: NDArray[np.floating], missing: tuple[str | float, ...]) -> NDArray[np.bool_]:
    named = [float(value) for value in missing if not isinstance(value, str)]
    if not named:
        return np.zeros(len(values), dtype=bool)
    return np.isin(values, np.asarray(named, dtype=values.dtype))


def read_by_row(column: ColumnData, missing: tuple[str | float, ...] = ()) -> NDArray[np.float64]:
    """Return the number of every row, shape (rows,): NaN where it is missing or cannot be read.

    >>> texts = ColumnData(name="x", values=pa.chunked_array([["1.5", "NA", "-9", "x"]]), text="parse")
    >>> read_by_row(texts, missing=(-9.0,)).tolist()
    [1.5, nan, nan, nan]
    """
    values = decode_values(column)
    if is_text(values.type):
        cast = _cast_texts(values, column, missing)
    elif pa.types.is_boolean(values.type):
        cast = pc.cast(pc.cast(values, pa.int8()), pa.float64())
    else:
        cast = _cast_numbers(values) if is_number(values.type) else None
    if cast is None:
        return np.full(len(values), np.nan)
    floats: NDArray[np.floating] = fill_nulls(cast, np.nan)
    named = _find_named(floats, missing)
    return np.where(named, np.nan, floats).astype(np.float64, copy=False)


def _cast_texts(
    values: pa.ChunkedArray, column: ColumnData, missing: tuple[str | float, ...]
) -> pa.ChunkedArray | None:
    """Return texts as numbers, null where one is missing or none; None where texts are no numbers at all."""
    if column.text != "parse":
        return None
    if not any(isinstance(value, str) for value in missing):
        # What reads as a number then means missing only if it is named as a number. This is most columns.
        try:
            return pc.cast(values, pa.float64())
        except pa.ArrowInvalid:
            pass
    nothing = pa.scalar(None, type=values.type)
    words = find_missing_words(values, column, missing)
    kept = values if words is None else pc.if_else(words, nothing, values)
    try:
        return pc.cast(pc.utf8_trim_whitespace(kept), pa.float64())
    except pa.ArrowInvalid:
        shaped = pc.if_else(pc.match_substring_regex(kept, _NUMBER), kept, nothing)
        return pc.cast(pc.utf8_trim_whitespace(shaped), pa.float64())


def _to_floats(kept: pa.ChunkedArray) -> NDArray[np.floating]:
    return view_numbers(_cast_numbers(kept))


def _cast_numbers(kept: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_duration(kept.type) or pa.types.is_time(kept.type):
        width = 32 if kept.type.bit_width == 32 else 64
        kept = pc.cast(kept, pa.int32() if width == 32 else pa.int64())
    if not pa.types.is_floating(kept.type):
        kept = pc.cast(kept, pa.float64(), safe=False)
    return kept


def _precision_of(dtype: np.dtype[np.floating]) -> Precision:
    return "float16" if dtype.itemsize == 2 else "float32" if dtype.itemsize == 4 else "float64"


def _parse_numbers(kept: pa.ChunkedArray, absent: int) -> Numbers:
    values = cast_floats(kept)
    if values is not None:
        return Numbers(values=values, missing=absent)
    shaped = pc.match_substring_regex(kept, _NUMBER)
    readable = kept.filter(shaped)
    parsed = cast_floats(readable)
    if parsed is None:
        raise DataError(f"text that looks like numbers could not be read as numbers, such as {readable[0]}")
    return Numbers(values=parsed, missing=absent, unreadable=len(kept) - len(readable))


def read_names(
    column: ColumnData, missing: tuple[str | float, ...] = ()
) -> tuple[list[str], NDArray[np.int64], int]:
    """Return the distinct names of a column, how often each occurs, and how many rows have none.

    Whole numbers are named alike whatever type they come in: 1 and 1.0 are both "1".
    """
    kept = drop_missing(column, missing)
    absent = len(column.values) - len(kept)
    found = pc.value_counts(kept)
    values, counts = found.field("values"), view_numbers(found.field("counts")).astype(np.int64)
    names = _name_values(values)
    named_missing = {_name_number(float(value)) for value in missing if not isinstance(value, str)}
    if named_missing and not is_text(values.type):
        keep = [at for at, name in enumerate(names) if name not in named_missing]
        absent += int(counts.sum() - counts[keep].sum())
        names, counts = [names[at] for at in keep], counts[keep]
    return names, counts, absent


def _name_values(values: pa.Array) -> list[str]:
    if is_text(values.type):
        return list(values.to_pylist())
    if pa.types.is_boolean(values.type):
        return [TRUE_FALSE[value] for value in values.to_pylist()]
    if pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        return [_name_number(float(value)) for value in values.to_pylist()]
    return [str(value) for value in values.to_pylist()]


def _name_number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def code_names(
    column: ColumnData, grid: CategoryGrid, missing: tuple[str | float, ...] = ()
) -> NDArray[np.int64]:
    """Return the cell of every row by its name, shape (rows,): the one after the grid's last without a name.

    >>> letters = ColumnData(name="x", values=pa.chunked_array([["a", "z", None]]))
    >>> grid = CategoryGrid(names=("a",))
    >>> code_names(letters, grid).tolist()
    [0, 2, 3]
    """
    nothing = grid.cells
    encoded = decode_values(column).combine_chunks().dictionary_encode()
    names = pa.chunked_array([encoded.dictionary])
    if not _can_be_named(names.type) or len(names) == 0:
        return np.full(len(encoded), nothing, dtype=np.int64)
    spelt = [_spell_name(name, grid) for name in _name_values(encoded.dictionary)]
    cells = grid.cell_of
    coded = np.array([*(cells.get(name, grid.unseen_cell) for name in spelt), nothing], dtype=np.int64)
    words = find_missing_words(names, column, missing)
    if words is not None:
        coded[:-1][np.array(words.to_pylist(), dtype=bool)] = nothing
    named_missing = {_name_number(float(value)) for value in missing if not isinstance(value, str)}
    if named_missing and not is_text(names.type):
        coded[:-1][np.isin(spelt, sorted(named_missing))] = nothing
    # A row without a value has no place in the dictionary: the last one is for it.
    places = fill_nulls(pc.cast(encoded.indices, pa.int64()), len(names))
    return np.asarray(coded[places])


def _spell_name(name: str, grid: CategoryGrid) -> str:
    return _TRUTH.get(name.strip().lower(), name) if grid.kind == "boolean" else name


def read_days(
    column: ColumnData, missing: tuple[str | float, ...], ends_at: datetime | None, timezone: str
) -> Numbers:
    """Return a date column as days before `ends_at`, or since 1970 without it."""
    kept = drop_missing(column, missing)
    absent = len(column.values) - len(kept)
    if is_text(kept.type) and column.text != "typed":
        shaped = kept.filter(pc.match_substring_regex(kept, r"^\s*\d{4}-\d\d-\d\d"))
    elif pa.types.is_timestamp(kept.type) or pa.types.is_date(kept.type):
        shaped = kept
    else:
        return Numbers(values=np.empty(0), missing=absent, unreadable=len(kept))
    try:
        micros = parse_times(shaped, column.name, None, timezone)
    except DataError:
        return Numbers(values=np.empty(0), missing=absent, unreadable=len(kept))
    micros = micros[micros != NO_TIME]
    days = micros / _DAY if ends_at is None else (to_micros(ends_at) - micros) / _DAY
    return Numbers(values=days, missing=absent, unreadable=len(kept) - len(shaped))


def count_column(
    grid: Grid,
    column: ColumnData,
    *,
    missing: tuple[str | float, ...] = (),
    ends_at: datetime | None = None,
    timezone: str = "UTC",
) -> Counts:
    """Return the counts of a batch's column on the reference's grid.

    Times are counted as days before `ends_at` (the end of the window), or as days since 1970 without it.
    """
    if isinstance(grid, NumberGrid):
        if grid.kind == "time":
            numbers = read_days(column, missing, ends_at, timezone)
        else:
            numbers = read_numbers(column, missing)
        return count_numbers(
            grid,
            numbers.values,
            missing=numbers.missing,
            unreadable=numbers.unreadable,
            precision=numbers.precision,
        )
    if not _can_be_named(column.values.type):
        kept = len(column.values) - column.values.null_count
        return count_names(
            grid, [], np.empty(0, dtype=np.int64), missing=column.values.null_count, unreadable=kept
        )
    names, counts, absent = read_names(column, missing)
    if grid.kind == "boolean":
        return _count_booleans(grid, names, counts, absent)
    return count_names(grid, names, counts, missing=absent)


def _can_be_named(kind: pa.DataType) -> bool:
    return kind_of_type(kind) is not None or pa.types.is_null(kind)


def _count_booleans(grid: CategoryGrid, names: list[str], counts: NDArray[np.int64], absent: int) -> Counts:
    read = [_TRUTH.get(name.strip().lower()) for name in names]
    known = np.array([name is not None for name in read], dtype=bool)
    return count_names(
        grid,
        [name for name in read if name is not None],
        counts[known],
        missing=absent,
        unreadable=int(counts[~known].sum()),
    )
