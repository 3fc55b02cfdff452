"""Tell what was kept back once nothing speaks against it, and one message in place of a queue that has aged.

Neither a silence nor a receiver that is down for days may end with somebody not knowing what is still wrong.
What was told before, or is over, is not told again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Final

import sqlalchemy as sa

from driftwatch.errors import DriftwatchError
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.incident import NoticeType
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.incidents.retelling import tell_again
from driftwatch.incidents.words import say_moment
from driftwatch.jobs.facts import build_facts
from driftwatch.jobs.gating import ENABLED_AGAIN, Gatekeeper
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.recording import Held, keep_advance
from driftwatch.store.claims import Fenced
from driftwatch.store.delivery import DeliveryRow, DeliveryState
from driftwatch.store.destinations import list_destinations
from driftwatch.store.incidents import find_incident
from driftwatch.store.monitors import find_monitor
from driftwatch.store.outbox import list_deliveries
from driftwatch.store.told import (
    has_waiting,
    list_overdue,
    list_owed,
    mark_owed,
    read_told,
    supersede_deliveries,
)

__all__ = ["QUEUE_AGES_AFTER", "retell_due"]

log = logging.getLogger("driftwatch.deliver")

QUEUE_AGES_AFTER: Final = timedelta(hours=24)
"""After so long undelivered, one message with the incident's state takes the place of those that wait."""

_SILENCED: Final = ("silence ", "maintenance ")


def retell_due(parts: Parts, monitors: Sequence[Monitor]) -> int:
    """Queue what is owed, and return how many messages that are.

    1. What a silence, a maintenance window or another incident kept back, and is still open, is told once
       that has ended, as it stands then.
    2. What was not delivered for a day is told as it stands, and what waited expires. The end of an incident
       stays what it is.
    3. A disabled destination for which nothing waits gets something to be tried with, if anything is open.
    """
    facts = {monitor.id: build_facts(monitor) for monitor in monitors}
    # Nothing is written at a tick that finds nothing to do.
    if parts.database.read(list_destinations):
        parts.database.write(partial(_find_probes, parts=parts))
    owed = parts.database.read(list_owed)
    works = [partial(_tell_owed, parts=parts, row=row, facts=facts) for row in owed]
    before = parts.clock.now() - QUEUE_AGES_AFTER
    overdue = parts.database.read(lambda tx: list_overdue(tx, before))
    works += [partial(_replace_queue, parts=parts, rows=rows, facts=facts) for rows in _group(overdue)]
    queued = 0
    for work in works:
        try:
            queued += parts.database.write(work)
        except Fenced:
            continue  # Somebody else has told it, or the incident has moved on: the next tick looks again.
        except DriftwatchError as error:
            log.error("telling anew failed reason=%s", error)  # noqa: TRY400 - the reason says it all.
        except Exception:  # one poisoned incident must not stop the others
            log.exception("telling anew failed")
    return queued


def _group(rows: Sequence[DeliveryRow]) -> Iterator[list[DeliveryRow]]:
    for _, group in groupby(rows, key=lambda row: (row.incident_id, row.channel)):
        yield list(group)


def _find_probes(tx: sa.Connection, *, parts: Parts) -> None:
    now = parts.tell_time(tx)
    for destination in list_destinations(tx):
        is_due = destination.next_at is not None and destination.next_at <= now
        if is_due and not has_waiting(tx, destination.channel):
            mark_owed(tx, destination.channel, ENABLED_AGAIN)


def _tell_owed(tx: sa.Connection, *, parts: Parts, row: DeliveryRow, facts: dict[str, MonitorFacts]) -> int:
    """Tell an incident of which the last notice was not sent, unless it is still to be kept back."""
    decision, since = row.decision or "", say_moment(_find_since(tx, row))
    if row.state is DeliveryState.DEAD:
        reason = f"Nothing could be told here since {since}; this is how it stands."
    else:
        verb = "Silenced" if decision.startswith(_SILENCED) else "Kept back"
        reason = f"{verb} since {since} ({decision}), and still open."
    return 0 if _tell(tx, parts, row, facts, reason) is None else 1


def _find_since(tx: sa.Connection, row: DeliveryRow) -> datetime:
    """Return since when nothing about the incident was sent to the channel of `row`."""
    since = row.created_at
    for one in reversed(list_deliveries(tx, channel=row.channel, incident_id=row.incident_id)):
        if one.state is DeliveryState.DELIVERED:
            break
        since = min(since, one.created_at)
    return since


def _replace_queue(
    tx: sa.Connection, *, parts: Parts, rows: Sequence[DeliveryRow], facts: dict[str, MonitorFacts]
) -> int:
    """Put one message in the place of what has waited for a day."""
    oldest = rows[0]
    reason = f"This could not be delivered since {say_moment(oldest.created_at)}; this is how it stands."
    waiting = [
        row
        for row in list_deliveries(tx, channel=oldest.channel, incident_id=oldest.incident_id)
        if row.state is DeliveryState.PENDING
    ]
    end = next((row for row in waiting if row.type == NoticeType.RESOLVED), None)
    if end is not None:
        # Where nothing has arrived the gate lets the whole story collapse, or go out as it was.
        if read_told(tx, oldest.incident_id or 0, oldest.channel).told:
            supersede_deliveries(tx, waiting, by=end.id, reason=f"superseded by {end.id}: it is over")
        return 0
    told = _tell(tx, parts, oldest, facts, reason, hidden_too=True)
    if told is None:
        return 0
    supersede_deliveries(tx, waiting, by=told.id, reason=f"superseded by {told.id}, a day later")
    log.warning(
        "queue replaced channel=%s incident=%s notices=%s id=%s",
        oldest.channel,
        oldest.incident_id,
        len(waiting),
        told.id,
    )
    return 1


def _tell(
    tx: sa.Connection,
    parts: Parts,
    row: DeliveryRow,
    facts: dict[str, MonitorFacts],
    reason: str,
    *,
    hidden_too: bool = False,
) -> DeliveryRow | None:
    """Queue a notice about the incident of `row` as it stands, and return it; None where none is due now.

    What is hidden now is told with `hidden_too` alone: the gate keeps it back when it is to be sent.
    """
    stored = find_incident(tx, row.incident_id or 0)
    owner = None if stored is None else find_monitor(tx, stored.monitor_key)
    if stored is None or owner is None:
        return None
    incident = decode_incident(dict(stored.document), id=stored.id)
    known = facts.get(stored.monitor_key, MonitorFacts(id=stored.monitor_key))
    now = parts.tell_time(tx)
    gate = Gatekeeper(tx=tx, parts=parts, now=now)
    asked = gate.ask_about(incident, NoticeType.OPENED, row.channel, owner=known.owner)
    arrived = read_told(tx, stored.id, row.channel).told
    step = tell_again(incident, reason, arrived=arrived, now=parts.clock.now())
    if not step.transitions or not (asked.sends or hidden_too):
        return None
    held = Held(incident=incident, version=stored.version)
    keep_advance(tx, parts, owner, held, step, facts=known, notify=(row.channel,))
    queued = list_deliveries(tx, channel=row.channel, incident_id=stored.id, newest=1)
    return queued[0]
