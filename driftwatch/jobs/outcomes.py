"""What follows from an attempt to send: tried again, dead, told elsewhere, or its channel disabled."""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from driftwatch.channels.contract import Outcome
from driftwatch.channels.fingerprint import fingerprint_channel
from driftwatch.incidents.incident import NoticeType
from driftwatch.incidents.retry import next_attempt
from driftwatch.jobs.gating import let_again
from driftwatch.jobs.messages import DISABLED_TYPE, HEARTBEAT_TYPE, TEST_TYPE, build_disabled_body
from driftwatch.jobs.parts import Parts
from driftwatch.store.delivery import Attempt, DeliveryDraft, DeliveryRow
from driftwatch.store.destinations import PROBE_EVERY, find_destination, forgive_refusals, note_refusal
from driftwatch.store.outbox import (
    list_attempts,
    list_deliveries,
    queue_delivery,
    record_delivered,
    record_expired,
    record_failed,
)
from driftwatch.store.told import MAY_HAVE_ARRIVED

__all__ = ["FALLBACK_AFTER", "end_elsewhere", "queue_fallback", "record_outcome"]

log = logging.getLogger("driftwatch.deliver")

FALLBACK_AFTER = 3
"""Failed attempts after which a notice goes out on the channel's fallback too."""

_GONE: Final = 410
_REFUSALS: Final = frozenset({401, 403, 404, _GONE})
_LOOKED_BACK: Final = 200


def record_outcome(
    tx: sa.Connection, parts: Parts, claim: DeliveryRow, attempt: Attempt, outcome: Outcome
) -> None:
    """Write what came of an attempt, and queue what follows from it.

    Raises Fenced, and the caller rolls back, where the claim is not ours any more.
    """
    if outcome.delivered:
        record_delivered(tx, claim, attempt)
        log.info("notice delivered id=%s channel=%s type=%s", claim.id, claim.channel, claim.type)
        if let_again(tx, claim.channel, attempt.ended_at):
            log.warning("channel enabled channel=%s reason=it takes notices again", claim.channel)
        end_elsewhere(tx, parts, claim, attempt.ended_at)
        return
    if outcome.unsure and attempt.error is not None:
        attempt = replace(attempt, error=f"{attempt.error}; {MAY_HAVE_ARRIVED}")
    if claim.type == HEARTBEAT_TYPE:
        record_expired(tx, claim, attempt, "the next heartbeat takes its place")
        log.warning("heartbeat not delivered status=%s error=%s", outcome.status, outcome.error)
        return
    next_at = _find_next(tx, parts, claim, attempt, outcome)
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
        queue_fallback(tx, parts, claim, attempt.ended_at)


def queue_fallback(tx: sa.Connection, parts: Parts, row: DeliveryRow, now: datetime) -> None:
    """Queue a notice for the fallback of its channel, once; a test says something of its own alone."""
    fallback = _find_fallback(parts, row.channel)
    if fallback is None or row.type == TEST_TYPE:
        return
    others = list_deliveries(tx, channel=fallback, incident_id=row.incident_id, newest=_LOOKED_BACK)
    if any((one.incident_id, one.seq, one.body) == (row.incident_id, row.seq, row.body) for one in others):
        return
    _queue_copy(tx, parts, row, fallback, now)
    log.warning("notice sent to the fallback id=%s channel=%s fallback=%s", row.id, row.channel, fallback)


def end_elsewhere(tx: sa.Connection, parts: Parts, row: DeliveryRow, now: datetime) -> None:
    """Tell the end of an incident on the channel's fallback too, where that was told that it had begun."""
    fallback = _find_fallback(parts, row.channel)
    if fallback is None or row.type != NoticeType.RESOLVED:
        return
    told = list_deliveries(tx, channel=fallback, incident_id=row.incident_id)
    if told and all(one.seq != row.seq for one in told):
        _queue_copy(tx, parts, row, fallback, now)


def _find_next(
    tx: sa.Connection, parts: Parts, claim: DeliveryRow, attempt: Attempt, outcome: Outcome
) -> datetime | None:
    """Return when the delivery is tried again, None where it is dead."""
    if not outcome.again and outcome.status in _REFUSALS and claim.type != TEST_TYPE:
        was_disabled = _note_refusal(tx, parts, claim, attempt)
        # What only tried whether a disabled channel takes anything again stays where it is.
        return attempt.ended_at + PROBE_EVERY if was_disabled else None
    if outcome.status is not None and find_destination(tx, claim.channel) is not None:
        forgive_refusals(tx, claim.channel)
    if not outcome.again:
        return None
    spread = random.uniform(-1, 1)  # noqa: S311 - spreads attempts in time; not a secret.
    failed = _count_failed(tx, claim)
    return next_attempt(failed, now=attempt.ended_at, retry_after=outcome.retry_after, spread=spread)


def _count_failed(tx: sa.Connection, claim: DeliveryRow) -> int:
    """Return how many attempts have failed since the delivery was begun, this one among them.

    An attempt that ended with its process is none of them: nothing was learned of the receiver, and what is
    told must not wait for hours because driftwatch was started several times.
    """
    return min(claim.attempts, len(list_attempts(tx, claim.id)) + 1)


def _note_refusal(tx: sa.Connection, parts: Parts, claim: DeliveryRow, attempt: Attempt) -> bool:
    """Count a refusal, and tell it on the fallback where it disables the channel.

    Returns whether it was disabled before.
    """
    known = find_destination(tx, claim.channel)
    is_new = note_refusal(
        tx,
        claim.channel,
        settings=fingerprint_channel(parts.channels[claim.channel]),
        reason=attempt.error or "refused",
        now=attempt.ended_at,
        at_once=attempt.status == _GONE,
    )
    if is_new:
        log.error("channel disabled channel=%s reason=%s", claim.channel, attempt.error)
        _tell_disabled(tx, parts, claim.channel, attempt)
    return known is not None and known.disabled_at is not None


def _tell_disabled(tx: sa.Connection, parts: Parts, channel: str, attempt: Attempt) -> None:
    fallback = _find_fallback(parts, channel)
    if fallback is not None:
        body = build_disabled_body(channel, attempt.error or "refused", attempt.ended_at)
        draft = DeliveryDraft(channel=fallback, type=DISABLED_TYPE, body=body)
        queue_delivery(tx, draft, make_id=parts.make_id, now=attempt.ended_at)


def _find_fallback(parts: Parts, channel: str) -> str | None:
    fallback: str | None = getattr(parts.channels.get(channel), "fallback", None)
    return None if fallback == channel else fallback


def _queue_copy(tx: sa.Connection, parts: Parts, row: DeliveryRow, channel: str, now: datetime) -> None:
    draft = DeliveryDraft(
        channel=channel,
        type=row.type,
        body=row.body,
        monitor_key=row.monitor_key,
        incident_id=row.incident_id,
        seq=row.seq,
    )
    queue_delivery(tx, draft, make_id=parts.make_id, now=now)
