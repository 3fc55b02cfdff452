"""Send what waits in the outbox: at least once, with an id that stays the same."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime
from itertools import count

import sqlalchemy as sa

from driftwatch.channels.contract import Outcome
from driftwatch.incidents.retry import next_attempt
from driftwatch.jobs.messages import TEST_TYPE, build_test_body, read_message
from driftwatch.jobs.parts import LEASE, Parts
from driftwatch.store.outbox import (
    Attempt,
    DeliveryDraft,
    DeliveryRow,
    claim_delivery,
    list_deliveries,
    queue_delivery,
    record_delivered,
    record_failed,
)
from driftwatch.store.slots import Fenced

__all__ = ["FALLBACK_AFTER", "deliver_due", "deliver_one", "send_test"]

log = logging.getLogger("driftwatch.deliver")

FALLBACK_AFTER = 3
"""Failed attempts after which a notice goes out on the channel's fallback too."""

_LOOKED_BACK = 200


def deliver_due(parts: Parts, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due until all is sent or `stopping`; return how many attempts were made."""
    return next(made for made in count() if stopping() or not deliver_one(parts))


def deliver_one(parts: Parts) -> bool:
    """Send the delivery that has been due longest; return False where nothing is due.

    The claim is taken and the outcome written in transactions of their own; the sending is in neither. A
    process that dies in between leaves a claim that runs out, and the delivery is sent again.
    """
    now = parts.clock.now()
    claim = parts.database.write(lambda tx: claim_delivery(tx, parts.owner, LEASE, now))
    if claim is None:
        return False
    outcome = _send(parts, claim, now)
    attempt = Attempt(started_at=now, ended_at=parts.clock.now(), status=outcome.status, error=outcome.error)
    try:
        parts.database.write(lambda tx: _record(tx, parts, claim, attempt, outcome))
    except Fenced as error:
        log.warning("delivery overtaken id=%s channel=%s reason=%s", claim.id, claim.channel, error)
    return True


def send_test(parts: Parts, channel: str) -> DeliveryRow:
    """Queue a test message for `channel`, send what is due, and return the delivery as it stands then."""
    now = parts.clock.now()
    draft = DeliveryDraft(channel=channel, type=TEST_TYPE, body=build_test_body(channel, now))
    number = parts.database.write(lambda tx: queue_delivery(tx, draft, make_id=parts.make_id, now=now))
    deliver_due(parts)
    rows = parts.database.read(lambda tx: list_deliveries(tx, channel=channel))
    return next(row for row in rows if row.id == number)


def _send(parts: Parts, claim: DeliveryRow, now: datetime) -> Outcome:
    channel = parts.channels.get(claim.channel)
    if channel is None:
        return Outcome(delivered=False, again=False, error="the configuration has no such channel any more")
    try:
        return channel.send(read_message(claim), now)
    except Exception as error:  # one faulty channel must not hold up the others
        log.exception("sending failed id=%s channel=%s", claim.id, claim.channel)
        reason = f"the channel itself failed ({type(error).__name__}); the log of driftwatch has the details"
        return Outcome(delivered=False, again=True, error=reason)


def _record(tx: sa.Connection, parts: Parts, claim: DeliveryRow, attempt: Attempt, outcome: Outcome) -> None:
    if outcome.delivered:
        record_delivered(tx, claim, attempt)
        log.info("notice delivered id=%s channel=%s type=%s", claim.id, claim.channel, claim.type)
        return
    spread = random.uniform(-1, 1)  # noqa: S311 - spreads attempts in time; not a secret.
    next_at = (
        next_attempt(claim.attempts, now=attempt.ended_at, retry_after=outcome.retry_after, spread=spread)
        if outcome.again
        else None
    )
    record_failed(tx, claim, attempt, next_at=next_at)
    log.warning(
        "notice not delivered id=%s channel=%s attempt=%s status=%s error=%s next_at=%s",
        claim.id,
        claim.channel,
        claim.attempts,
        outcome.status,
        outcome.error,
        next_at,
    )
    if next_at is None or claim.attempts >= FALLBACK_AFTER:
        _queue_fallback(tx, parts, claim, attempt.ended_at)


def _queue_fallback(tx: sa.Connection, parts: Parts, claim: DeliveryRow, now: datetime) -> None:
    """Queue the notice for the channel's fallback, once; a test says something of its own channel alone."""
    channel = parts.channels.get(claim.channel)
    fallback = getattr(channel, "fallback", None)
    if fallback is None or fallback == claim.channel or claim.type == TEST_TYPE:
        return
    others = list_deliveries(tx, channel=fallback, incident_id=claim.incident_id, newest=_LOOKED_BACK)
    if any(
        (row.incident_id, row.seq, row.body) == (claim.incident_id, claim.seq, claim.body) for row in others
    ):
        return
    draft = DeliveryDraft(
        channel=fallback,
        type=claim.type,
        body=claim.body,
        monitor_key=claim.monitor_key,
        incident_id=claim.incident_id,
        seq=claim.seq,
    )
    queue_delivery(tx, draft, make_id=parts.make_id, now=now)
    log.warning("notice sent to the fallback id=%s channel=%s fallback=%s", claim.id, claim.channel, fallback)
