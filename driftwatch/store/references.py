"""Reference versions: pinned grids and blocks, of which one is active."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.profiles.grid import Grid
from driftwatch.profiles.reference import Block, Reference, Skipped
from driftwatch.profiles.window import Window
from driftwatch.store.batches import build_profile, describe_batch
from driftwatch.store.codec import decode_grid, encode_counts, encode_grid
from driftwatch.store.monitors import MonitorRow, begin_history
from driftwatch.store.recipe_codec import attach_recipes, describe_recipes
from driftwatch.store.stored_columns import StoredColumns
from driftwatch.store.tables import (
    monitors,
    reference_blocks,
    reference_columns,
    reference_counts,
    reference_versions,
)

__all__ = [
    "ReferenceRow",
    "ReferenceState",
    "find_former",
    "list_active",
    "list_references",
    "list_versions",
    "load_reference",
    "promote_reference",
    "save_reference",
]


class ReferenceState(StrEnum):
    """What a reference version is good for."""

    CANDIDATE = "candidate"  # Built, and judged against by nobody until it is promoted.
    ACTIVE = "active"  # The one that windows are judged against.
    RETIRED = "retired"  # It was active once, or belongs to an earlier history.


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """A reference version without its counts. `spec` is what it was built from.

    `history` is the latest history of the monitor in which it can judge. `promoted_by` made it judge last,
    because of `promoted_why`; both are None where nobody said.
    """

    version: int
    history: int
    state: ReferenceState
    built_at: datetime
    promoted_at: datetime | None
    rows: int
    spec: Mapping[str, Any]
    skipped: tuple[Skipped, ...]
    promoted_by: str | None = None
    promoted_why: str | None = None


def save_reference(
    connection: sa.Connection,
    monitor: MonitorRow,
    reference: Reference,
    *,
    spec: Mapping[str, Any],
    now: datetime,
    state: ReferenceState = ReferenceState.CANDIDATE,
) -> int:
    """Keep `reference` as the monitor's next version and return its number; `reference.version` is ignored.

    Saved as active it takes the place of the active one, which is retired.
    """
    of_monitor = reference_versions.c.monitor_id == monitor.id
    newest = connection.execute(
        sa.select(sa.func.max(reference_versions.c.version)).where(of_monitor)
    ).scalar()
    key = {"monitor_id": monitor.id, "version": (newest or 0) + 1}
    is_active = state is ReferenceState.ACTIVE
    if is_active:
        _retire_active(connection, monitor)
    head = {
        "history": monitor.history,
        "state": state,
        "built_at": now,
        "promoted_at": now if is_active else None,
        "row_count": sum(block.profile.rows for block in reference.blocks),
        "spec": dict(spec),
        "skipped": [[skipped.column, skipped.why] for skipped in reference.skipped],
        "derived": describe_recipes(reference.grids),
    }
    connection.execute(sa.insert(reference_versions).values(key | head))
    _insert_parts(connection, key, reference)
    return key["version"]


def load_reference(
    connection: sa.Connection, monitor: MonitorRow, version: int | None = None
) -> Reference | None:
    """Return `version` of the monitor's reference, or the active one; None where there is none.

    Grids and counts are those that were saved, bit for bit; samples of keys have no hashes any more.
    Raises StoreError where the stored bytes are damaged.
    """
    wanted = _select_version(monitor, version)
    head = connection.execute(wanted).one_or_none()
    if head is None:
        return None
    place = f"reference version {head.version} of {monitor.key}"
    names: dict[int, str] = {}
    grids: dict[str, Grid] = {}
    for row in connection.execute(_select_parts(reference_columns, head, reference_columns.c.place)):
        names[row.place] = row.column_name
        grids[row.column_name] = decode_grid(row.grid, what=f"{place}, grid of column {row.column_name!r}")
    grids = attach_recipes(grids, head.derived, what=place)
    stored: defaultdict[int, dict[str, bytes]] = defaultdict(dict)
    for row in connection.execute(_select_parts(reference_counts, head, reference_counts.c.place)):
        stored[row.block][names[row.place]] = row.counts
    blocks = tuple(
        Block(
            window=_read_window(row),
            profile=build_profile(
                StoredColumns(stored[row.block], grids, what=f"{place}, block {row.block}"), row.batch
            ),
        )
        for row in connection.execute(_select_parts(reference_blocks, head, reference_blocks.c.block))
    )
    reference = Reference(grids=grids, blocks=blocks, skipped=_read_skipped(head), version=head.version)
    # What is damaged is met here, and not while a window is judged.
    _ = reference.total
    return reference


def list_references(connection: sa.Connection, monitor: MonitorRow) -> list[ReferenceRow]:
    """Return every version of the monitor's reference, oldest first, those of earlier histories too."""
    query = sa.select(reference_versions).where(reference_versions.c.monitor_id == monitor.id)
    rows = connection.execute(query.order_by(reference_versions.c.version))
    return [_build_row(row, monitor.history) for row in rows]


def list_versions(connection: sa.Connection, keys: Sequence[str]) -> dict[str, list[ReferenceRow]]:
    """Return every version of the references of several monitors, oldest first, by the monitors' keys."""
    table = reference_versions
    query = (
        sa.select(table, monitors.c.monitor_key, monitors.c.history.label("present"))
        .join(monitors, monitors.c.id == table.c.monitor_id)
        .where(monitors.c.monitor_key.in_(list(keys)))
        .order_by(table.c.monitor_id, table.c.version)
    )
    found: defaultdict[str, list[ReferenceRow]] = defaultdict(list)
    for row in connection.execute(query) if keys else ():
        found[row.monitor_key].append(_build_row(row, row.present))
    return found


