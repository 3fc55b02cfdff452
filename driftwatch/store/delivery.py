"""A delivery as the store keeps it: a notice on its way to one channel, and every try to send it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

__all__ = ["FINISHED", "Attempt", "DeliveryDraft", "DeliveryRow", "DeliveryState", "build_row"]


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"  # It waits to be sent, from `next_at` on.
    SENDING = "sending"  # Somebody is sending it, until `claim_until`.
    DELIVERED = "delivered"  # The receiver said that it has it.
    DEAD = "dead"  # It is not tried again unless somebody asks for it.
    SUPPRESSED = "suppressed"  # It was not sent, for a silence or another reason that `decision` gives.
    EXPIRED = "expired"  # It was not sent: something newer tells it, or it says what is not so any more.


FINISHED: Final = (
    DeliveryState.DELIVERED,
    DeliveryState.DEAD,
    DeliveryState.SUPPRESSED,
    DeliveryState.EXPIRED,
)
"""The states in which nothing follows by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDraft:
    """A notice for one channel. `body` is JSON text and kept exactly as it is.

    `incident_id` and `seq` (the incident's event that is told) are None for what belongs to no incident.
    Those with the same `group_key` may be told in one message; `wait` is how long it waits for others.
    """

    channel: str
    type: str
    body: str
    monitor_key: str | None = None
    incident_id: int | None = None
    seq: int | None = None
    group_key: str | None = None
    wait: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """A stored delivery; as returned by `claim_delivery` it is also the claim.

    `decision` says why it was not sent, or why it waits; `told_with` names the delivery that told the same in
    its place, and `group_key` is shared by those that may be told together.
    """

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
    decision: str | None = None
    group_key: str | None = None
    told_with: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to send: the receiver's HTTP `status` if it answered, and a short `error` without secrets."""

    started_at: datetime
    ended_at: datetime
    status: int | None = None
    error: str | None = None


def build_row(row: sa.Row[Any]) -> DeliveryRow:
    """Return a row of the table as a value."""
    values = dict(row._mapping)  # noqa: SLF001 - public in SQLAlchemy; the underscore keeps it apart from columns.
    return DeliveryRow(**{**values, "state": DeliveryState(row.state)})
