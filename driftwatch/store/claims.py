"""What slots, deliveries and retrains have in common: they are claimed for a while, with a fencing token.

A claim is an update that must change exactly one row. What ends it is one too, and names the token: who was
overtaken in the meantime changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from driftwatch.errors import StoreError

__all__ = ["Fenced", "claim_first", "claim_values", "end_claim", "holds_claim", "is_claimable", "was_ended"]

# Rivals take the first ones; so many are tried before the caller comes again.
_CANDIDATES = 20


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


def claim_first(
    connection: sa.Connection, ids: sa.Select[Any], claim: sa.Update, column: sa.ColumnElement[Any]
) -> Any:
    """Run `claim` on the first of `ids` that no rival takes, and return that id; None where there is none.

    `claim` holds the condition that a row can be claimed; `column` is the one that `ids` are of.
    """
    for candidate in connection.execute(ids.limit(_CANDIDATES)).scalars().all():
        if connection.execute(claim.where(column == candidate)).rowcount == 1:
            return candidate
    return None


def end_claim(
    connection: sa.Connection, table: sa.Table, claimed: sa.ColumnElement[bool], changes: dict[str, Any]
) -> bool:
    """Write `changes` into the row of a claim and give it back; return False where it is not ours any more.

    `claimed` names the row, its state and the token it got.
    """
    ended = sa.update(table).where(claimed).values(owner=None, claim_until=None, **changes)
    return connection.execute(ended).rowcount == 1


def holds_claim(connection: sa.Connection, table: sa.Table, claimed: sa.ColumnElement[bool]) -> bool:
    """Return whether the row is still claimed as `claimed` says; it stays so until the commit.

    The row is touched, not only read: what another connection is about to commit is waited for.
    """
    touched = sa.update(table).where(claimed).values(token=table.c.token)
    return connection.execute(touched).rowcount == 1


def was_ended(
    connection: sa.Connection,
    table: sa.Table,
    *,
    row: sa.ColumnElement[bool],
    claimed: sa.ColumnElement[bool],
    token: int,
) -> bool:
    """Return whether the claim with `token` was ended by its holder, whose commit was cut off.

    Only the holder ends a claim under its token. Raises Fenced where somebody else has claimed since: then
    there is nothing left to do for it, either way.
    """
    if holds_claim(connection, table, claimed):
        return False
    found = connection.execute(sa.select(table.c.token).where(row)).scalar()
    if found != token:
        raise Fenced("somebody else took this over while the connection to the store was lost")
    return True
