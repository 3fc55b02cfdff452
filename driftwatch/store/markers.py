"""Markers as the store keeps them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from driftwatch.incidents.markers import Marker
from driftwatch.store.tables import markers

__all__ = ["Wanted", "add_marker", "delete_markers", "list_markers", "list_old_markers", "page_markers"]

_FIELDS: Final = ("kind", "version", "text", "at", "monitor", "owner", "author", "created_at")
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which markers are asked for; None is any.

    Those that concern a `monitor` are its own, those of its `owner`, and those of every monitor. `start` is
    inclusive, `end` exclusive.
    """

    monitor: str | None = None
    owner: str | None = None
    start: datetime | None = None
    end: datetime | None = None


def add_marker(connection: sa.Connection, marker: Marker) -> Marker:
    """Keep a marker and return it with its number; one that is known already is not kept twice."""
    same = [markers.c[_name(name)].is_not_distinct_from(getattr(marker, name)) for name in _FIELDS[:-1]]
    known = _read(connection, sa.select(markers).where(*same).limit(1))
    if known:
        return known[0]
    values = {_name(name): getattr(marker, name) for name in _FIELDS}
    inserted = connection.execute(sa.insert(markers).values(values))
    return replace(marker, id=int(inserted.inserted_primary_key[0]))  # type: ignore[index]  # One row was inserted.


def list_markers(connection: sa.Connection, wanted: Wanted, *, at_most: int) -> list[Marker]:
    """Return so many markers, the latest first."""
    query = sa.select(markers).where(*_choose(wanted)).order_by(markers.c.at.desc(), markers.c.id.desc())
    return _read(connection, query.limit(at_most))


def page_markers(
    connection: sa.Connection,
    wanted: Wanted,
    *,
    at_most: int,
    skip: int = 0,
    before: tuple[datetime, int] | None = None,
) -> tuple[list[Marker], int]:
    """Return so many markers, the latest first and after those skipped, and how many there are in all.

    `before`, the time and the number of one, leaves out that one and those that are later.
    """
    count = sa.select(sa.func.count()).select_from(markers).where(*_choose(wanted))
    query = sa.select(markers).where(*_choose(wanted)).order_by(markers.c.at.desc(), markers.c.id.desc())
    if before is not None:
        at, number = before
        is_earlier = sa.and_(markers.c.at == at, markers.c.id < number)
        query = query.where(sa.or_(markers.c.at < at, is_earlier))
    return _read(connection, query.limit(at_most).offset(skip)), int(connection.execute(count).scalar_one())


def list_old_markers(
    connection: sa.Connection, *, before: datetime, monitor: str | None, others: Collection[str] = ()
) -> list[int]:
    """Return the numbers of markers of what happened and was marked before a time, at most 500.

    Those of the monitor with this key; where that is None, of every one but `others`.
    """
    is_ours = markers.c.monitor_key == monitor
    if monitor is None:
        is_ours = sa.or_(markers.c.monitor_key.is_(None), markers.c.monitor_key.not_in(list(others)))
    is_old = sa.and_(markers.c.at < before, markers.c.created_at < before)
    query = sa.select(markers.c.id).where(is_ours, is_old).order_by(markers.c.id).limit(_AT_ONCE)
    return [int(found) for found in connection.execute(query).scalars()]


def delete_markers(connection: sa.Connection, ids: Collection[int]) -> None:
    """Delete markers; incidents that named them still do."""
    connection.execute(sa.delete(markers).where(markers.c.id.in_(list(ids))))


def _choose(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    key, owner = markers.c.monitor_key, markers.c.owner
    if wanted.monitor is not None:
        concerns = [key == wanted.monitor, sa.and_(key.is_(None), owner.is_(None))]
        concerns += [owner == wanted.owner] if wanted.owner is not None else []
        conditions.append(sa.or_(*concerns))
    if wanted.start is not None:
        conditions.append(markers.c.at >= wanted.start)
    if wanted.end is not None:
        conditions.append(markers.c.at < wanted.end)
    return conditions


def _name(field: str) -> str:
    return "monitor_key" if field == "monitor" else field


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[Marker]:
    return [
        Marker(id=row.id, **{name: getattr(row, _name(name)) for name in _FIELDS})
        for row in connection.execute(query)
    ]
