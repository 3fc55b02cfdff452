"""Long lists a page at a time, the newest first: incidents and deliveries, as somebody wants to see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.store.delivery import DeliveryRow, build_row
from driftwatch.store.incidents import IncidentRow, read_incidents, select_incidents
from driftwatch.store.tables import deliveries, incidents, monitors

__all__ = ["WantedDeliveries", "WantedIncidents", "page_deliveries", "page_incidents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedIncidents:
    """Which incidents are asked for; None is any. Those that never opened are in no list.

    `resolved` is whether they are over; what is open in an earlier history of its monitor is over.
    """

    resolved: bool | None = None
    monitor: str | None = None
    kind: str | None = None
    severity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDeliveries:
    """Which deliveries are asked for; None is any."""

    state: str | None = None
    channel: str | None = None


def page_incidents(
    connection: sa.Connection,
    wanted: WantedIncidents,
    *,
    at_most: int,
    skip: int = 0,
    before: int | None = None,
) -> tuple[list[IncidentRow], int]:
    """Return so many incidents, the newest first and after those skipped, and how many there are in all.

    `before` leaves out the incident of that number and those that came after it.
    """
    conditions: list[sa.ColumnElement[Any]] = [incidents.c.opened_at.is_not(None)]
    is_over = sa.or_(incidents.c.state == "resolved", incidents.c.history != monitors.c.history)
    if wanted.resolved is not None:
        conditions.append(is_over if wanted.resolved else sa.not_(is_over))
    for column, value in (
        (monitors.c.monitor_key, wanted.monitor),
        (incidents.c.kind, wanted.kind),
        (incidents.c.severity, wanted.severity),
    ):
        if value is not None:
            conditions.append(column == value)
    joined = incidents.join(monitors, monitors.c.id == incidents.c.monitor_id)
    total = connection.execute(sa.select(sa.func.count()).select_from(joined).where(*conditions)).scalar_one()
    if before is not None:
        conditions.append(incidents.c.id < before)
    query = select_incidents().where(*conditions).order_by(None).order_by(incidents.c.id.desc())
    return read_incidents(connection, query.limit(at_most).offset(skip)), int(total)


def page_deliveries(
    connection: sa.Connection,
    wanted: WantedDeliveries,
    *,
    at_most: int,
    skip: int = 0,
    before: tuple[datetime, str] | None = None,
) -> tuple[list[DeliveryRow], int]:
    """Return so many deliveries, the newest first and after those skipped, and how many there are in all.

    `before`, when one was queued and its id, leaves out that one and those that came after it.
    """
    conditions: list[sa.ColumnElement[Any]] = [
        deliveries.c[name] == value
        for name, value in (("state", wanted.state), ("channel", wanted.channel))
        if value is not None
    ]
    total = connection.execute(
        sa.select(sa.func.count()).select_from(deliveries).where(*conditions)
    ).scalar_one()
    order = (deliveries.c.created_at.desc(), deliveries.c.id.desc())
    if before is not None:
        at, key = before
        is_earlier = sa.and_(deliveries.c.created_at == at, deliveries.c.id < key)
        conditions.append(sa.or_(deliveries.c.created_at < at, is_earlier))
    query = sa.select(deliveries).where(*conditions).order_by(*order).limit(at_most).offset(skip)
    return [build_row(row) for row in connection.execute(query)], int(total)
