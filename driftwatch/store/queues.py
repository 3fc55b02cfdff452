"""How long each destination's queue is, how old, and whether it is disabled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from driftwatch.store.delivery import FINISHED
from driftwatch.store.destinations import Destination, list_destinations
from driftwatch.store.tables import deliveries

__all__ = ["Queue", "list_queues"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits for one channel: how many deliveries, and the age of the oldest; `disabled` where it is."""

    channel: str
    pending: int
    oldest_age: timedelta | None
    disabled: Destination | None = None


def list_queues(connection: sa.Connection, now: datetime) -> list[Queue]:
    """Return the queues of the channels for which something waits, or that are disabled, by name."""
    disabled = {one.channel: one for one in list_destinations(connection)}
    query = (
        sa.select(deliveries.c.channel, sa.func.count(), sa.func.min(deliveries.c.created_at))
        .where(deliveries.c.state.not_in(FINISHED))
        .group_by(deliveries.c.channel)
    )
    waiting = {channel: (count, oldest) for channel, count, oldest in connection.execute(query)}
    queues = []
    for channel in sorted({*disabled, *waiting}):
        count, oldest = waiting.get(channel, (0, None))
        age = None if oldest is None else max(now - oldest, timedelta(0))
        queues.append(Queue(channel=channel, pending=count, oldest_age=age, disabled=disabled.get(channel)))
    return queues
