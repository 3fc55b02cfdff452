"""What has arrived of an incident, what waits, and what was kept back: questions to the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from driftwatch.incidents.gate import REPEATS
from driftwatch.incidents.incident import IncidentState
from driftwatch.store.delivery import FINISHED, DeliveryRow, DeliveryState, build_row
from driftwatch.store.tables import attempts, deliveries, incidents

__all__ = [
    "CHANNEL_FAILED",
    "MAY_HAVE_ARRIVED",
    "Told",
    "forget_delivered",
    "has_waiting",
    "list_overdue",
    "list_owed",
    "mark_owed",
    "read_told",
    "release_held",
    "supersede_deliveries",
]

MAY_HAVE_ARRIVED: Final = "it may have arrived"
"""Ends the error of an attempt whose answer was lost after the request had been sent."""
CHANNEL_FAILED: Final = "the channel itself failed"
"""Begins the error of an attempt of which nothing is known but that the channel raised something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Whether something about an incident arrived through a channel, or may have."""

    told: bool
    unsure: bool


def read_told(connection: sa.Connection, incident_id: int, channel: str) -> Told:
    """Return what has arrived of the incident through `channel`."""
    of_both = sa.and_(deliveries.c.incident_id == incident_id, deliveries.c.channel == channel)
    arrived = sa.select(deliveries.c.id).where(of_both, deliveries.c.state == DeliveryState.DELIVERED)
    if connection.execute(arrived.limit(1)).first() is not None:
        return Told(told=True, unsure=False)
    # Whoever died while sending has counted an attempt and recorded none.
    recorded = (
        sa.select(sa.func.count())
        .where(attempts.c.delivery_id == deliveries.c.id)
        .correlate(deliveries)
        .scalar_subquery()
    )
    lost = (
        sa.select(sa.literal(1))
        .where(
            attempts.c.delivery_id == deliveries.c.id,
            sa.or_(
                attempts.c.error.like(f"%{MAY_HAVE_ARRIVED}"), attempts.c.error.like(f"{CHANNEL_FAILED}%")
            ),
        )
        .correlate(deliveries)
        .exists()
    )
    unsure = sa.select(deliveries.c.id).where(of_both, sa.or_(lost, deliveries.c.attempts > recorded))
    return Told(told=False, unsure=connection.execute(unsure.limit(1)).first() is not None)


def list_owed(connection: sa.Connection) -> list[DeliveryRow]:
    """Return, for each incident that is open and each channel, the last notice where it is owed.

    That is one that was suppressed, or is dead and marked by `mark_owed`; reminders count neither way.
    """
    marked = sa.and_(deliveries.c.state == DeliveryState.DEAD, deliveries.c.decision.is_not(None))
    return _list_last(connection, sa.or_(deliveries.c.state == DeliveryState.SUPPRESSED, marked))


def mark_owed(connection: sa.Connection, channel: str, reason: str) -> int:
    """Let every open incident whose last notice is dead there be told anew; return how many there are."""
    dead = sa.and_(deliveries.c.state == DeliveryState.DEAD, deliveries.c.channel == channel)
    rows = _list_last(connection, dead)
    these = deliveries.c.id.in_([row.id for row in rows])
    connection.execute(sa.update(deliveries).where(these).values(decision=reason))
    return len(rows)


def _list_last(connection: sa.Connection, wanted: sa.ColumnElement[bool]) -> list[DeliveryRow]:
    later = deliveries.alias("later")
    has_later = (
        sa.select(sa.literal(1))
        .where(
            later.c.incident_id == deliveries.c.incident_id,
            later.c.channel == deliveries.c.channel,
            later.c.seq > deliveries.c.seq,
            later.c.type.not_in(REPEATS),
        )
        .exists()
    )
    query = (
        sa.select(deliveries)
        .join(incidents, incidents.c.id == deliveries.c.incident_id)
        .where(
            incidents.c.state.in_((IncidentState.OPEN, IncidentState.RECOVERING)),
            wanted,
            deliveries.c.type.not_in(REPEATS),
            ~has_later,
        )
        .order_by(deliveries.c.incident_id, deliveries.c.channel)
    )
    return _read(connection, query)


def list_overdue(connection: sa.Connection, before: datetime) -> list[DeliveryRow]:
    """Return what waits of incidents and was queued `before`, in order."""
    query = sa.select(deliveries).where(
        deliveries.c.state == DeliveryState.PENDING,
        deliveries.c.created_at <= before,
        deliveries.c.incident_id.is_not(None),
    )
    return _read(connection, query.order_by(deliveries.c.incident_id, deliveries.c.channel, deliveries.c.seq))


def supersede_deliveries(
    connection: sa.Connection, rows: Sequence[DeliveryRow], *, by: str, reason: str
) -> int:
    """Let those of `rows` that still wait expire, for the delivery `by` tells them; return how many did."""
    waiting = sa.and_(
        deliveries.c.id.in_([row.id for row in rows if row.id != by]),
        deliveries.c.state == DeliveryState.PENDING,
    )
    changes = {"state": DeliveryState.EXPIRED, "decision": reason, "told_with": by}
    return connection.execute(sa.update(deliveries).where(waiting).values(changes)).rowcount


def has_waiting(connection: sa.Connection, channel: str) -> bool:
    """Return whether anything waits for a channel, or is being sent there."""
    open_states = (DeliveryState.PENDING, DeliveryState.SENDING)
    query = sa.select(deliveries.c.id).where(
        deliveries.c.channel == channel, deliveries.c.state.in_(open_states)
    )
    return connection.execute(query.limit(1)).first() is not None


def forget_delivered(connection: sa.Connection, channel: str, before: datetime) -> None:
    """Delete what was finished of `channel`, of no incident and queued `before`, with its attempts."""
    old = sa.and_(
        deliveries.c.channel == channel,
        deliveries.c.incident_id.is_(None),
        deliveries.c.created_at < before,
        deliveries.c.state.in_(FINISHED),
    )
    ids = connection.execute(sa.select(deliveries.c.id).where(old)).scalars().all()
    connection.execute(sa.delete(attempts).where(attempts.c.delivery_id.in_(ids)))
    connection.execute(sa.delete(deliveries).where(deliveries.c.id.in_(ids)))


def release_held(connection: sa.Connection, channel: str, now: datetime) -> int:
    """Let what waits because its channel was disabled be sent from `now` on; return how many that are."""
    held = sa.and_(
        deliveries.c.channel == channel,
        deliveries.c.state == DeliveryState.PENDING,
        deliveries.c.decision.is_not(None),
    )
    changes = {"next_at": now, "decision": None}
    return connection.execute(sa.update(deliveries).where(held).values(changes)).rowcount


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[DeliveryRow]:
    return [build_row(row) for row in connection.execute(query)]
