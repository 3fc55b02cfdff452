"""Deliveries that are told in one message: claimed together, and ended together.

A member names in `told_with` the delivery that tells it, from the first attempt on: a message that is tried
again has the same members. A member is claimed alone only once that delivery is finished without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from driftwatch.store.claims import claim_values
from driftwatch.store.delivery import DeliveryRow, DeliveryState, build_row
from driftwatch.store.outbox import (
    Ask,
    decline_delivery,
    find_delivery,
    has_earlier,
)
from driftwatch.store.tables import deliveries

__all__ = ["claim_members"]


def claim_members(
    connection: sa.Connection,
    claim: DeliveryRow,
    now: datetime,
    *,
    ask: Ask,
    fits: Callable[[Sequence[DeliveryRow]], bool],
) -> list[DeliveryRow]:
    """Claim what is told with `claim`, which was claimed in this transaction, and return it, oldest first.

    At the first attempt that is what waits with the same `group_key` and type; `ask` decides about each, and
    what does not fit by `fits` is left for a message of its own. Later it is what was a member before.
    """
    if claim.group_key is None or claim.claim_until is None or claim.owner is None:
        return []
    members: list[DeliveryRow] = []
    for row in _list_members(connection, claim, now):
        if row.told_with is None and not fits([claim, *members, row]):
            continue
        decision = ask(row)
        this = sa.and_(deliveries.c.id == row.id, _may_join(claim, now))
        if not decision.sends:
            decline_delivery(connection, row, this, decision)
            continue
        values = claim_values(deliveries, claim.owner, claim.claim_until)
        values |= {"state": DeliveryState.SENDING, "told_with": claim.id}
        if connection.execute(sa.update(deliveries).where(this).values(values)).rowcount == 1:
            found = find_delivery(connection, row.id)
            members += [found] if found is not None else []
    return members


def _list_members(connection: sa.Connection, claim: DeliveryRow, now: datetime) -> list[DeliveryRow]:
    query = sa.select(deliveries).where(_may_join(claim, now), ~has_earlier())
    # Rivals that claim the same group from two ends would wait for each other.
    ordered = query.order_by(deliveries.c.created_at, deliveries.c.id).with_for_update(skip_locked=True)
    return [build_row(row) for row in connection.execute(ordered)]


def _may_join(claim: DeliveryRow, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition for what is told with `claim`: its members, or at first those that wait."""
    was_member = sa.and_(
        deliveries.c.told_with == claim.id,
        sa.or_(
            deliveries.c.state == DeliveryState.PENDING,
            sa.and_(deliveries.c.state == DeliveryState.SENDING, deliveries.c.claim_until < now),
        ),
    )
    if claim.attempts > 1:
        return was_member
    waits = sa.and_(
        deliveries.c.id != claim.id,
        deliveries.c.group_key == claim.group_key,
        deliveries.c.channel == claim.channel,
        deliveries.c.type == claim.type,
        deliveries.c.state == DeliveryState.PENDING,
        deliveries.c.told_with.is_(None),
        deliveries.c.attempts == 0,
        deliveries.c.decision.is_(None),
    )
    return sa.or_(was_member, waits)
