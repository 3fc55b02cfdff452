"""Leases: which of several processes does what only one should, for a while and then again.

A lease spares work, it does not make it safe: whoever was paused beyond it still believes to hold it. What
must not happen twice asks `holds_lease` in its own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import leases
from driftwatch.store.times import from_micros

__all__ = ["Lease", "holds_lease", "release_lease", "take_lease"]

_NEVER = from_micros(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to do what `name` says until `until`; each holder has a greater `term`."""

    name: str
    holder: str
    term: int
    until: datetime


def take_lease(
    connection: sa.Connection, name: str, holder: str, ttl: timedelta, now: datetime
) -> Lease | None:
    """Return the lease on `name` for `holder`, who may have it already; None where somebody else has it.

    `now` is the time of the store (`driftwatch.store.clock`): processes need not agree on theirs.
    """
    fresh = {"name": name, "holder": None, "term": 0, "expires_at": _NEVER}
    insert_new(connection, leases, [fresh], key=["name"])
    until, is_named = now + ttl, leases.c.name == name
    renewed = connection.execute(
        sa.update(leases)
        .where(is_named, leases.c.holder == holder, leases.c.expires_at >= now)
        .values(expires_at=until)
    )
    if renewed.rowcount != 1:
        taken = connection.execute(
            sa.update(leases)
            .where(is_named, leases.c.expires_at < now)
            .values(holder=holder, term=leases.c.term + 1, expires_at=until)
        )
        if taken.rowcount != 1:
            return None
    term = connection.execute(sa.select(leases.c.term).where(is_named)).scalar_one()
    return Lease(name=name, holder=holder, term=term, until=until)


def holds_lease(connection: sa.Connection, lease: Lease) -> bool:
    """Return whether nobody else has had the lease since, and keep it from others until the commit.

    To be asked in the transaction that needs it.
    """
    is_ours = sa.and_(
        leases.c.name == lease.name, leases.c.term == lease.term, leases.c.holder == lease.holder
    )
    # Touching the row keeps rivals out: a reader would not.
    touched = sa.update(leases).where(is_ours).values(term=leases.c.term)
    return connection.execute(touched).rowcount == 1


def release_lease(connection: sa.Connection, lease: Lease) -> None:
    """Give the lease back, so that the next one need not wait; nothing happens where it is not ours."""
    is_ours = sa.and_(leases.c.name == lease.name, leases.c.term == lease.term)
    connection.execute(sa.update(leases).where(is_ours).values(holder=None, expires_at=_NEVER))
