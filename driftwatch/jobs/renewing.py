"""Keep what is claimed from others while work on it goes on, however long it takes.

A thread renews the lease; the work itself may be busy or wait for a child. Whoever was paused for longer than
the lease finds somebody else at work: nothing is renewed then, and finishing is refused.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from driftwatch.errors import StoreError
from driftwatch.jobs.parts import Parts
from driftwatch.store.slots import Claim, renew_slot

__all__ = ["keep_claimed"]

log = logging.getLogger("driftwatch.check")

_PARTS_OF_A_LEASE = 3
"""A lease is renewed so often within its length: one renewal may fail."""


@contextmanager
def keep_claimed(parts: Parts, claim: Claim) -> Iterator[None]:
    """Renew `claim` until the block ends."""
    over = threading.Event()
    pause = parts.lease.total_seconds() / _PARTS_OF_A_LEASE

    def renew(tx: sa.Connection) -> bool:
        return renew_slot(tx, claim, parts.tell_time(tx) + parts.lease)

    def go_on() -> None:
        while not over.wait(pause):
            try:
                if not parts.database.write(renew):
                    return
            except StoreError as error:
                log.warning("lease not renewed monitor=%s reason=%s", claim.monitor_key, error)

    renewer = threading.Thread(target=go_on, name=f"renew {claim.monitor_key}", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        over.set()
        renewer.join()
