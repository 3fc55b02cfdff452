"""Destinations that refuse: how often in a row, and which are disabled until they take something again.

A destination is a channel as it was configured: its row is there once it has refused something, and changed
settings, or a secret that was, make it a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import destinations

__all__ = [
    "PROBE_EVERY",
    "REFUSALS",
    "Destination",
    "enable_destination",
    "find_destination",
    "forgive_refusals",
    "list_destinations",
    "note_refusal",
    "postpone_probe",
]

REFUSALS: Final = 3
"""A destination that refuses our credentials so often in a row is disabled."""
PROBE_EVERY: Final = timedelta(hours=1)
"""A disabled destination is tried once in so much time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A channel that has refused something, `refusals` times in a row.

    `disabled_at` and `reason` are set while nothing is sent there but one attempt from `next_at` on.
    `settings` is the fingerprint of the channel that refused.
    """

    channel: str
    refusals: int
    settings: str
    disabled_at: datetime | None = None
    reason: str | None = None
    next_at: datetime | None = None


def find_destination(connection: sa.Connection, channel: str) -> Destination | None:
    """Return what is known of a channel that has refused something, None where there is nothing."""
    found = _read(connection, sa.select(destinations).where(destinations.c.channel == channel))
    return found[0] if found else None


def list_destinations(connection: sa.Connection) -> list[Destination]:
    """Return the destinations that are disabled, by name."""
    query = sa.select(destinations).where(destinations.c.disabled_at.is_not(None))
    return _read(connection, query.order_by(destinations.c.channel))


def note_refusal(
    connection: sa.Connection, channel: str, *, settings: str, reason: str, now: datetime, at_once: bool
) -> bool:
    """Count a refusal; return whether it has just disabled the destination.

    `at_once` disables it whatever the count. One that is disabled already is tried again an hour later.
    """
    row = {"channel": channel, "refusals": 0, "settings": settings}
    insert_new(connection, destinations, [row], key=["channel"])
    this = destinations.c.channel == channel
    # Counted in the database: replicas may be refused at the same time.
    counted = {"refusals": destinations.c.refusals + 1, "settings": settings}
    connection.execute(sa.update(destinations).where(this).values(counted))
    found = find_destination(connection, channel)
    if found is None:
        return False
    if found.disabled_at is not None:
        postpone_probe(connection, channel, now)
        return False
    if not at_once and found.refusals < REFUSALS:
        return False
    disabled = {"disabled_at": now, "reason": reason, "next_at": now + PROBE_EVERY}
    enabled = sa.and_(this, destinations.c.disabled_at.is_(None))
    return connection.execute(sa.update(destinations).where(enabled).values(disabled)).rowcount == 1


def postpone_probe(connection: sa.Connection, channel: str, now: datetime) -> None:
    """Let the next attempt at a disabled destination wait for an hour."""
    change = sa.update(destinations).where(destinations.c.channel == channel)
    connection.execute(change.values(next_at=now + PROBE_EVERY))


def forgive_refusals(connection: sa.Connection, channel: str) -> None:
    """Let refusals be counted anew, unless the channel is disabled: it has answered something else."""
    enabled = sa.and_(destinations.c.channel == channel, destinations.c.disabled_at.is_(None))
    connection.execute(sa.delete(destinations).where(enabled))


def enable_destination(connection: sa.Connection, channel: str) -> bool:
    """Forget every refusal of a channel; return whether it was disabled."""
    found = find_destination(connection, channel)
    if found is None:
        return False
    gone = connection.execute(sa.delete(destinations).where(destinations.c.channel == channel)).rowcount
    return gone == 1 and found.disabled_at is not None


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[Destination]:
    return [Destination(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - public in SQLAlchemy.
