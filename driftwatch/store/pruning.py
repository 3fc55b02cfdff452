"""What is old in the store, and how it is thinned out and dropped, a few hundred rows at a time.

A slot is never dropped: that its window was judged, so that nobody owes it any more, is known by it alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.store.tables import (
    calibrations,
    column_statistics,
    findings,
    profiles,
    reference_columns,
    scores,
    verdicts,
)
from driftwatch.store.verdicts import Grain

__all__ = [
    "MOST_ROWS",
    "OldVerdict",
    "Scope",
    "count_columns",
    "delete_calibrations",
    "delete_scores",
    "delete_verdicts",
    "drop_counts",
    "find_floor",
    "find_oldest_verdict",
    "has_verdicts",
    "keep_coarsely",
    "list_counts",
    "list_old_verdicts",
]

MOST_ROWS = 500
"""Rows that one transaction may change or delete, roughly: writers wait for it."""

_NOTHING = datetime(1900, 1, 1, tzinfo=UTC)
_EVERYTHING = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One history of one monitor."""

    monitor_id: int
    history: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OldVerdict:
    """A revision of a verdict. `has_counts` says that it was judged on counts, kept or not."""

    window_start: datetime
    revision: int
    finished_at: datetime
    reference_version: int | None
    has_counts: bool


def find_floor(connection: sa.Connection, scope: Scope, windows: int) -> datetime:
    """Return the start of the earliest of the newest so many windows: only what starts before it may go.

    The latest window that had rows stays too, so that it is known since when rows are late.
    """
    if windows == 0:
        return _EVERYTHING
    starts = (
        sa.select(verdicts.c.window_start)
        .where(_is_of(verdicts, scope), verdicts.c.newest)
        .order_by(verdicts.c.window_start.desc())
        .limit(1)
    )
    first = connection.execute(starts.offset(windows - 1)).scalar()
    filled = connection.execute(starts.where(verdicts.c.row_count > 0)).scalar()
    return _NOTHING if first is None else min(one for one in (first, filled) if one is not None)


def list_old_verdicts(
    connection: sa.Connection,
    scope: Scope,
    grain: Grain | None,
    *,
    before: datetime,
    floor: datetime,
    after: OldVerdict | None = None,
) -> list[OldVerdict]:
    """Return verdicts finished `before` a time, on windows that start before `floor`, first finished first.

    Those whose counts are kept in `grain`, at most `MOST_ROWS`, that come `after` another one.
    """
    order = (verdicts.c.finished_at, verdicts.c.window_start, verdicts.c.revision)
    query = sa.select(verdicts).where(
        _is_of(verdicts, scope),
        verdicts.c.grain.is_(None) if grain is None else verdicts.c.grain == grain,
        verdicts.c.finished_at < before,
        verdicts.c.window_start < floor,
    )
    if after is not None:
        query = query.where(
            sa.or_(
                verdicts.c.finished_at > after.finished_at,
                sa.and_(
                    verdicts.c.finished_at == after.finished_at,
                    sa.or_(
                        verdicts.c.window_start > after.window_start,
                        sa.and_(
                            verdicts.c.window_start == after.window_start,
                            verdicts.c.revision > after.revision,
                        ),
                    ),
                ),
            )
        )
    return [
        OldVerdict(
            window_start=row.window_start,
            revision=row.revision,
            finished_at=row.finished_at,
            reference_version=row.reference_version,
            has_counts=row.batch is not None,
        )
        for row in connection.execute(query.order_by(*order).limit(MOST_ROWS))
    ]


def find_oldest_verdict(connection: sa.Connection, monitor_id: int) -> datetime:
    """Return the start of the earliest window of a monitor that has a verdict, of all its histories."""
    query = sa.select(sa.func.min(verdicts.c.window_start)).where(verdicts.c.monitor_id == monitor_id)
    return connection.execute(query).scalar() or _NOTHING


def delete_scores(connection: sa.Connection, scope: Scope, *, before: datetime) -> int:
    """Delete scores of windows that start before a time, at most `MOST_ROWS`; return how many they were."""
    is_old = sa.and_(_is_of(scores, scope), scores.c.window_start < before)
    query = sa.select(scores.c.window_start).where(is_old).order_by(scores.c.window_start)
    last = connection.execute(query.limit(MOST_ROWS)).scalars().all()[-1:]
    if not last:
        return 0
    gone = sa.delete(scores).where(_is_of(scores, scope), scores.c.window_start <= last[0])
    return connection.execute(gone).rowcount


