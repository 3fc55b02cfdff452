"""One column read back: its reference, its counts in a window, and what was measured of it over time.

*Why not the whole of it:* a reference of hundreds of columns and blocks takes seconds to read, and a page
about one column needs one part in hundreds of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

import sqlalchemy as sa

from driftwatch.profiles.counts import Counts, empty_counts
from driftwatch.profiles.grid import Grid
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.codec import decode_counts, decode_grid
from driftwatch.store.evidence import read_statistics
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.recipe_codec import list_derived
from driftwatch.store.tables import (
    column_statistics,
    profiles,
    reference_blocks,
    reference_columns,
    reference_counts,
    reference_versions,
    verdicts,
)

__all__ = [
    "Measured",
    "StoredColumn",
    "count_stored",
    "list_statistics",
    "list_stored_columns",
    "load_column_reference",
    "load_column_window",
]

Measured = Mapping[datetime, Mapping[str, Statistic]]
"""What was measured of a column, by the start of the window and the name of the statistic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredColumn:
    """A column that a version of a reference has: its place, its name and what it is judged as.

    `is_derived`: nobody delivers it, it is computed from others.
    """

    place: int
    name: str
    kind: str
    is_derived: bool = False


def list_stored_columns(connection: sa.Connection, monitor: MonitorRow, version: int) -> list[StoredColumn]:
    """Return the columns of a version of the monitor's reference, in its order."""
    table, heads = reference_columns, reference_versions
    query = (
        sa.select(table.c.place, table.c.column_name, table.c.kind, heads.c.derived)
        .join(heads, sa.and_(heads.c.monitor_id == table.c.monitor_id, heads.c.version == table.c.version))
        .where(table.c.monitor_id == monitor.id, table.c.version == version)
        .order_by(table.c.place)
    )
    rows = connection.execute(query).all()
    derived = list_derived(rows[0].derived) if rows else frozenset()
    return [
        StoredColumn(
            place=row.place, name=row.column_name, kind=row.kind, is_derived=row.column_name in derived
        )
        for row in rows
    ]


def count_stored(connection: sa.Connection, monitor: MonitorRow, version: int) -> int:
    """Return how many counts a version of the reference has: one a column and block."""
    found = (
        connection.execute(
            sa.select(sa.func.count()).where(table.c.monitor_id == monitor.id, table.c.version == version)
        ).scalar_one()
        for table in (reference_columns, reference_blocks)
    )
    columns, blocks = found
    return int(columns * blocks)


def load_column_reference(
    connection: sa.Connection, monitor: MonitorRow, version: int, column: StoredColumn
) -> Counts:
    """Return one column of a version of the reference, all blocks together.

    Raises StoreError where the stored bytes are damaged.
    """
    grid = _load_grid(connection, monitor, version, column)
    table = reference_counts
    query = sa.select(table.c.block, table.c.counts).where(
        table.c.monitor_id == monitor.id, table.c.version == version, table.c.place == column.place
    )
    blocks = (
        decode_counts(row.counts, grid, what=f"{_name(monitor, version, column)}, block {row.block}")
        for row in connection.execute(query)
    )
    return reduce(add, blocks, empty_counts(grid))


def _load_grid(connection: sa.Connection, monitor: MonitorRow, version: int, column: StoredColumn) -> Grid:
    table = reference_columns
    query = sa.select(table.c.grid).where(
        table.c.monitor_id == monitor.id, table.c.version == version, table.c.place == column.place
    )
    data = connection.execute(query).scalar_one()
    return decode_grid(data, what=f"{_name(monitor, version, column)}, its grid")


def _name(monitor: MonitorRow, version: int, column: StoredColumn) -> str:
    return f"reference version {version} of {monitor.key}, column {column.name!r}"


def load_column_window(
    connection: sa.Connection, monitor: MonitorRow, window: Window, column: str, grid: Grid
) -> Counts | None:
    """Return what a window was last judged on in one column; None where that is no longer kept.

    Raises StoreError where the stored bytes are damaged, or were counted on another grid.
    """
    query = (
        sa.select(profiles.c.column_name, profiles.c.counts)
        .select_from(_join_newest(profiles))
        .where(
            verdicts.c.monitor_id == monitor.id,
            verdicts.c.history == monitor.history,
            verdicts.c.window_start == window.start,
            profiles.c.column_name == column,
        )
    )
    # A database may take names for the same that differ in blanks at their end.
    found = [row for row in connection.execute(query) if row.column_name == column]
    if not found:
        return None
    what = f"{monitor.key}, window {window}, column {column!r}"
    return decode_counts(found[0].counts, grid, what=what)


def list_statistics(
    connection: sa.Connection, monitor: MonitorRow, columns: Collection[str], first: datetime, last: datetime
) -> Mapping[str, Measured]:
    """Return what was measured of columns in the windows that start from `first` to `last`, both inclusive.

    That of the newest revision of each window.
    """
    table = column_statistics
    query = (
        sa.select(table.c.window_start, table.c.column_name, table.c.statistics)
        .select_from(_join_newest(table))
        .where(
            verdicts.c.monitor_id == monitor.id,
            verdicts.c.history == monitor.history,
            verdicts.c.window_start.between(first, last),
            table.c.column_name.in_(list(columns)),
        )
    )
    found: defaultdict[str, dict[datetime, Mapping[str, Statistic]]] = defaultdict(dict)
    for row in connection.execute(query):
        found[row.column_name][row.window_start] = read_statistics(row.statistics)
    return {name: found[name] for name in columns if name in found}


def _join_newest(table: sa.Table) -> sa.Join:
    same = (
        table.c[name] == verdicts.c[name] for name in ("monitor_id", "history", "window_start", "revision")
    )
    return sa.join(verdicts, table, sa.and_(*same, verdicts.c.newest))
