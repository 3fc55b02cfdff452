"""Requested retrains: queued with the fact that asks for them, sent afterwards, never twice for one key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from driftwatch.store.claims import (
    Fenced,
    claim_first,
    claim_values,
    end_claim,
    holds_claim,
    is_claimable,
    was_ended,
)
from driftwatch.store.inserting import insert_new
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.tables import monitors, retrains

__all__ = [
    "RetrainDraft",
    "RetrainRow",
    "RetrainState",
    "claim_retrain",
    "holds_retrain",
    "last_retrain",
    "list_retrains",
    "queue_retrain",
    "record_accepted",
    "record_refused",
    "settle_retrain",
]


class RetrainState(StrEnum):
    """Where a retrain stands."""

    REQUESTED = "requested"  # It waits to be sent to its trigger, from `next_at` on.
    SENDING = "sending"  # Somebody is sending it, until `claim_until`.
    ACCEPTED = "accepted"  # The trigger said that it has it.
    FAILED = "failed"  # It is not tried again.


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainDraft:
    """A retrain to be requested. `key` is the same whenever the same retrain is asked for again."""

    key: str
    trigger: str
    attempt: int
    body: Mapping[str, Any]
    incident_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainRow:
    """A stored retrain; as returned by `claim_retrain` it is also the claim.

    `attempt` is the number of the retrain for its incident, `attempts` how often it was sent, and `failures`
    how often that was answered with a refusal, or not at all; an attempt that ended with its process is none.
    """

    id: int
    key: str
    monitor_key: str
    incident_id: int | None
    trigger: str
    attempt: int
    body: Mapping[str, Any]
    state: RetrainState
    attempts: int
    failures: int
    token: int
    next_at: datetime
    last_status: int | None
    last_error: str | None
    requested_at: datetime
    finished_at: datetime | None


def queue_retrain(
    connection: sa.Connection, monitor: MonitorRow, draft: RetrainDraft, *, now: datetime
) -> int:
    """Queue `draft` and return its id; one with the same key that is queued already stays as it is."""
    row = {
        "retrain_key": draft.key,
        "monitor_id": monitor.id,
        "incident_id": draft.incident_id,
        "trigger_name": draft.trigger,
        "attempt": draft.attempt,
        "body": dict(draft.body),
        "state": RetrainState.REQUESTED,
        "next_at": now,
        "requested_at": now,
    }
    insert_new(connection, retrains, [row], key=["retrain_key"])
    query = sa.select(retrains.c.id).where(retrains.c.retrain_key == draft.key)
    return int(connection.execute(query).scalar_one())


def claim_retrain(
    connection: sa.Connection, owner: str, lease: timedelta, now: datetime
) -> RetrainRow | None:
    """Return the retrain that has been due longest, claimed for `lease`; None where there is none."""
    can_be_claimed = is_claimable(
        retrains, waiting=RetrainState.REQUESTED, working=RetrainState.SENDING, now=now
    )
    ids = sa.select(retrains.c.id).where(can_be_claimed).order_by(retrains.c.next_at, retrains.c.id)
    values = {"state": RetrainState.SENDING, **claim_values(retrains, owner, now + lease)}
    claim = sa.update(retrains).where(can_be_claimed).values(values)
    claimed = claim_first(connection, ids, claim, retrains.c.id)
    if claimed is None:
        return None
    return _read_retrains(connection, _select_retrains().where(retrains.c.id == claimed))[0]


def record_accepted(
    connection: sa.Connection, claim: RetrainRow, *, status: int | None, now: datetime
) -> None:
    """Note that the trigger has it. Raises Fenced where the claim is not ours any more."""
    changes = {"state": RetrainState.ACCEPTED, "finished_at": now, "last_status": status, "last_error": None}
    _leave(connection, claim, changes)


def record_refused(
    connection: sa.Connection,
    claim: RetrainRow,
    *,
    status: int | None,
    error: str,
    now: datetime,
    next_at: datetime | None,
) -> None:
    """Note a failed try: it is sent again from `next_at` on, or has failed for good where that is None.

    Raises Fenced where the claim is not ours any more.
    """
    changes: dict[str, Any] = {
        "last_status": status,
        "last_error": error,
        "failures": claim.failures + 1,
    }
    if next_at is None:
        changes |= {"state": RetrainState.FAILED, "finished_at": now}
    else:
        changes |= {"state": RetrainState.REQUESTED, "next_at": next_at}
    _leave(connection, claim, changes)


def holds_retrain(connection: sa.Connection, claim: RetrainRow) -> bool:
    """Return whether the retrain is claimed as `claim` says; it stays so until the commit."""
    return holds_claim(connection, retrains, _is_claimed(claim))


def settle_retrain(connection: sa.Connection, claim: RetrainRow) -> bool:
    """Return whether the end of `claim` was committed. Raises Fenced where somebody else has it now."""
    row = retrains.c.id == claim.id
    return was_ended(connection, retrains, row=row, claimed=_is_claimed(claim), token=claim.token)


def last_retrain(connection: sa.Connection, monitor: MonitorRow) -> RetrainRow | None:
    """Return the monitor's latest retrain, whatever became of it."""
    query = _select_retrains().where(retrains.c.monitor_id == monitor.id)
    found = _read_retrains(
        connection, query.order_by(retrains.c.requested_at.desc(), retrains.c.id.desc()).limit(1)
    )
    return found[0] if found else None


def list_retrains(
    connection: sa.Connection, *, monitor: MonitorRow | None = None, incident_id: int | None = None
) -> list[RetrainRow]:
    """Return retrains, oldest first: those of `monitor`, of one incident, or all."""
    query = _select_retrains().order_by(retrains.c.requested_at, retrains.c.id)
    if incident_id is not None:
        query = query.where(retrains.c.incident_id == incident_id)
    if monitor is not None:
        query = query.where(retrains.c.monitor_id == monitor.id)
    return _read_retrains(connection, query)


def _leave(connection: sa.Connection, claim: RetrainRow, changes: dict[str, Any]) -> None:
    if not end_claim(connection, retrains, _is_claimed(claim), changes):
        raise Fenced(f"retrain {claim.id} of {claim.monitor_key}: somebody else took it over in the meantime")


def _is_claimed(claim: RetrainRow) -> sa.ColumnElement[bool]:
    return sa.and_(
        retrains.c.id == claim.id,
        retrains.c.state == RetrainState.SENDING,
        retrains.c.token == claim.token,
    )


def _select_retrains() -> sa.Select[Any]:
    return sa.select(retrains, monitors.c.monitor_key).join(monitors, monitors.c.id == retrains.c.monitor_id)


def _read_retrains(connection: sa.Connection, query: sa.Select[Any]) -> list[RetrainRow]:
    return [
        RetrainRow(
            id=row.id,
            key=row.retrain_key,
            monitor_key=row.monitor_key,
            incident_id=row.incident_id,
            trigger=row.trigger_name,
            attempt=row.attempt,
            body=row.body,
            state=RetrainState(row.state),
            attempts=row.attempts,
            failures=row.failures or 0,
            token=row.token,
            next_at=row.next_at,
            last_status=row.last_status,
            last_error=row.last_error,
            requested_at=row.requested_at,
            finished_at=row.finished_at,
        )
        for row in connection.execute(query)
    ]
