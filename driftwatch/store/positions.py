"""Everything that happens to incidents, in one order that programs can follow.

An event takes its position under a lock that is held until its transaction ends. So positions are committed
in their order: who has seen one has seen every lesser one, and what comes later is greater. What is undone
gives its positions back.

*Why not a number that the database gives out:* two transactions may commit in the other order than they took
their numbers. Who had read the greater one by then would never ask for the lesser.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import meta

__all__ = ["COUNTER", "take_positions"]

COUNTER: Final = "feed"
"""The name under which the newest position is kept."""


def take_positions(connection: sa.Connection, count: int) -> range:
    """Return the next positions; nobody else takes any before this transaction ends."""
    locked = sa.select(meta.c.value).where(meta.c.name == COUNTER).with_for_update()
    last = connection.execute(locked).scalar()
    if last is None:
        insert_new(connection, meta, [{"name": COUNTER, "value": "0"}], key=["name"])
        last = connection.execute(locked).scalar_one()
    taken = range(int(last) + 1, int(last) + 1 + count)
    connection.execute(sa.update(meta).where(meta.c.name == COUNTER).values(value=str(taken[-1])))
    return taken
