"""What slots, deliveries and retrains have in common: they are claimed for a while, with a fencing token."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.errors import StoreError

__all__ = ["Fenced", "claim_values", "is_claimable"]


class Fenced(StoreError):  # noqa: N818 - it says what happened: a fencing token stopped us.
    """Somebody else took the work over, or changed the row, in the meantime; roll back and drop it."""


def claim_values(table: sa.Table, owner: str, until: datetime) -> dict[str, Any]:
    """Return what every claim writes beside the state: a greater token, one more attempt, by whom."""
    return {
        "token": table.c.token + 1,
        "attempts": table.c.attempts + 1,
        "owner": owner,
        "claim_until": until,
    }


def is_claimable(table: sa.Table, *, waiting: str, working: str, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a row waits and may be tried at `now`, or that its claim has run out."""
    return sa.or_(
        sa.and_(table.c.state == waiting, table.c.next_at <= now),
        sa.and_(table.c.state == working, table.c.claim_until < now),
    )
