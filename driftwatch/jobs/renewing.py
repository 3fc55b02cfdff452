"""Keep what is claimed from others while work on it goes on, however long it takes.

The lease is renewed from another thread; the work itself may be busy or wait for a child. Whoever was paused
for longer than the lease finds somebody else at work: nothing is renewed then, and finishing is refused.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import sqlalchemy as sa

from driftwatch.jobs.parts import Parts
from driftwatch.store.slots import Claim, renew_slot

__all__ = ["keep_claimed"]

_PARTS_OF_A_LEASE = 3
"""A lease is renewed so often within its length: one renewal may fail."""


def keep_claimed(parts: Parts, claim: Claim) -> AbstractContextManager[None]:
    """Renew `claim` until the block ends."""

    def renew(tx: sa.Connection) -> bool:
        return renew_slot(tx, claim, parts.tell_time(tx) + parts.lease)

    pause = parts.lease.total_seconds() / _PARTS_OF_A_LEASE
    return parts.renewals.keep(claim.monitor_key, lambda: parts.database.write(renew), pause)
