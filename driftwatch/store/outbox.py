"""The outbox: what must be told is a row first, written with the fact itself, and sent afterwards.

A delivery's id is the receiver's `webhook-id` and stays the same over all attempts. Deliveries of one
incident to one channel go out in order: a later one waits until the earlier is delivered or dead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from driftwatch.store.claims import Fenced, claim_first, claim_values, end_claim, is_claimable
from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import attempts, deliveries

__all__ = [
    "Attempt",
    "DeliveryDraft",
    "DeliveryRow",
    "DeliveryState",
    "OutboxSummary",
    "claim_delivery",
    "list_attempts",
    "list_deliveries",
    "queue_delivery",
    "record_delivered",
    "record_failed",
    "retry_deliveries",
    "summarise_outbox",
]


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"  # It waits to be sent, from `next_at` on.
    SENDING = "sending"  # Somebody is sending it, until `claim_until`.
    DELIVERED = "delivered"  # The receiver said that it has it.
    DEAD = "dead"  # It is not tried again unless somebody asks for it.


_FINISHED = (DeliveryState.DELIVERED, DeliveryState.DEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDraft:
    """A notice for one channel. `body` is JSON text and kept exactly as it is.

    `incident_id` and `seq` (the incident's event that is told) are None for what belongs to no incident.
    """

    channel: str
    type: str
    body: str
    monitor_key: str | None = None
    incident_id: int | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """A stored delivery; as returned by `claim_delivery` it is also the claim."""

    id: str
    channel: str
    type: str
    body: str
    monitor_key: str | None
    incident_id: int | None
    seq: int | None
    state: DeliveryState
    attempts: int
    token: int
    owner: str | None
    claim_until: datetime | None
    next_at: datetime
    last_status: int | None
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to send: the receiver's HTTP `status` if it answered, and a short `error` without secrets."""

    started_at: datetime
    ended_at: datetime
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSummary:
    """How many deliveries wait, how many are dead, and the age of the oldest that waits."""

    pending: int
    failed: int
    oldest_age: timedelta | None


def queue_delivery(
    connection: sa.Connection, draft: DeliveryDraft, *, make_id: Callable[[], str], now: datetime
) -> str:
    """Queue `draft` and return its id; a notice that is queued already for this channel stays as it is."""
    row = {
        "id": make_id(),
        "incident_id": draft.incident_id,
        "seq": draft.seq,
        "channel": draft.channel,
        "type": draft.type,
        "monitor_key": draft.monitor_key,
        "body": draft.body,
        "state": DeliveryState.PENDING,
        "next_at": now,
        "created_at": now,
    }
    if draft.incident_id is None or draft.seq is None:
        connection.execute(sa.insert(deliveries).values(row))
        return str(row["id"])
    key = ("incident_id", "seq", "channel")
    insert_new(connection, deliveries, [row], key=key)
    query = sa.select(deliveries.c.id).where(*(deliveries.c[name] == row[name] for name in key))
    return str(connection.execute(query).scalar_one())


def claim_delivery(
    connection: sa.Connection, owner: str, lease: timedelta, now: datetime
) -> DeliveryRow | None:
    """Return the delivery that has been due longest, claimed for `lease`; None where there is none."""
    can_be_claimed = is_claimable(
        deliveries, waiting=DeliveryState.PENDING, working=DeliveryState.SENDING, now=now
    )
    earlier = deliveries.alias("earlier")
    has_earlier = (
        sa.select(sa.literal(1))
        .where(
            earlier.c.incident_id == deliveries.c.incident_id,
            earlier.c.channel == deliveries.c.channel,
            earlier.c.seq < deliveries.c.seq,
            earlier.c.state.not_in(_FINISHED),
        )
        .exists()
    )
    ids = (
        sa.select(deliveries.c.id)
        .where(can_be_claimed, ~has_earlier)
        .order_by(deliveries.c.next_at, deliveries.c.created_at, deliveries.c.id)
    )
    values = {"state": DeliveryState.SENDING, **claim_values(deliveries, owner, now + lease)}
    claim = sa.update(deliveries).where(can_be_claimed).values(values)
    claimed = claim_first(connection, ids, claim, deliveries.c.id)
    if claimed is None:
        return None
    return _build_row(connection.execute(sa.select(deliveries).where(deliveries.c.id == claimed)).one())


def record_delivered(connection: sa.Connection, claim: DeliveryRow, attempt: Attempt) -> None:
    """Note that the receiver has it. Raises Fenced where the claim is not ours any more."""
    changes = {"state": DeliveryState.DELIVERED, "delivered_at": attempt.ended_at}
    _leave(connection, claim, attempt, changes)


def record_failed(
    connection: sa.Connection, claim: DeliveryRow, attempt: Attempt, *, next_at: datetime | None
) -> None:
    """Note a failed try: it is tried again from `next_at` on, or dead where that is None.

    Raises Fenced where the claim is not ours any more.
    """
    if next_at is None:
        _leave(connection, claim, attempt, {"state": DeliveryState.DEAD})
    else:
        _leave(connection, claim, attempt, {"state": DeliveryState.PENDING, "next_at": next_at})


def list_deliveries(
    connection: sa.Connection,
    *,
    state: DeliveryState | None = None,
    channel: str | None = None,
    incident_id: int | None = None,
    newest: int | None = None,
) -> list[DeliveryRow]:
    """Return deliveries, oldest first; `newest` keeps only so many of the latest."""
    query = sa.select(deliveries)
    for name, wanted in (("state", state), ("channel", channel), ("incident_id", incident_id)):
        if wanted is not None:
            query = query.where(deliveries.c[name] == wanted)
    # Databases disagree on where null stands in an order.
    seq = sa.func.coalesce(deliveries.c.seq, 0)
    order = (deliveries.c.created_at.desc(), seq.desc(), deliveries.c.id.desc())
    rows = connection.execute(query.order_by(*order).limit(newest)).all()
    return [_build_row(row) for row in reversed(rows)]


def list_attempts(connection: sa.Connection, delivery_id: str) -> list[Attempt]:
    """Return every try of one delivery in order."""
    query = sa.select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.n)
    return [
        Attempt(started_at=row.started_at, ended_at=row.ended_at, status=row.status, error=row.error)
        for row in connection.execute(query)
    ]


