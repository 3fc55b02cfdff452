"""The outbox: what must be told is a row first, written with the fact itself, and sent afterwards.

A delivery's id is the receiver's `webhook-id` and stays the same over all attempts. Deliveries of one
incident to one channel go out in order: a later one waits until the earlier is delivered, dead or not to be
sent at all. Whether one may be sent is asked in the transaction that claims it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from driftwatch.incidents.gate import SEND, Decision, DecisionWord
from driftwatch.incidents.incident import NoticeType
from driftwatch.store.claims import (
    Fenced,
    claim_values,
    end_claim,
    holds_claim,
    is_claimable,
    was_ended,
)
from driftwatch.store.delivery import (
    FINISHED,
    Attempt,
    DeliveryDraft,
    DeliveryRow,
    DeliveryState,
    build_row,
)
from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import attempts, deliveries

__all__ = [
    "Ask",
    "Attempt",
    "Busy",
    "DeliveryDraft",
    "DeliveryRow",
    "DeliveryState",
    "OutboxSummary",
    "can_be_claimed",
    "claim_delivery",
    "decline_delivery",
    "find_delivery",
    "has_earlier",
    "holds_delivery",
    "is_any_due",
    "list_attempts",
    "list_deliveries",
    "queue_delivery",
    "record_delivered",
    "record_expired",
    "record_failed",
    "retry_deliveries",
    "settle_delivery",
    "summarise_outbox",
]


Ask = Callable[[DeliveryRow], Decision]
"""Says of a delivery that is about to be claimed whether it may be sent."""

# Rivals take the first ones; so many are looked at before the caller comes again.
_CANDIDATES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Channels that take nothing now, and deliveries that the caller itself is still sending."""

    channels: frozenset[str] = frozenset()
    deliveries: frozenset[str] = frozenset()


_IDLE: Final = Busy()


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
        "next_at": now + draft.wait,
        "created_at": now,
        "group_key": draft.group_key,
    }
    if draft.incident_id is None or draft.seq is None:
        connection.execute(sa.insert(deliveries).values(row))
        return str(row["id"])
    key = ("incident_id", "seq", "channel")
    insert_new(connection, deliveries, [row], key=key)
    query = sa.select(deliveries.c.id).where(*(deliveries.c[name] == row[name] for name in key))
    return str(connection.execute(query).scalar_one())


def claim_delivery(
    connection: sa.Connection,
    owner: str,
    lease: timedelta,
    now: datetime,
    *,
    ask: Ask = lambda _: SEND,
    busy: Busy = _IDLE,
) -> DeliveryRow | None:
    """Return the delivery that has been due longest, claimed for `lease`; None where there is none.

    `ask` decides, in this transaction, whether a delivery may be sent: what may not is left as it says, and
    the next one is looked at. What is `busy` is left alone. Digests come after notices.
    """
    claimable = can_be_claimed(now)
    values = {
        "state": DeliveryState.SENDING,
        "told_with": None,
        **claim_values(deliveries, owner, now + lease),
    }
    for row in _list_claimable(connection, now, busy):
        decision = ask(row)
        this = sa.and_(deliveries.c.id == row.id, claimable)
        if not decision.sends:
            decline_delivery(connection, row, this, decision)
        elif connection.execute(sa.update(deliveries).where(this).values(values)).rowcount == 1:
            return find_delivery(connection, row.id)
    return None


def is_any_due(connection: sa.Connection, now: datetime) -> bool:
    """Return whether a delivery could be claimed at `now`, whatever its channel takes."""
    return bool(_list_claimable(connection, now, _IDLE))


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


def record_expired(connection: sa.Connection, claim: DeliveryRow, attempt: Attempt, reason: str) -> None:
    """Note a failed try of what something newer tells soon. Raises Fenced where the claim is not ours."""
    _leave(connection, claim, attempt, {"state": DeliveryState.EXPIRED, "decision": reason})


def holds_delivery(connection: sa.Connection, claim: DeliveryRow) -> bool:
    """Return whether the delivery is claimed as `claim` says; it stays so until the commit."""
    return holds_claim(connection, deliveries, _is_claimed(claim))


