"""Send requests for retraining to their triggers, under a key that stays the same."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from typing import Any

import sqlalchemy as sa

from driftwatch.failpoints import reach
from driftwatch.incidents.retry import next_attempt
from driftwatch.jobs.parts import Parts
from driftwatch.store.retrains import (
    RetrainRow,
    claim_retrain,
    holds_retrain,
    record_accepted,
    record_refused,
    settle_retrain,
)
from driftwatch.store.slots import Fenced
from driftwatch.triggers.contract import Started, TriggerCall

__all__ = ["MOST_ATTEMPTS", "number_body", "request_due", "request_one"]

log = logging.getLogger("driftwatch.retrain")

MOST_ATTEMPTS = 12
"""Attempts at one request: with the pauses between them about six hours."""


def request_due(parts: Parts, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send the requests that are due until all are sent or `stopping`; return how many attempts were made."""
    return next(made for made in count() if stopping() or not request_one(parts))


def request_one(parts: Parts) -> bool:
    """Send the request that has been due longest; return False where none is due."""
    now = parts.clock.now()
    claim = parts.database.write(
        lambda tx: claim_retrain(tx, parts.owner, parts.lease, parts.tell_time(tx)),
        settle=lambda tx, result: result is None or holds_retrain(tx, result),
    )
    if claim is None:
        return False
    reach("retrain.start")
    started = _start(parts, claim, now)
    reach("retrain.started")
    ended_at = parts.clock.now()
    try:
        parts.database.write(
            lambda tx: _record(tx, claim, started, ended_at),
            settle=lambda tx, _: settle_retrain(tx, claim),
        )
    except Fenced as error:
        log.warning("retrain overtaken id=%s trigger=%s reason=%s", claim.id, claim.trigger, error)
    return True


def _start(parts: Parts, claim: RetrainRow, now: datetime) -> Started:
    trigger = parts.triggers.get(claim.trigger)
    if trigger is None:
        return Started(accepted=False, again=False, error="the configuration has no such trigger any more")
    call = TriggerCall(key=claim.key, body=number_body(claim.body, claim.id), timestamp=claim.requested_at)
    try:
        return trigger.start(call, now)
    except Exception as error:  # one faulty trigger must not hold up the others
        log.exception("asking failed id=%s trigger=%s", claim.id, claim.trigger)
        reason = f"the trigger itself failed ({type(error).__name__}); the log of driftwatch has the details"
        return Started(accepted=False, again=True, error=reason)


def number_body(body: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return the body with the number the store gave the request, which its maker could not know."""
    data = body["data"]
    return {**body, "data": {**data, "retrain": {**data["retrain"], "id": number}}}


def _record(tx: sa.Connection, claim: RetrainRow, started: Started, now: datetime) -> None:
    if started.accepted:
        record_accepted(tx, claim, status=started.status, now=now)
        log.info("retrain accepted id=%s trigger=%s key=%s", claim.id, claim.trigger, claim.key)
        return
    next_at, failures = None, claim.failures + 1
    if started.again and failures < MOST_ATTEMPTS:
        spread = random.uniform(-1, 1)  # noqa: S311 - spreads attempts in time; not a secret.
        next_at = next_attempt(failures, now=now, retry_after=started.retry_after, spread=spread)
    error = started.error or "refused"
    record_refused(tx, claim, status=started.status, error=error, now=now, next_at=next_at)
    log.warning(
        "retrain not accepted id=%s trigger=%s attempt=%s status=%s error=%s next_at=%s",
        claim.id,
        claim.trigger,
        claim.attempts,
        started.status,
        error,
        next_at,
    )
