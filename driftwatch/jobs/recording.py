"""An incident after a step, written with its events and what is told of it, in one transaction.

What must be told is a row of the outbox before it is anything else: told if and only if remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa

from driftwatch.incidents.codec import encode_incident
from driftwatch.incidents.describe import build_notice
from driftwatch.incidents.incident import Advance, Incident, Transition
from driftwatch.incidents.notice import MonitorFacts, Notice
from driftwatch.jobs.circumstances import add_circumstances
from driftwatch.jobs.grouping import find_group
from driftwatch.jobs.messages import freeze_notice
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.store.delivery import DeliveryDraft
from driftwatch.store.escalations import end_steps
from driftwatch.store.incidents import EventRow, IncidentDraft, append_events, save_incident
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.outbox import queue_delivery

__all__ = ["Held", "keep_advance", "list_recipients"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An incident as it is stored; `version` 0 and `incident` None where there is none yet."""

    incident: Incident | None = None
    version: int = 0


def list_recipients(monitor: Monitor, incident: Incident) -> tuple[str, ...]:
    """Return the channels that are told of an incident: those of its monitor and of its escalation so far."""
    others = incident.escalated_to if monitor.mode == "live" else ()
    return tuple(dict.fromkeys((*monitor.recipients, *others)))


def keep_advance(  # noqa: PLR0913 - where it is kept, what is kept, and who is told
    tx: sa.Connection,
    parts: Parts,
    row: MonitorRow,
    before: Held,
    step: Advance,
    *,
    facts: MonitorFacts,
    notify: Sequence[str],
) -> Held:
    """Store an incident after a step, its events, and a delivery for each channel of `notify` that is told.

    Raises Fenced, and the caller rolls back, where somebody else changed the incident in the meantime.
    """
    incident = step.incident
    if incident is None or (incident == before.incident and not step.transitions):
        return before
    number = before.incident.id if before.incident else None
    incident = add_circumstances(tx, incident, facts.owner, number=number)
    draft = IncidentDraft(
        kind=incident.kind,
        state=incident.state,
        severity=incident.severity,
        document=encode_incident(incident),
        opened_at=incident.opened_at,
        resolved_at=incident.resolved_at,
        first_window=incident.first_window.start,
    )
    stored_id = save_incident(tx, row, draft, incident_id=number, version=before.version)
    incident = replace(incident, id=stored_id)
    append_events(tx, stored_id, _list_events(step.transitions))
    if not incident.is_live:
        end_steps(tx, stored_id, "the incident is over", parts.clock.now())
    for transition in step.transitions:
        if transition.tells is not None:
            notice = build_notice(transition, incident, facts, transition.at)
            notice = replace(notice, url=parts.link_incident(stored_id))
            for channel in notify if transition.to is None else transition.to:
                _queue_notice(tx, parts, notice, channel, incident_id=stored_id, seq=transition.seq)
    return Held(incident=incident, version=before.version + 1)


def _list_events(transitions: Sequence[Transition]) -> list[EventRow]:
    return [
        EventRow(
            seq=step.seq,
            kind=step.kind,
            reason=step.reason,
            at=step.at,
            window_start=step.window.start if step.window else None,
            actor=step.actor,
            notice=step.tells,
        )
        for step in transitions
    ]


def _queue_notice(
    tx: sa.Connection, parts: Parts, notice: Notice, channel: str, *, incident_id: int, seq: int
) -> None:
    group = find_group(parts.gate, notice, channel)
    wait = parts.gate.group_wait if group is not None else None
    draft = DeliveryDraft(
        channel=channel,
        type=notice.type,
        body=freeze_notice(notice),
        monitor_key=str(notice.monitor["id"]),
        incident_id=incident_id,
        seq=seq,
        group_key=group,
        wait=wait or timedelta(0),
    )
    queue_delivery(tx, draft, make_id=parts.make_id, now=parts.clock.now())
