"""What a verdict was judged on: the counts of its window and every statistic, read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.batches import build_profile
from driftwatch.store.codec import decode_counts
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.tables import column_statistics, profiles, verdicts
from driftwatch.store.verdicts import Grain

__all__ = ["load_profile", "load_statistics", "read_statistics"]


def load_profile(
    connection: sa.Connection,
    monitor: MonitorRow,
    window: Window,
    reference: Reference,
    *,
    only_fine: bool = False,
) -> Profile | None:
    """Return the counts that `window` was last judged on.

    None where it was not judged, where nothing was read, where its counts are no longer kept, or where it was
    counted on the grids of another version than `reference`. Counts kept coarsely serve for what is computed
    on coarse cells; who looks closer asks for `only_fine` ones. Columns that `reference` does not judge are
    left out. Raises StoreError where the stored bytes are damaged.
    """
    head = _find_newest(connection, monitor, window)
    if head is None or head.batch is None or head.reference_version != reference.version:
        return None
    if head.grain == Grain.GONE or (only_fine and head.grain is not None):
        return None
    columns: dict[str, Counts] = {}
    for row in _select_columns(connection, profiles, head):
        what = f"{monitor.key}, window {window}, column {row.column_name!r}"
        if row.column_name not in reference.grids:
            continue  # The configuration leaves it out by now.
        columns[row.column_name] = decode_counts(row.counts, reference.grids[row.column_name], what=what)
    return build_profile(columns, head.batch)


def load_statistics(
    connection: sa.Connection, monitor: MonitorRow, window: Window
) -> dict[str, dict[str, Statistic]]:
    """Return column → statistic → value of the newest verdict on `window`; empty where it was not judged."""
    head = _find_newest(connection, monitor, window)
    if head is None:
        return {}
    return {
        row.column_name: read_statistics(row.statistics)
        for row in _select_columns(connection, column_statistics, head)
    }


def read_statistics(stored: Mapping[str, Mapping[str, float]]) -> dict[str, Statistic]:
    """Return the statistics of one column in one window, as they are stored, by their names."""
    return {name: Statistic(**{"value": None, **parts}) for name, parts in stored.items()}


def _find_newest(connection: sa.Connection, monitor: MonitorRow, window: Window) -> sa.Row[Any] | None:
    query = sa.select(verdicts).where(
        verdicts.c.monitor_id == monitor.id,
        verdicts.c.history == monitor.history,
        verdicts.c.window_start == window.start,
        verdicts.c.newest,
    )
    return connection.execute(query).one_or_none()


def _select_columns(connection: sa.Connection, table: sa.Table, head: sa.Row[Any]) -> sa.CursorResult[Any]:
    same = (
        table.c[name] == getattr(head, name) for name in ("monitor_id", "history", "window_start", "revision")
    )
    return connection.execute(sa.select(table).where(*same).order_by(table.c.place))