def retry_deliveries(
    connection: sa.Connection,
    *,
    ids: Collection[str] | None = None,
    channel: str | None = None,
    now: datetime,
) -> list[str]:
    """Let dead and waiting deliveries start again at `now`, by id or by channel; return their ids, sorted."""
    if ids is None and channel is None:
        raise ValueError("name the deliveries or the channel to be tried again")
    restartable = deliveries.c.state.in_((DeliveryState.DEAD, DeliveryState.PENDING))
    query = sa.select(deliveries.c.id).where(restartable)
    if ids is not None:
        query = query.where(deliveries.c.id.in_(list(ids)))
    if channel is not None:
        query = query.where(deliveries.c.channel == channel)
    changes = {"state": DeliveryState.PENDING, "next_at": now, "attempts": 0}
    restarted = []
    for found in connection.execute(query.order_by(deliveries.c.id)).scalars().all():
        changed = connection.execute(
            sa.update(deliveries).where(deliveries.c.id == found, restartable).values(changes)
        )
        if changed.rowcount == 1:
            restarted.append(str(found))
    return restarted


def summarise_outbox(connection: sa.Connection, now: datetime) -> OutboxSummary:
    """Return how much waits in the outbox at `now`."""
    waits = deliveries.c.state.not_in(_FINISHED)
    count = sa.func.count()
    pending, oldest = connection.execute(
        sa.select(count, sa.func.min(deliveries.c.created_at)).where(waits)
    ).one()
    failed = connection.execute(
        sa.select(count).select_from(deliveries).where(deliveries.c.state == DeliveryState.DEAD)
    ).scalar_one()
    return OutboxSummary(
        pending=pending, failed=failed, oldest_age=None if oldest is None else max(now - oldest, timedelta(0))
    )


def _leave(connection: sa.Connection, claim: DeliveryRow, attempt: Attempt, changes: dict[str, Any]) -> None:
    claimed = sa.and_(
        deliveries.c.id == claim.id,
        deliveries.c.state == DeliveryState.SENDING,
        deliveries.c.token == claim.token,
    )
    answer = {"last_status": attempt.status, "last_error": attempt.error}
    if not end_claim(connection, deliveries, claimed, changes | answer):
        raise Fenced(f"delivery {claim.id} to {claim.channel}: somebody else took it over in the meantime")
    of_delivery = attempts.c.delivery_id == claim.id
    before = connection.execute(sa.select(sa.func.max(attempts.c.n)).where(of_delivery)).scalar()
    connection.execute(
        sa.insert(attempts).values(
            delivery_id=claim.id,
            n=(before or 0) + 1,
            started_at=attempt.started_at,
            ended_at=attempt.ended_at,
            status=attempt.status,
            error=attempt.error,
        )
    )


def _build_row(row: sa.Row[Any]) -> DeliveryRow:
    values = dict(row._mapping)  # noqa: SLF001 - public in SQLAlchemy; the underscore keeps it apart from columns.
    return DeliveryRow(**{**values, "state": DeliveryState(row.state)})
