"""Rows in, profiles out: a reference from its rows, a batch counted on the reference's grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.profiles.calendar import Calendar, grows_with_time, may_spell_calendar, name_calendar_part
from driftwatch.profiles.columns import (
    ColumnData,
    ColumnOptions,
    cast_floats,
    drop_missing,
    get_column,
    infer_kind,
    is_text,
)
from driftwatch.profiles.counts import Counts, empty_counts
from driftwatch.profiles.derived import build_derived_grids, count_derived
from driftwatch.profiles.grid import (
    CategoryGrid,
    Grid,
    Kind,
    build_category_grid,
    build_number_grid,
    get_recipe,
)
from driftwatch.profiles.keys import hash_keys, sample_keys
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Block, Reference, Skipped
from driftwatch.profiles.times import parse_times, read_times, shift_to_local
from driftwatch.profiles.values import Numbers, count_column, read_days, read_names, read_numbers
from driftwatch.profiles.window import Window

__all__ = ["build_grid", "build_reference", "check_names", "count_absent", "count_rows", "skip_by_name"]

Part = tuple[Window | None, pa.Table]


def build_reference(parts: Sequence[Part], options: ColumnOptions) -> Reference:
    """Return the reference made of `parts`, each a time block (its window and rows), in order of time.

    Parts with the same window are one block.

    Raises DataError when there are no rows, or when a column the user names is not there.

    >>> rows = pa.table({"id": [1, 2, 3], "plan": ["a", "b", "a"]})
    >>> reference = build_reference([(None, rows)], ColumnOptions(key=("id",)))
    >>> reference.total.columns["plan"].cells.tolist(), reference.skipped[0].why
    ([2, 1, 0, 0], 'a key column')
    """
    filled = [(window, table) for window, table in parts if table.num_rows]
    if not filled:
        raise DataError("the reference is empty: there are no rows in it")
    names = list(dict.fromkeys(name for _, table in filled for name in table.column_names))
    check_names(names, options)
    calendar = _build_calendar(filled, options)
    grids: dict[str, Grid] = {}
    skipped: list[Skipped] = []
    for name in names:
        why = skip_by_name(name, options)
        built = Skipped(column=name, why=why) if why else build_grid(name, filled, options, calendar)
        if isinstance(built, Skipped):
            skipped.append(built)
        else:
            grids[name] = built
    if options.derived:
        grids |= build_derived_grids([table for _, table in filled], grids, options)
    return Reference(grids=grids, blocks=_count_blocks(grids, parts, options), skipped=tuple(skipped))


def _count_blocks(
    grids: Mapping[str, Grid], parts: Sequence[Part], options: ColumnOptions
) -> tuple[Block, ...]:
    counted: dict[Window | None, Profile] = {}
    for window, table in parts:
        profile = count_rows(grids, table, options, window)
        counted[window] = counted[window] + profile if window in counted else profile
    return tuple(Block(window=window, profile=profile) for window, profile in counted.items())


def check_names(names: Sequence[str], options: ColumnOptions) -> None:
    """Raise DataError when `options` name a column that is not among `names`."""
    for setting, wanted in (
        ("columns.include", options.include or ()),
        ("columns.kinds", options.kinds),
        ("key", options.key),
    ):
        for name in wanted:
            if name not in names:
                raise DataError(
                    f"{setting} names {name!r}, which the reference does not have; "
                    f"its columns are: {', '.join(list(names)[:30])}"
                )


def skip_by_name(name: str, options: ColumnOptions) -> str | None:
    """Return why column `name` is not judged, as far as its name alone tells; None when it may be."""
    if options.time is not None and name in options.time.columns:
        return "the time column"
    if name in options.key:
        return "a key column"
    if name in options.exclude:
        return "excluded by the configuration"
    if options.include is not None and name not in options.include:
        return "not among the included columns"
    return None


def _build_calendar(filled: Sequence[Part], options: ColumnOptions) -> Calendar | None:
    if options.time is None:
        return None
    times = [read_times(table, options.time, timezone=options.timezone) for _, table in filled]
    return Calendar(np.concatenate(times), options.timezone)


def build_grid(
    name: str, parts: Sequence[Part], options: ColumnOptions, calendar: Calendar | None
) -> Grid | Skipped:
    """Return the grid of column `name` over all `parts`, or why it is not judged."""
    columns = [(window, get_column(table, name)) for window, table in parts if name in table.column_names]
    whole = _join([column for _, column in columns])
    kind = options.kinds.get(name) or infer_kind(whole, options.missing)
    if pa.types.is_null(whole.values.type):
        return Skipped(column=name, why="no values in the reference")
    if kind is None:
        return Skipped(column=name, why=f"holds {whole.values.type}, which is not judged")
    if kind == "boolean":
        return CategoryGrid(names=("false", "true"), kind="boolean")
    forced = options.include is not None or name in options.kinds
    if kind == "category":
        return _build_names(whole, options, None if forced else calendar, forced=forced)
    return _build_numbers(columns, whole, kind, options, None if forced else calendar)


def _join(columns: list[ColumnData]) -> ColumnData:
    types = {column.values.type for column in columns}
    if len(types) == 1:
        chunks = [chunk for column in columns for chunk in column.values.chunks]
        values = pa.chunked_array(chunks, type=columns[0].values.type)
        return ColumnData(name=columns[0].name, values=values, text=columns[0].text)
    try:
        tables = [pa.table({"c": column.values}) for column in columns]
        joined = pa.concat_tables(tables, promote_options="permissive").column(0)
        return ColumnData(name=columns[0].name, values=joined, text=columns[0].text)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        texts = [chunk for column in columns for chunk in pc.cast(column.values, pa.string()).chunks]
        return ColumnData(name=columns[0].name, values=pa.chunked_array(texts, pa.string()), text="parse")


def _build_names(
    column: ColumnData, options: ColumnOptions, calendar: Calendar | None, *, forced: bool
) -> Grid | Skipped:
    names, counts, _ = read_names(column, options.missing)
    if not names:
        return Skipped(column=column.name, why="no values in the reference")
    if not forced and len(names) > 1 and len(names) == int(counts.sum()) and is_text(column.values.type):
        return Skipped(column=column.name, why="all values differ")
    if calendar is not None and may_spell_calendar(names):
        texts = drop_missing(column, options.missing)
        numbers = cast_floats(texts)
        values = texts.to_pylist() if numbers is None else numbers
        part = name_calendar_part(column.name, values, calendar)
        if part:
            return _skip_calendar(column.name, part)
    return build_category_grid(names, counts)


def _skip_calendar(name: str, part: str) -> Skipped:
    return Skipped(column=name, why=f"calendar column: equals the {part} of the time column")


def _build_numbers(
    columns: Sequence[tuple[Window | None, ColumnData]],
    whole: ColumnData,
    kind: Kind,
    options: ColumnOptions,
    calendar: Calendar | None,
) -> Grid | Skipped:
    read = [_read(kind, column, window, options) for window, column in columns]
    values = np.concatenate([numbers.values for numbers in read])
    finite = np.sort(values[np.isfinite(values)])
    if len(finite) == 0:
        return Skipped(column=whole.name, why="no values in the reference")
    if calendar is not None:
        part = _find_calendar_part(whole, kind, values, calendar)
        if part:
            return _skip_calendar(whole.name, part)
        if kind == "number" and _grows(values, [len(numbers.values) for numbers in read], calendar):
            return Skipped(column=whole.name, why="grows with time")
    is_whole = (
        whole.name not in options.kinds and options.include is None and _holds_whole_numbers(whole, options)
    )
    if is_whole and len(finite) > 1 and not np.any(finite[1:] == finite[:-1]):
        return Skipped(column=whole.name, why="all values differ")
    precision = min((numbers.precision for numbers in read), key=lambda name: int(name[5:]))
    return build_number_grid(
        finite, kind="time" if kind == "time" else "number", precision=precision, is_sorted=True
    )


def _read(kind: Kind, column: ColumnData, window: Window | None, options: ColumnOptions) -> Numbers:
    if kind == "time":
        return read_days(column, options.missing, window.end if window else None, options.timezone)
    return read_numbers(column, options.missing)


def _holds_whole_numbers(column: ColumnData, options: ColumnOptions) -> bool:
    if pa.types.is_integer(column.values.type):
        return True
    if column.text != "parse":
        return False
    texts = drop_missing(column, options.missing)
    return bool(pc.all(pc.match_substring_regex(texts, r"^\s*[+-]?\d+\s*$"), min_count=0).as_py())


def _find_calendar_part(
    column: ColumnData, kind: Kind, values: NDArray[np.floating], calendar: Calendar
) -> str | None:
    if kind == "number":
        return name_calendar_part(column.name, values.astype(np.float64, copy=False), calendar)
    if len(values) != len(calendar.utc):
        return None
    try:
        local = shift_to_local(
            parse_times(column.values, column.name, None, calendar.timezone), calendar.timezone
        )
    except DataError:
        return None
    for part, unit in (
        ("time", 1),
        ("minute", 60_000_000),
        ("hour", 3_600_000_000),
        ("date", 86_400_000_000),
    ):
        if np.array_equal(local // unit, calendar.local // unit) and (unit == 1 or np.all(local % unit == 0)):
            return part
    return None


def _grows(values: NDArray[np.floating], rows: list[int], calendar: Calendar) -> bool:
    if len(values) != len(calendar.days) or not np.all(np.isfinite(values)):
        return False
    block = np.repeat(np.arange(len(rows)), rows) if len(rows) > 1 else calendar.days
    order = np.argsort(block, kind="stable")
    starts = np.flatnonzero(np.diff(block[order], prepend=block[order][:1] - 1))
    low = np.minimum.reduceat(values[order], starts)
    high = np.maximum.reduceat(values[order], starts)
    return grows_with_time(list(zip(low.tolist(), high.tolist(), strict=True)))


def count_rows(
    grids: Mapping[str, Grid], table: pa.Table, options: ColumnOptions, window: Window | None = None
) -> Profile:
    """Return the profile of the rows of `table` on `grids`.

    A column that the rows lack is counted as missing and named in `absent`; one that cannot be read at
    all counts as unreadable in every row and never stops the other columns. Derived columns are never absent.

    >>> grids = {"plan": CategoryGrid(names=("a", "b")), "size": CategoryGrid(names=("s",))}
    >>> profile = count_rows(grids, pa.table({"plan": ["a", "z", None]}), ColumnOptions())
    >>> profile.columns["plan"].cells.tolist(), profile.columns["plan"].missing, sorted(profile.absent)
    ([1, 0, 0, 1], 1, ['size'])
    """
    rows = table.num_rows
    if rows == 0:
        return Profile(rows=0, columns={name: empty_counts(grid) for name, grid in grids.items()})
    present = set(table.column_names)
    ends_at = window.end if window else None
    delivered = {name: grid for name, grid in grids.items() if get_recipe(grid) is None}
    columns = {
        name: _count_one(grid, table, name, options, ends_at) if name in present else count_absent(grid, rows)
        for name, grid in delivered.items()
    }
    derived = count_derived(grids, table, options)
    keyed = bool(options.key) and set(options.key) <= present
    return Profile(
        rows=rows,
        columns={name: derived[name] if name in derived else columns[name] for name in grids},
        absent=frozenset({*delivered, *options.key} - present),
        extra=frozenset(name for name in present - set(delivered) if skip_by_name(name, options) is None),
        keys=sample_keys(hash_keys(table, options.key)) if keyed else None,
    )


def count_absent(grid: Grid, rows: int) -> Counts:
    """Return the counts of a column that is not there: missing in every row."""
    return Counts(grid=grid, cells=np.zeros(grid.cells, dtype=np.int64), missing=rows)


def _count_one(
    grid: Grid, table: pa.Table, name: str, options: ColumnOptions, ends_at: datetime | None
) -> Counts:
    try:
        column = get_column(table, name)
        return count_column(grid, column, missing=options.missing, ends_at=ends_at, timezone=options.timezone)
    except (pa.ArrowException, DataError):
        cells = np.zeros(grid.cells, dtype=np.int64)
        return Counts(grid=grid, cells=cells, unreadable=table.num_rows)
