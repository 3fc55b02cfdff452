"""Batches read and counted column by column, in two threads.

Memory is bounded by one column of the reference and one piece of the current batch for each thread; only
files that cannot be read by column (CSV, JSON) hold their reference in memory whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.jobs.event_time import bound_times
from driftwatch.profiles.build import build_grid, check_names, count_absent, count_rows, skip_by_name
from driftwatch.profiles.calendar import Calendar
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.counts import Counts, empty_counts
from driftwatch.profiles.grid import Grid, get_recipe
from driftwatch.profiles.keys import KeySample, hash_keys, sample_keys
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Block, Reference, Skipped
from driftwatch.profiles.times import NO_TIME, read_times
from driftwatch.profiles.window import Window
from driftwatch.sources.frames import Frame
from driftwatch.sources.readable import Readable

__all__ = ["build_reference_of", "count_batch", "gather_rows"]

# One long list is sorted and searched in less time than its parts are, and 8 MB a column are no burden.
_ROWS_AT_ONCE = 1_000_000


def build_reference_of(rows: Readable, options: ColumnOptions, executor: Executor) -> Reference:
    """Return the reference made of all `rows` as one block, from its first event time to its last.

    Raises DataError when there are no rows, or when `options` name a column that is not there.
    """
    check_names(rows.columns, options)
    held = rows if rows.by_column else _hold(rows)
    if not held.rows:
        raise DataError(f"the reference is empty: there are no rows in {rows.path}")
    times = _read_event_times(held, options)
    window = None if times is None else bound_times(times)
    calendar = None if times is None else Calendar(times[times != NO_TIME], options.timezone)

    def build(name: str) -> tuple[str, Skipped | Counts]:
        return name, _build_column(held, name, options, (calendar, window))

    built = list(executor.map(build, held.columns))
    counts = {name: found for name, found in built if isinstance(found, Counts)}
    profile = Profile(rows=held.rows, columns=counts, keys=_sample(held, options))
    return Reference(
        grids={name: found.grid for name, found in counts.items()},
        blocks=(Block(window=window, profile=profile),),
        skipped=tuple(found for _, found in built if isinstance(found, Skipped)),
    )


def _hold(rows: Readable) -> Frame:
    tables = list(rows.read_tables())
    whole = pa.concat_tables(tables) if tables else rows.schema.empty_table()
    return Frame(table=whole, path=rows.path)


def _read_event_times(rows: Readable, options: ColumnOptions) -> NDArray[np.int64] | None:
    if options.time is None:
        return None
    read = [
        read_times(table, options.time, timezone=options.timezone)
        for table in rows.read_tables(options.time.columns)
    ]
    return np.concatenate(read) if read else np.empty(0, dtype=np.int64)


def _build_column(
    rows: Readable, name: str, options: ColumnOptions, when: tuple[Calendar | None, Window | None]
) -> Skipped | Counts:
    why = skip_by_name(name, options)
    if why is not None:
        return Skipped(column=name, why=why)
    calendar, window = when
    table = pa.concat_tables(rows.read_column(name))
    grid = build_grid(name, [(window, table)], options, calendar)
    return grid if isinstance(grid, Skipped) else _count_table(grid, name, table, options, window)


def _count_table(
    grid: Grid, name: str, table: pa.Table, options: ColumnOptions, window: Window | None
) -> Counts:
    alone = replace(options, key=())  # The key is in other columns than this one.
    return count_rows({name: grid}, table, alone, window).columns[name]


def _sample(rows: Readable, options: ColumnOptions) -> KeySample | None:
    if not options.key or not set(options.key) <= set(rows.columns):
        return None
    samples = (sample_keys(hash_keys(table, options.key)) for table in rows.read_tables(options.key))
    return reduce(add, samples, sample_keys(np.empty(0, dtype=np.uint64)))


def count_batch(reference: Reference, rows: Readable, options: ColumnOptions, executor: Executor) -> Profile:
    """Return all `rows` counted on the grids of `reference`, those of derived columns left out.

    Dates are counted as their age at the batch's last event time, where it has an event time.
    """
    grids = {name: grid for name, grid in reference.grids.items() if get_recipe(grid) is None}
    window = _find_window(reference, rows, options)
    parts = [rows] if rows.by_column else (Frame(table=table) for table in rows.read_tables())
    counted = (_count_part(grids, part, options, window, executor) for part in parts)
    return reduce(add, counted, _count_nothing(grids))


def _find_window(reference: Reference, rows: Readable, options: ColumnOptions) -> Window | None:
    window = reference.blocks[-1].window
    if window is None or all(grid.kind != "time" for grid in reference.grids.values()):
        return None
    try:
        times = _read_event_times(rows, options)
    except DataError:
        return window  # A batch without readable event times has the ages it had for the reference.
    found = None if times is None else bound_times(times)
    return found or window


def _count_nothing(grids: Mapping[str, Grid]) -> Profile:
    return Profile(rows=0, columns={name: empty_counts(grid) for name, grid in grids.items()})


def _count_part(
    grids: Mapping[str, Grid],
    rows: Readable,
    options: ColumnOptions,
    window: Window | None,
    executor: Executor,
) -> Profile:
    present, total = set(rows.columns), rows.rows or 0

    def count(name: str) -> Counts:
        grid = grids[name]
        if name not in present:
            return count_absent(grid, total)
        pieces = gather_rows(rows.read_column(name), _ROWS_AT_ONCE)
        counted = (_count_table(grid, name, table, options, window) for table in pieces)
        return reduce(add, counted, empty_counts(grid))

    return Profile(
        rows=total,
        columns=dict(zip(grids, executor.map(count, grids), strict=True)),
        absent=frozenset({*grids, *options.key} - present),
        extra=frozenset(present - set(grids)),
        keys=_sample(rows, options),
    )


def gather_rows(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables of at least `rows`, the last one excepted."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(part.num_rows for part in held) >= rows:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)
