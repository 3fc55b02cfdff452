"""What a stretch of time left in the store, for many monitors at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.store.incidents import IncidentRow, read_incidents, select_incidents
from driftwatch.store.tables import incidents, monitors, reference_blocks, reference_versions, verdicts

__all__ = ["Tally", "count_windows", "list_reference_ends", "list_seen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many windows of a monitor fell to each verdict, and how many rows they had."""

    windows: Mapping[str, int]
    rows: int


def count_windows(
    connection: sa.Connection, since: datetime, until: datetime, *, idle: tuple[str, str]
) -> dict[str, Tally]:
    """Return what became of the windows that ended after `since` and not after `until`, by monitor.

    `idle` is a reason, and the word for windows with that reason in place of their verdict.
    """
    reason, instead = idle
    word = sa.case((verdicts.c.reason == reason, instead), else_=verdicts.c.word).label("word")
    query = (
        sa.select(
            monitors.c.monitor_key,
            word,
            sa.func.count().label("windows"),
            sa.func.coalesce(sa.func.sum(verdicts.c.row_count), 0).label("rows"),
        )
        .join(monitors, monitors.c.id == verdicts.c.monitor_id)
        .where(
            verdicts.c.history == monitors.c.history,
            verdicts.c.newest,
            verdicts.c.window_end > since,
            verdicts.c.window_end <= until,
        )
        .group_by(monitors.c.monitor_key, word)
    )
    windows: defaultdict[str, dict[str, int]] = defaultdict(dict)
    rows: defaultdict[str, int] = defaultdict(int)
    for row in connection.execute(query):
        windows[row.monitor_key][row.word] = int(row.windows)
        rows[row.monitor_key] += int(row.rows)
    return {key: Tally(windows=found, rows=rows[key]) for key, found in windows.items()}


def list_seen(
    connection: sa.Connection, keys: Collection[str], since: datetime, until: datetime, *, at_most: int
) -> tuple[list[IncidentRow], int]:
    """Return the incidents of monitors that were open at some time from `since` to `until`, newest first.

    They are `at_most` so many; the second number is how many there are in all.
    """
    conditions = (
        monitors.c.monitor_key.in_(keys),
        incidents.c.opened_at.is_not(None),
        incidents.c.opened_at <= until,
        sa.or_(incidents.c.resolved_at.is_(None), incidents.c.resolved_at >= since),
    )
    query = select_incidents().where(*conditions).order_by(None).order_by(incidents.c.id.desc())
    found = read_incidents(connection, query.limit(at_most))
    if len(found) < at_most:
        return found, len(found)
    joined = incidents.join(monitors, monitors.c.id == incidents.c.monitor_id)
    total = connection.execute(sa.select(sa.func.count()).select_from(joined).where(*conditions)).scalar()
    return found, int(total or 0)


def list_reference_ends(connection: sa.Connection) -> dict[str, datetime]:
    """Return where the rows of each monitor's active reference end, by monitor."""
    same = sa.and_(
        reference_blocks.c.monitor_id == reference_versions.c.monitor_id,
        reference_blocks.c.version == reference_versions.c.version,
    )
    query = (
        sa.select(monitors.c.monitor_key, sa.func.max(reference_blocks.c.window_end))
        .select_from(reference_versions)
        .join(reference_blocks, same)
        .join(monitors, monitors.c.id == reference_versions.c.monitor_id)
        .where(
            reference_versions.c.state == "active",
            reference_versions.c.history == monitors.c.history,
            reference_blocks.c.window_end.is_not(None),
        )
        .group_by(monitors.c.monitor_key)
    )
    return {key: end for key, end in connection.execute(query) if end is not None}
