"""A person asks for retraining because of an incident: queued like the daemon's own request, or refused."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import note
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.describe import describe_incident
from driftwatch.incidents.incident import Incident
from driftwatch.jobs.facts import build_facts
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.promotion import need_row
from driftwatch.jobs.recording import Held, keep_advance
from driftwatch.retraining.decide import DecisionWord, decide_by_hand
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.retraining.request import build_request
from driftwatch.store.incidents import find_incident, open_incidents
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.retrains import RetrainDraft, RetrainState, list_retrains, queue_retrain

__all__ = ["request_retraining"]

log = logging.getLogger("driftwatch.retrain")

_UNDER_WAY = frozenset({RetrainState.REQUESTED, RetrainState.SENDING})


def request_retraining(parts: Parts, monitor: Monitor, number: int, *, who: str, why: str) -> int:
    """Ask for retraining because of incident `number` of `monitor`, and return the request's number.

    Who asked and why stands in the incident's history and in the request. Raises UsageError where the
    monitor has no trigger, where nobody says why, or where it may not start now, with the reason.
    """
    policy = _need_policy(monitor)
    if not why.strip():
        raise UsageError("say why it is to be retrained: the reason goes with the request")

    def ask(tx: sa.Connection) -> int:
        row, stored = need_row(tx, monitor), find_incident(tx, number)
        if stored is None or stored.monitor_key != monitor.id:
            raise UsageError(f"{monitor.id} has no incident {number}")
        incident = decode_incident(dict(stored.document), id=stored.id)
        held = Held(incident=incident, version=stored.version)
        asking = _Asking(tx=tx, parts=parts, monitor=monitor, row=row, policy=policy, incident=incident)
        asked = asking.queue(asking.decide(), f"{who} asks for it: {why.strip()}")
        asking.note(held, f"asked for retraining (request {asked}): {why.strip()}", who)
        return asked

    asked = parts.database.write(ask)
    log.info("retrain asked for monitor=%s incident=%s id=%s by=%s", monitor.id, number, asked, who)
    return asked


def _need_policy(monitor: Monitor) -> RetrainPolicy:
    if monitor.retrain is None:
        raise UsageError(f"{monitor.id} has no trigger for retraining: its `retrain` names one")
    if monitor.mode == "shadow":
        raise UsageError(f"{monitor.id} is in shadow mode: nothing is asked for because of it")
    return monitor.retrain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asking:
    """A request because of one incident, inside one open transaction."""

    tx: sa.Connection
    parts: Parts
    monitor: Monitor
    row: MonitorRow
    policy: RetrainPolicy
    incident: Incident

    def decide(self) -> int:
        """Return which request for the incident this is. Raises UsageError where it may not be made now."""
        known = list_retrains(self.tx, monitor=self.row)
        decision = decide_by_hand(
            self.policy,
            self.incident,
            [decode_incident(dict(one.document), id=one.id) for one in open_incidents(self.tx, self.row)],
            last_requested_at=max((one.requested_at for one in known), default=None),
            under_way=next((one.id for one in known if one.state in _UNDER_WAY), None),
            now=self.parts.clock.now(),
        )
        if decision.word is not DecisionWord.REQUEST:
            raise UsageError(f"retraining may not start now: {decision.reason}")
        return 1 + max((one.attempt for one in known if one.incident_id == self.incident.id), default=0)

    def queue(self, attempt: int, reason: str) -> int:
        """Queue the request and return its number."""
        facts, now = build_facts(self.monitor), self.parts.clock.now()
        request = build_request(
            self.incident,
            facts,
            describe_incident(self.incident, facts),
            trigger=self.policy.trigger,
            reason=reason,
            now=now,
            attempt=attempt,
        )
        draft = RetrainDraft(
            key=request.key,
            trigger=request.trigger,
            attempt=request.attempt,
            body=request.payload(),
            incident_id=self.incident.id,
        )
        return queue_retrain(self.tx, self.row, draft, now=now)

    def note(self, held: Held, text: str, who: str) -> None:
        """Write down in the incident's history who asked."""
        taken = note(self.incident, text, who, self.parts.clock.now())
        facts = build_facts(self.monitor)
        keep_advance(self.tx, self.parts, self.row, held, taken, facts=facts, notify=())
