"""Whether the daemon on a store does its work: every reason why it may not, in words.

A process that answers proves little. These are about what it is there for: ticks that come, windows that are
judged, notices that get out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from driftwatch.incidents.words import say_duration
from driftwatch.jobs.heartbeat import SILENCE, Beat, read_beat
from driftwatch.jobs.replicas import is_in_force
from driftwatch.store.outbox import summarise_outbox
from driftwatch.store.slots import due_slots

__all__ = ["list_obstacles"]

_MOST_OFFSET = timedelta(seconds=60)
_GRACE = timedelta(minutes=15)
"""How long a window may wait to be judged, and a notice to get out."""


def list_obstacles(connection: sa.Connection, now: datetime) -> tuple[str, ...]:
    """Return why the daemon on this store cannot be relied on at `now`; nothing where it can."""
    last = read_beat(connection)
    alive = () if last is None else _list_of_daemon(connection, last)
    if last is None or now - last.at >= SILENCE:
        seen = "" if last is None else f" for {say_duration(now - last.at)}"
        alive = (f"no daemon was seen{seen}: is `driftwatch serve` running?",)
    return (*alive, *_list_of_work(connection, now))


def _list_of_daemon(connection: sa.Connection, last: Beat) -> tuple[str, ...]:
    found = []
    if abs(last.offset) > _MOST_OFFSET:
        side = "behind" if last.offset > timedelta(0) else "ahead of"
        found.append(
            f"the daemon's clock is {say_duration(abs(last.offset))} {side} the store's: set both by NTP"
        )
    if last.jump is not None:
        found.append("the time of day jumped: the daemon waits until that has lasted 5 minutes")
    if not is_in_force(connection, last.config):
        found.append(
            "the daemon runs under another configuration than the one applied last: reload it or restart it"
        )
    return tuple(found)


def _list_of_work(connection: sa.Connection, now: datetime) -> tuple[str, ...]:
    found = []
    oldest = next(iter(due_slots(connection, now, 1)), None)
    if oldest is not None and now - oldest.next_at > _GRACE:
        since = say_duration(now - oldest.next_at)
        found.append(f"a window of {oldest.monitor_key} has waited {since} to be judged")
    age = summarise_outbox(connection, now).oldest_age
    if age is not None and age > _GRACE:
        found.append(f"a notice has waited {say_duration(age)} to get out")
    return tuple(found)
