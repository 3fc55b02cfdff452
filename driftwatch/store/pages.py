"""Long lists a page at a time, the newest first: incidents and deliveries, as somebody wants to see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from driftwatch.store.delivery import DeliveryRow, build_row
from driftwatch.store.documents import dump_json
from driftwatch.store.incidents import IncidentRow, read_incidents, select_incidents
from driftwatch.store.tables import deliveries, incidents, monitors

__all__ = ["WantedDeliveries", "WantedIncidents", "page_deliveries", "page_incidents"]


_NUMBER: Final = re.compile(r"[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedIncidents:
    """Which incidents are asked for; None is any. Those that never opened are in no list.

    `resolved` is whether they are over; what is open in an earlier history of its monitor is over. `monitors`
    are several of them, `text` stands somewhere in what is known of it, in whatever case, or is its number.
    `taken_by` has it or looks at it; `free`: nobody looks at it. `since` is when it opened at the earliest.
    """

    resolved: bool | None = None
    monitor: str | None = None
    monitors: tuple[str, ...] | None = None
    kind: str | None = None
    severity: str | None = None
    text: str | None = None
    taken_by: str | None = None
    free: bool = False
    since: datetime | None = None


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
    conditions = list(_list_conditions(wanted))
    joined = incidents.join(monitors, monitors.c.id == incidents.c.monitor_id)
    total = connection.execute(sa.select(sa.func.count()).select_from(joined).where(*conditions)).scalar_one()
    if before is not None:
        conditions.append(incidents.c.id < before)
    query = select_incidents().where(*conditions).order_by(None).order_by(incidents.c.id.desc())
    return read_incidents(connection, query.limit(at_most).offset(skip)), int(total)


def _list_conditions(wanted: WantedIncidents) -> Iterator[sa.ColumnElement[Any]]:
    yield incidents.c.opened_at.is_not(None)
    is_over = sa.or_(incidents.c.state == "resolved", incidents.c.history != monitors.c.history)
    if wanted.resolved is not None:
        yield is_over if wanted.resolved else sa.not_(is_over)
    for column, value in (
        (monitors.c.monitor_key, wanted.monitor),
        (incidents.c.kind, wanted.kind),
        (incidents.c.severity, wanted.severity),
    ):
        if value is not None:
            yield column == value
    if wanted.monitors is not None:
        yield monitors.c.monitor_key.in_(wanted.monitors)
    if wanted.since is not None:
        yield incidents.c.opened_at >= wanted.since
    yield from _list_conditions_on_text(wanted)


def _list_conditions_on_text(wanted: WantedIncidents) -> Iterator[sa.ColumnElement[Any]]:
    """Yield what documents must hold: one function writes them, so that a field looks the same in all.

    A text is looked for in what they say, not in the names of their fields.
    """
    if wanted.text:
        number = wanted.text.removeprefix("#")
        is_it = incidents.c.id == int(number) if _NUMBER.fullmatch(number) else sa.false()
        in_words = _holds(incidents.c.words, dump_json(wanted.text.casefold())[1:-1])
        yield sa.or_(is_it, in_words, _holds(monitors.c.monitor_key, wanted.text.lower()))
    if wanted.taken_by:
        name = dump_json(wanted.taken_by)
        fields = ("acknowledged_by", "assigned_to")
        yield sa.or_(*(_holds(incidents.c.document, f'"{field}":{name}'.lower()) for field in fields))
    if wanted.free:
        yield _holds(incidents.c.document, '"acknowledged_by":null')


def _holds(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    lowered = sa.func.lower(sa.type_coerce(column, sa.Text))
    return lowered.contains(text, autoescape=True, escape="/")


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
