"""What became of the latest message about each of many incidents, channel by channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from driftwatch.store.delivery import DeliveryState
from driftwatch.store.tables import deliveries

__all__ = ["list_tellings"]


def list_tellings(
    connection: sa.Connection, incident_ids: Sequence[int]
) -> Mapping[int, Mapping[str, DeliveryState]]:
    """Return the state of the latest delivery to every channel, by incident; of others nothing."""
    query = (
        sa.select(deliveries.c.incident_id, deliveries.c.channel, deliveries.c.state)
        .where(deliveries.c.incident_id.in_(list(incident_ids)))
        .order_by(deliveries.c.seq)
    )
    found: defaultdict[int, dict[str, DeliveryState]] = defaultdict(dict)
    for row in connection.execute(query) if incident_ids else ():
        found[row.incident_id][row.channel] = DeliveryState(row.state)
    return found
