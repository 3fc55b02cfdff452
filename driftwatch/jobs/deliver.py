"""Send what waits in the outbox: at least once, with an id that stays the same."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.channels.contract import Outcome
from driftwatch.errors import UsageError
from driftwatch.failpoints import reach
from driftwatch.incidents.gate import Decision, DecisionWord
from driftwatch.incidents.incident import NoticeType
from driftwatch.jobs.gating import DISABLED, Gatekeeper
from driftwatch.jobs.grouping import fits_message, record_members, unite_messages
from driftwatch.jobs.illustrating import illustrate
from driftwatch.jobs.messages import TEST_TYPE, build_test_body
from driftwatch.jobs.outcomes import FALLBACK_AFTER, end_elsewhere, queue_fallback, record_outcome
from driftwatch.jobs.parts import Parts
from driftwatch.store.delivery import Attempt, DeliveryDraft, DeliveryRow
from driftwatch.store.grouping import claim_members
from driftwatch.store.outbox import (
    Busy,
    claim_delivery,
    find_delivery,
    holds_delivery,
    is_any_due,
    list_deliveries,
    queue_delivery,
    settle_delivery,
)
from driftwatch.store.slots import Fenced
from driftwatch.store.told import CHANNEL_FAILED

__all__ = ["FALLBACK_AFTER", "deliver_due", "deliver_one", "send_test"]

log = logging.getLogger("driftwatch.deliver")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What was claimed, None where nothing could be; `declined` counts what the gate did not let through.

    `members` are told in the same message.
    """

    claim: DeliveryRow | None
    declined: int
    members: tuple[DeliveryRow, ...] = ()


def deliver_due(parts: Parts, *, stopping: Callable[[], bool] = lambda: False, waits: bool = True) -> int:
    """Send what is due until all is sent or `stopping`; return how many attempts were made.

    It may run in several threads. `waits` for channels that take only so much at a time; without, what is
    left for these is sent at the next call.
    """
    made = 0
    while not stopping():
        if deliver_one(parts):
            made += 1
            continue
        wait = parts.traffic.find_wait(parts.channels, parts.clock.monotonic()) if waits else None
        if wait is None or not _is_due(parts):
            return made
        threading.Event().wait(wait)
    return made


def deliver_one(parts: Parts, *, calling: Callable[[], None] = lambda: None) -> bool:
    """Send the delivery that has been due longest; return False where nothing is due.

    `calling` is called once something is claimed, before it is sent: somebody else may look for more.

    The claim is taken, after the gate was asked, and the outcome written in transactions of their own; the
    sending is in neither. A process that dies in between leaves a claim that runs out, and the delivery is
    sent again.
    """
    while True:
        turn = _claim(parts)
        if turn.claim is not None:
            calling()
            _deliver(parts, turn.claim, turn.members)
            return True
        if not turn.declined:
            return False


def send_test(parts: Parts, channel: str) -> DeliveryRow:
    """Queue a test message for `channel`, send what is due, and return the delivery as it stands then."""
    now = parts.clock.now()
    draft = DeliveryDraft(channel=channel, type=TEST_TYPE, body=build_test_body(channel, now))
    number = parts.database.write(lambda tx: queue_delivery(tx, draft, make_id=parts.make_id, now=now))
    deliver_due(parts)
    found = parts.database.read(lambda tx: find_delivery(tx, number))
    if found is None:
        raise UsageError(f"the delivery {number} was removed in the meantime")
    return found


def _claim(parts: Parts) -> _Turn:
    """Claim the next delivery that may be sent, and note that it leaves."""
    entered = parts.clock.monotonic()
    with parts.traffic.choosing():
        busy = Busy(
            channels=parts.traffic.list_closed(parts.channels, entered),
            deliveries=parts.traffic.list_sending(),
        )

        def claim(tx: sa.Connection) -> _Turn:
            now = parts.tell_time(tx)
            gate = Gatekeeper(tx=tx, parts=parts, now=now)
            claimed = claim_delivery(tx, parts.owner, parts.lease, now, ask=gate.ask, busy=busy)
            members = (
                () if claimed is None else claim_members(tx, claimed, now, ask=gate.ask, fits=fits_message)
            )
            for row, decision in gate.declined:
                _follow_declined(tx, parts, row, decision)
            return _Turn(claim=claimed, declined=len(gate.declined), members=tuple(members))

        turn = parts.database.write(
            claim, settle=lambda tx, found: found.claim is None or holds_delivery(tx, found.claim)
        )
        claimed = turn.claim
        if claimed is not None:
            parts.traffic.enter(claimed.id, claimed.channel, parts.channels.get(claimed.channel), entered)
    return turn


def _follow_declined(tx: sa.Connection, parts: Parts, row: DeliveryRow, decision: Decision) -> None:
    """Tell elsewhere what waits for a disabled channel, and the end of what was told elsewhere alone."""
    now = parts.clock.now()
    log.info(
        "notice not sent id=%s channel=%s type=%s decision=%s reason=%s",
        row.id,
        row.channel,
        row.type,
        decision.word,
        decision.reason,
    )
    if decision.word is DecisionWord.HOLD:
        if (decision.reason or "").startswith(DISABLED):
            queue_fallback(tx, parts, row, now)
    elif decision.word is DecisionWord.COLLAPSE:
        later = list_deliveries(tx, channel=row.channel, incident_id=row.incident_id)
        for end in later:
            if end.type == NoticeType.RESOLVED:
                end_elsewhere(tx, parts, end, now)
    else:
        end_elsewhere(tx, parts, row, now)


def _deliver(parts: Parts, claim: DeliveryRow, members: Sequence[DeliveryRow]) -> None:
    now, started, is_told = parts.clock.now(), parts.clock.monotonic(), False
    try:
        reach("deliver.send")
        outcome = _send(parts, claim, members, now)
        reach("deliver.sent")
        parts.traffic.note_seconds(claim.channel, parts.clock.monotonic() - started)
        attempt = Attempt(
            started_at=now, ended_at=parts.clock.now(), status=outcome.status, error=outcome.error
        )

        def record(tx: sa.Connection) -> None:
            record_outcome(tx, parts, claim, attempt, outcome)
            record_members(tx, parts, claim, members)

        parts.database.write(
            record,
            settle=lambda tx, _: settle_delivery(tx, claim),
        )
        is_told = outcome.delivered
    except Fenced as error:
        log.warning("delivery overtaken id=%s channel=%s reason=%s", claim.id, claim.channel, error)
    finally:
        parts.traffic.leave(claim.id)
    if is_told:
        illustrate(parts, claim, now)


def _send(parts: Parts, claim: DeliveryRow, members: Sequence[DeliveryRow], now: datetime) -> Outcome:
    channel = parts.channels.get(claim.channel)
    if channel is None:
        return Outcome(delivered=False, again=False, error="the configuration has no such channel any more")
    try:
        return channel.send(unite_messages(claim, members), now)
    except Exception as error:  # one faulty channel must not hold up the others
        log.exception("sending failed id=%s channel=%s", claim.id, claim.channel)
        reason = f"{CHANNEL_FAILED} ({type(error).__name__}); the log of driftwatch has the details"
        return Outcome(delivered=False, again=True, error=reason)


def _is_due(parts: Parts) -> bool:
    """Return whether something is due for a channel that is closed."""
    return parts.database.read(lambda tx: is_any_due(tx, parts.tell_time(tx)))
