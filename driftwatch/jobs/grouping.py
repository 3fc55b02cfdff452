"""Which notices are told in one message, how it is put together, and what becomes of its members."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import sqlalchemy as sa

from driftwatch.channels.contract import Message
from driftwatch.incidents.grouping import Part, fits_group, merge_parts
from driftwatch.incidents.incident import NoticeType, Severity
from driftwatch.incidents.notice import Notice
from driftwatch.jobs.maintenance import GateRules
from driftwatch.jobs.messages import read_message
from driftwatch.jobs.outcomes import queue_fallback
from driftwatch.jobs.parts import Parts
from driftwatch.store.delivery import DeliveryRow, DeliveryState
from driftwatch.store.outbox import (
    find_delivery,
    holds_delivery,
    list_attempts,
    record_delivered,
    record_failed,
)

__all__ = ["find_group", "fits_message", "record_members", "unite_messages"]

log = logging.getLogger("driftwatch.deliver")


def find_group(rules: GateRules, notice: Notice, channel: str) -> str | None:
    """Return the key of what `notice` may be told with on `channel`, None where it goes out by itself.

    Only what opened waits for others, of a source that several monitors read; what is critical never does.
    """
    monitor = str(notice.monitor["id"])
    can_wait = notice.type is NoticeType.OPENED and notice.severity is not Severity.CRITICAL
    if rules.group_wait is None or not can_wait or len(rules.list_same_source(monitor)) == 1:
        return None
    return sha256(f"{rules.sources[monitor]} {channel}".encode()).hexdigest()[:32]


def fits_message(rows: Sequence[DeliveryRow]) -> bool:
    """Return whether one message can tell all of `rows`; what cannot be read is told by itself."""
    try:
        return fits_group([_read_part(read_message(row)) for row in rows])
    except (KeyError, TypeError, ValueError):
        return False


def unite_messages(claim: DeliveryRow, members: Sequence[DeliveryRow]) -> Message:
    """Return the message that tells `claim` and its `members`, under the id of `claim`."""
    message = read_message(claim)
    if not members:
        return message
    one = merge_parts([_read_part(message), *(_read_part(read_message(row)) for row in members)])
    return replace(
        message, severity=one.severity, title=one.title, text=one.text, facts=(), payload=one.payload
    )


def record_members(
    tx: sa.Connection, parts: Parts, claim: DeliveryRow, members: Sequence[DeliveryRow]
) -> None:
    """Let `members` become what `claim` has become in this transaction, with the same attempt."""
    teller = find_delivery(tx, claim.id)
    if teller is None:
        return
    for row in members:
        if not holds_delivery(tx, row):
            log.warning("delivery overtaken id=%s channel=%s told_with=%s", row.id, row.channel, claim.id)
            continue
        attempt = list_attempts(tx, claim.id)[-1]
        if teller.state is DeliveryState.DELIVERED:
            record_delivered(tx, row, attempt)
            log.info("notice delivered id=%s channel=%s told_with=%s", row.id, row.channel, claim.id)
            continue
        is_dead = teller.state is DeliveryState.DEAD
        record_failed(tx, row, attempt, next_at=None if is_dead else teller.next_at)
        if is_dead:
            queue_fallback(tx, parts, row, attempt.ended_at)


def _read_part(message: Message) -> Part:
    return Part(severity=message.severity, title=message.title, text=message.text, payload=message.payload)