def settle_delivery(connection: sa.Connection, claim: DeliveryRow) -> bool:
    """Return whether the end of `claim` was committed. Raises Fenced where somebody else has it now."""
    row = deliveries.c.id == claim.id
    return was_ended(connection, deliveries, row=row, claimed=_is_claimed(claim), token=claim.token)


def find_delivery(connection: sa.Connection, delivery_id: str) -> DeliveryRow | None:
    """Return the delivery with this id, None where there is none."""
    found = connection.execute(sa.select(deliveries).where(deliveries.c.id == delivery_id)).first()
    return None if found is None else build_row(found)


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
    return [build_row(row) for row in reversed(rows)]


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
    changes = {"state": DeliveryState.PENDING, "next_at": now, "attempts": 0, "decision": None}
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
    waits = deliveries.c.state.not_in(FINISHED)
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


def has_earlier() -> sa.ColumnElement[bool]:
    """Return the condition that a delivery waits for an earlier one of its incident."""
    earlier = deliveries.alias("earlier")
    return (
        sa.select(sa.literal(1))
        .where(
            earlier.c.incident_id == deliveries.c.incident_id,
            earlier.c.channel == deliveries.c.channel,
            earlier.c.seq < deliveries.c.seq,
            earlier.c.state.not_in(FINISHED),
        )
        .exists()
    )


def _is_told_by_another() -> sa.ColumnElement[bool]:
    """Return the condition that a delivery is told with another one, which is not finished."""
    teller = deliveries.alias("teller")
    return (
        sa.select(sa.literal(1))
        .where(teller.c.id == deliveries.c.told_with, teller.c.state.not_in(FINISHED))
        .exists()
    )


def can_be_claimed(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a delivery is due at `now`, or that its claim has run out."""
    return is_claimable(deliveries, waiting=DeliveryState.PENDING, working=DeliveryState.SENDING, now=now)


def _list_claimable(connection: sa.Connection, now: datetime, busy: Busy) -> list[DeliveryRow]:
    """Return the deliveries that may be claimed and wait for no earlier one, the first ones only."""
    query = sa.select(deliveries).where(can_be_claimed(now), ~has_earlier(), ~_is_told_by_another())
    if busy.channels:
        query = query.where(deliveries.c.channel.not_in(sorted(busy.channels)))
    if busy.deliveries:
        query = query.where(deliveries.c.id.not_in(sorted(busy.deliveries)))
    late = sa.case((deliveries.c.type == NoticeType.DIGEST.value, 1), else_=0)
    order = (late, deliveries.c.next_at, deliveries.c.created_at, deliveries.c.id)
    return [build_row(row) for row in connection.execute(query.order_by(*order).limit(_CANDIDATES))]


def decline_delivery(
    connection: sa.Connection, row: DeliveryRow, this: sa.ColumnElement[bool], decision: Decision
) -> None:
    """Leave a delivery that may not be sent as the gate decided; an end that nobody needs goes with it."""
    changes: dict[str, Any] = {"decision": decision.reason, "owner": None, "claim_until": None}
    if decision.word is DecisionWord.HOLD:
        changes |= {"state": DeliveryState.PENDING, "next_at": decision.until}
    else:
        is_old = decision.word is DecisionWord.EXPIRE
        changes["state"] = DeliveryState.EXPIRED if is_old else DeliveryState.SUPPRESSED
    changed = connection.execute(sa.update(deliveries).where(this).values(changes)).rowcount
    if changed == 1 and decision.word is DecisionWord.COLLAPSE:
        later = sa.and_(
            deliveries.c.incident_id == row.incident_id,
            deliveries.c.channel == row.channel,
            deliveries.c.seq > row.seq,
            deliveries.c.state == DeliveryState.PENDING,
        )
        connection.execute(sa.update(deliveries).where(later).values(changes))


def _leave(connection: sa.Connection, claim: DeliveryRow, attempt: Attempt, changes: dict[str, Any]) -> None:
    answer = {"last_status": attempt.status, "last_error": attempt.error}
    if not end_claim(connection, deliveries, _is_claimed(claim), changes | answer):
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


def _is_claimed(claim: DeliveryRow) -> sa.ColumnElement[bool]:
    return sa.and_(
        deliveries.c.id == claim.id,
        deliveries.c.state == DeliveryState.SENDING,
        deliveries.c.token == claim.token,
    )
