"""The heartbeat to a watcher outside: a delivery like any other, so that it proves the whole way.

It stops when windows are not planned any more, the store cannot be written, or nothing is sent: whoever waits
for it then knows that no notice would come either.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from driftwatch.channels.heartbeat import HEARTBEAT, Heartbeat
from driftwatch.incidents.stamps import read_stamp, write_stamp
from driftwatch.jobs.messages import HEARTBEAT_TYPE, build_heartbeat_body
from driftwatch.jobs.parts import Parts
from driftwatch.store.delivery import DeliveryDraft
from driftwatch.store.meta import keep_meta, read_meta, swap_meta
from driftwatch.store.outbox import queue_delivery
from driftwatch.store.told import forget_delivered, has_waiting

__all__ = ["SHORTEST_BEAT", "queue_ping"]

SHORTEST_BEAT: Final = timedelta(seconds=10)
_KEPT: Final = timedelta(days=1)
_NAME: Final = "pinged"


def queue_ping(parts: Parts) -> bool:
    """Queue a heartbeat where one is due and none waits; return whether it did.

    However many daemons there are, it is one. Those of the day before are forgotten.
    """
    channel = parts.channels.get(HEARTBEAT)
    if not isinstance(channel, Heartbeat):
        return False
    every = channel.every
    return parts.database.write(lambda tx: _queue(tx, parts, every))


def _queue(tx: sa.Connection, parts: Parts, every: timedelta) -> bool:
    now = parts.tell_time(tx)
    kept = read_meta(tx, _NAME)
    if kept is not None and now - read_stamp(json.loads(kept)["at"]) < every:
        return False
    if has_waiting(tx, HEARTBEAT):
        return False
    after = json.dumps({"at": write_stamp(now)})
    if kept is None:
        keep_meta(tx, _NAME, after)
        if read_meta(tx, _NAME) != after:
            return False
    elif not swap_meta(tx, _NAME, kept, after):
        return False
    forget_delivered(tx, HEARTBEAT, now - _KEPT)
    draft = DeliveryDraft(channel=HEARTBEAT, type=HEARTBEAT_TYPE, body=build_heartbeat_body(now))
    queue_delivery(tx, draft, make_id=parts.make_id, now=now)
    return True