def _build_row(row: sa.Row[Any], present: int) -> ReferenceRow:
    return ReferenceRow(
        version=row.version,
        history=row.history,
        state=_read_state(row, present),
        built_at=row.built_at,
        promoted_at=row.promoted_at,
        rows=row.row_count,
        spec=row.spec,
        skipped=_read_skipped(row),
        promoted_by=row.promoted_by,
        promoted_why=row.promoted_why,
    )


def list_active(connection: sa.Connection) -> set[tuple[int, int, int]]:
    """Return the references that are active, of every monitor, as (monitor's id, history, version)."""
    columns = (reference_versions.c.monitor_id, reference_versions.c.history, reference_versions.c.version)
    query = sa.select(*columns).where(reference_versions.c.state == ReferenceState.ACTIVE)
    return {(row.monitor_id, row.history, row.version) for row in connection.execute(query)}


def find_former(connection: sa.Connection, monitor: MonitorRow) -> ReferenceRow | None:
    """Return the version that judged before the active one, None where there was none."""
    former = [
        row
        for row in list_references(connection, monitor)
        if row.history == monitor.history and row.state is ReferenceState.RETIRED and row.promoted_at
    ]
    return max(former, key=lambda row: (row.promoted_at, row.version), default=None)


def promote_reference(
    connection: sa.Connection,
    monitor: MonitorRow,
    version: int,
    now: datetime,
    *,
    who: str = "",
    why: str = "",
) -> ReferenceRow:
    """Make `version` the active one, retire the one before it, and return it; `who` and `why` are kept.

    Another reference starts another history: every version goes along to it, so that it can be promoted
    there. The one that is active already changes nothing.

    Raises UsageError for a version that the monitor's present history does not have.
    """
    known = {
        row.version: row for row in list_references(connection, monitor) if row.history == monitor.history
    }
    if version not in known:
        listed = ", ".join(f"{row.version} ({row.state})" for row in known.values()) or "none yet"
        raise UsageError(f"{monitor.key} has no reference version {version}; its versions: {listed}")
    if known[version].state is ReferenceState.ACTIVE:
        return known[version]
    renewed = begin_history(connection, monitor, now)
    _retire_active(connection, monitor)
    table = reference_versions
    of_history = sa.and_(table.c.monitor_id == monitor.id, table.c.history == monitor.history)
    connection.execute(sa.update(table).where(of_history).values(history=renewed.history))
    connection.execute(
        sa.update(table)
        .where(table.c.monitor_id == monitor.id, table.c.version == version)
        .values(
            state=ReferenceState.ACTIVE, promoted_at=now, promoted_by=who or None, promoted_why=why or None
        )
    )
    return next(row for row in list_references(connection, renewed) if row.version == version)


def _retire_active(connection: sa.Connection, monitor: MonitorRow) -> None:
    table = reference_versions
    connection.execute(
        sa.update(table)
        .where(table.c.monitor_id == monitor.id, table.c.state == ReferenceState.ACTIVE)
        .values(state=ReferenceState.RETIRED)
    )


def _insert_parts(connection: sa.Connection, key: Mapping[str, Any], reference: Reference) -> None:
    places = {name: place for place, name in enumerate(reference.grids)}
    columns = [
        {**key, "place": places[name], "column_name": name, "kind": grid.kind, "grid": encode_grid(grid)}
        for name, grid in reference.grids.items()
    ]
    blocks = [
        {
            **key,
            "block": number,
            "window_start": block.window and block.window.start,
            "window_end": block.window and block.window.end,
            "row_count": block.profile.rows,
            "batch": describe_batch(block.profile),
        }
        for number, block in enumerate(reference.blocks)
    ]
    counts = [
        {**key, "block": number, "place": places[name], "counts": encode_counts(counts)}
        for number, block in enumerate(reference.blocks)
        for name, counts in block.profile.columns.items()
    ]
    for table, rows in ((reference_columns, columns), (reference_blocks, blocks), (reference_counts, counts)):
        if rows:
            connection.execute(sa.insert(table), rows)


def _select_version(monitor: MonitorRow, version: int | None) -> sa.Select[Any]:
    table = reference_versions
    query = sa.select(table).where(table.c.monitor_id == monitor.id)
    if version is not None:
        return query.where(table.c.version == version)
    return query.where(table.c.history == monitor.history, table.c.state == ReferenceState.ACTIVE)


def _select_parts(table: sa.Table, head: sa.Row[Any], order: sa.Column[Any]) -> sa.Select[Any]:
    of_version = sa.and_(table.c.monitor_id == head.monitor_id, table.c.version == head.version)
    return sa.select(table).where(of_version).order_by(order)


def _read_window(row: sa.Row[Any]) -> Window | None:
    return None if row.window_start is None else Window(start=row.window_start, end=row.window_end)


def _read_skipped(row: sa.Row[Any]) -> tuple[Skipped, ...]:
    return tuple(Skipped(column=column, why=why) for column, why in row.skipped)


def _read_state(row: sa.Row[Any], present: int) -> ReferenceState:
    # What was active in an earlier history judges nothing any more.
    return ReferenceState(row.state) if row.history == present else ReferenceState.RETIRED
