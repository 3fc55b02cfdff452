"""The weekly digest of each owner: queued once when it falls due, whatever the number of daemons."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

import sqlalchemy as sa

from driftwatch.errors import DriftwatchError
from driftwatch.incidents.stamps import read_stamp, write_stamp
from driftwatch.incidents.weekly import build_weekly
from driftwatch.jobs.messages import freeze_notice
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.turns import Weekly, take_turn
from driftwatch.jobs.week import read_week
from driftwatch.store.meta import forget_meta, list_meta
from driftwatch.store.outbox import DeliveryDraft, queue_delivery

__all__ = ["DigestPlan", "queue_weeklies"]

log = logging.getLogger("driftwatch.weekly")

_PREFIX: Final = "weekly:"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPlan:
    """Whose monitors are reported on, None for all of them, to which channels, and when."""

    owner: str | None = None
    notify: tuple[str, ...]
    when: Weekly = field(default_factory=Weekly)

    @property
    def name(self) -> str:
        """Under what the store remembers until when was reported."""
        # An owner may be called anything, at any length: none of them has the name of all.
        digits = "all" if self.owner is None else sha256(self.owner.encode()).hexdigest()[:32]
        return f"{_PREFIX}{digits}"


def queue_weeklies(parts: Parts, plans: Sequence[DigestPlan], monitors: Sequence[Monitor]) -> int:
    """Queue every digest that is due; return how many.

    The first of a plan falls due after it was first seen. A plan that is gone is forgotten: should it come
    back it begins anew.
    """
    kept = parts.database.read(lambda tx: list_meta(tx, _PREFIX))
    _forget_gone(parts, plans, kept)
    queued = 0
    for plan in plans:
        try:
            queued += _queue_one(parts, plan, monitors, kept.get(plan.name.removeprefix(_PREFIX)))
        except DriftwatchError as error:
            log.error("digest failed owner=%s reason=%s", plan.owner, error)  # noqa: TRY400 - the reason says it all.
        except Exception:  # one poisoned digest must not stop the others
            log.exception("digest failed owner=%s", plan.owner)
    return queued


def _forget_gone(parts: Parts, plans: Sequence[DigestPlan], kept: dict[str, str]) -> None:
    gone = [f"{_PREFIX}{name}" for name in kept if f"{_PREFIX}{name}" not in {plan.name for plan in plans}]

    def forget_plans(tx: sa.Connection) -> None:
        for name in gone:
            forget_meta(tx, name)

    if gone:
        parts.database.write(forget_plans)


def _queue_one(parts: Parts, plan: DigestPlan, monitors: Sequence[Monitor], kept: str | None) -> bool:
    now = parts.clock.now().replace(microsecond=0)
    since = None if kept is None else _decode(kept)
    if since is not None and plan.when.find_last(now) <= since:
        return False

    def write_weekly(tx: sa.Connection) -> bool:
        if not take_turn(tx, plan.name, kept, _encode(now)) or since is None:
            return False
        digest = build_weekly(read_week(tx, monitors, plan.owner, since, now))
        for channel in plan.notify:
            draft = DeliveryDraft(channel=channel, type=digest.type, body=freeze_notice(digest))
            queue_delivery(tx, draft, make_id=parts.make_id, now=now)
            log.info("digest queued owner=%s channel=%s", plan.owner, channel)
        return True

    return parts.database.write(write_weekly)


def _encode(until: datetime) -> str:
    return json.dumps({"version": _VERSION, "until": write_stamp(until)})


def _decode(document: str) -> datetime | None:
    """Return until when was reported; None where another release wrote it, so that reporting begins anew."""
    found = json.loads(document)
    return read_stamp(found["until"]) if found.get("version") == _VERSION else None