def has_verdicts(connection: sa.Connection, scope: Scope, start: datetime, end: datetime) -> bool:
    """Return whether a verdict is kept on a window that starts from `start` to `end`, both inclusive."""
    query = sa.select(sa.literal(1)).where(
        _is_of(verdicts, scope), verdicts.c.window_start.between(start, end)
    )
    return connection.execute(query.limit(1)).scalar() is not None


def count_columns(connection: sa.Connection, monitor_id: int) -> dict[int, int]:
    """Return how many columns each version of the monitor's reference has."""
    table = reference_columns
    query = (
        sa.select(table.c.version, sa.func.count())
        .where(table.c.monitor_id == monitor_id)
        .group_by(table.c.version)
    )
    return {version: count for version, count in connection.execute(query)}  # noqa: C416 - rows are no pairs to mypy.


def list_counts(connection: sa.Connection, scope: Scope, old: OldVerdict) -> list[tuple[int, str, bytes]]:
    """Return the place, the name and the stored counts of every column of a verdict, in order."""
    query = sa.select(profiles).where(_is_judged(profiles, scope, old)).order_by(profiles.c.place)
    return [(row.place, row.column_name, row.counts) for row in connection.execute(query)]


def keep_coarsely(
    connection: sa.Connection, scope: Scope, old: OldVerdict, counts: Sequence[tuple[int, bytes]]
) -> bool:
    """Keep `counts`, by their places, for those of a verdict; False where they are not fine any more."""
    marked = connection.execute(
        sa.update(verdicts)
        .where(_is_judged(verdicts, scope, old), verdicts.c.grain.is_(None))
        .values(grain=Grain.COARSE)
    )
    if marked.rowcount != 1:
        return False
    for place, data in counts:
        connection.execute(
            sa.update(profiles)
            .where(_is_judged(profiles, scope, old), profiles.c.place == place)
            .values(counts=data)
        )
    return True


def drop_counts(connection: sa.Connection, scope: Scope, olds: Collection[OldVerdict]) -> None:
    """Delete the counts of verdicts, and note that they are gone."""
    for old in olds:
        connection.execute(sa.delete(profiles).where(_is_judged(profiles, scope, old)))
        connection.execute(
            sa.update(verdicts).where(_is_judged(verdicts, scope, old)).values(grain=Grain.GONE)
        )


def delete_verdicts(connection: sa.Connection, scope: Scope, olds: Collection[OldVerdict]) -> None:
    """Delete verdicts with all that was found; a window without a verdict keeps no scores either."""
    for old in olds:
        for table in (findings, column_statistics, profiles, verdicts):
            connection.execute(sa.delete(table).where(_is_judged(table, scope, old)))
    for start in {old.window_start for old in olds}:
        if not has_verdicts(connection, scope, start, start):
            connection.execute(sa.delete(scores).where(_is_of(scores, scope), scores.c.window_start == start))


def delete_calibrations(connection: sa.Connection, scope: Scope) -> int:
    """Delete calibrations that no window with a verdict or scores was judged with; return how many they were.

    The newest one for each version of the reference stays, and at most `MOST_ROWS` are deleted.
    """
    table = calibrations
    starts = (
        connection.execute(sa.select(sa.func.min(kept.c.window_start)).where(_is_of(kept, scope))).scalar()
        for kept in (verdicts, scores)
    )
    oldest = min((start for start in starts if start is not None), default=None)
    until = sa.select(table.c.reference_version, sa.func.max(table.c.window_start)).where(
        _is_of(table, scope)
    )
    if oldest is not None:
        until = until.where(table.c.window_start <= oldest)
    deleted = 0
    for version, start in connection.execute(until.group_by(table.c.reference_version)).all():
        of_version = sa.and_(_is_of(table, scope), table.c.reference_version == version)
        query = sa.select(table.c.window_start).where(of_version, table.c.window_start < start)
        olds = connection.execute(query.limit(MOST_ROWS - deleted)).scalars().all()
        for old in olds:
            connection.execute(sa.delete(table).where(_is_of(table, scope), table.c.window_start == old))
        deleted += len(olds)
    return deleted


def _is_of(table: sa.Table, scope: Scope) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.monitor_id == scope.monitor_id, table.c.history == scope.history)


def _is_judged(table: sa.Table, scope: Scope, old: OldVerdict) -> sa.ColumnElement[bool]:
    key: dict[str, Any] = {"window_start": old.window_start, "revision": old.revision}
    return sa.and_(_is_of(table, scope), *(table.c[name] == value for name, value in key.items()))
