"""The step of every incident of a monitor, written in the transaction that made it.

What must be told is a row of the outbox before it is anything else: told if and only if remembered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from driftwatch.incidents.advance import advance
from driftwatch.incidents.changes import Moment, let_go, tell_state
from driftwatch.incidents.codec import decode_incident, encode_incident
from driftwatch.incidents.conditions import (
    Condition,
    Lateness,
    advance_condition,
    read_ages,
    read_failure,
    read_lateness,
)
from driftwatch.incidents.describe import build_notice, describe_incident
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.incident import Advance, Incident, IncidentKind, Transition
from driftwatch.incidents.notice import MonitorFacts, Notice
from driftwatch.incidents.shadow import keep_unsent, pretend_told
from driftwatch.jobs.facts import build_facts, is_empty_by_habit, list_ages
from driftwatch.jobs.messages import freeze_notice
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.windows import due_at
from driftwatch.profiles.window import Window
from driftwatch.retraining.decide import Decision, DecisionWord, decide_retrain
from driftwatch.retraining.request import build_request, make_key
from driftwatch.store.incidents import (
    EventRow,
    IncidentDraft,
    IncidentRow,
    append_events,
    list_incidents,
    open_incidents,
    save_incident,
)
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.outbox import DeliveryDraft, queue_delivery
from driftwatch.store.retrains import RetrainDraft, last_retrain, list_retrains, queue_retrain
from driftwatch.store.verdicts import last_with_rows, list_verdicts

__all__ = ["Advanced", "Held", "Steps", "keep_advance"]

_AXES = (IncidentKind.DRIFT, IncidentKind.DATA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An incident as it is stored; `version` 0 and `incident` None where there is none yet."""

    incident: Incident | None = None
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """What came of a window: what was decided about retraining, and whether somebody was told at once.

    `paged` counts what would have been told in a replay that tells nobody; None where a drift or data
    incident was known to people before and no other one was told of.
    """

    decision: Decision | None
    paged: bool | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """The incidents of one monitor inside one open transaction.

    `now` is the time of the step: in a replay the window's end plus delay. `telling` says whether anybody
    may be told.
    """

    tx: sa.Connection
    parts: Parts
    watch: Watch
    now: datetime
    telling: bool

    def advance_all(self, verdict: Verdict) -> Advanced:
        """Advance every incident by one window; return what came of it."""
        held = self._load()
        before = _find_paged(held)
        self._let_go(held, verdict.window)
        for kind in _AXES:
            known = held.get(kind, Held()).incident
            # A window that is judged once more has had its step.
            if known is None or known.seen_to < verdict.window:
                self._keep(held, kind, self._advance_axis(known, kind, verdict))
        self._advance_condition(held, read_failure(verdict))
        self.advance_conditions(verdict.window, held)
        after = _find_paged(held)
        # While people know of an incident the ledger stands still.
        paged = None if before and after <= before else bool(after - before)
        return Advanced(decision=self._decide(held), paged=paged)

    def advance_conditions(self, window: Window, held: dict[IncidentKind, Held] | None = None) -> None:
        """Advance the incidents that grow with time alone: rows that are late, and what is too old."""
        held = self._load() if held is None else held
        policy = self.watch.monitor.policy
        lateness = self._find_lateness()
        self._advance_condition(held, read_lateness(lateness, policy.freshness, window=window))
        ages = list_ages(self.watch.monitor, self.watch.reference, self.now)
        self._advance_condition(held, read_ages(ages, window=window))

    def tell_states(self) -> None:
        """Tell, once, the state of every incident of which nobody was told while it was replayed."""
        for row in list_incidents(self.tx, include_resolved=True, monitor=self.watch.row):
            if row.history == self.watch.row.history:
                held = self._read(row)
                if held.incident is not None:
                    self._keep_one(held, tell_state(held.incident, now=self.now))

    def _load(self) -> dict[IncidentKind, Held]:
        rows = open_incidents(self.tx, self.watch.row)
        held = (self._read(row) for row in rows)
        return {one.incident.kind: one for one in held if one.incident is not None}

    def _read(self, row: IncidentRow) -> Held:
        incident = decode_incident(dict(row.document), id=row.id)
        known = incident if self.watch.monitor.mode == "live" else pretend_told(incident)
        return Held(incident=known, version=row.version)

    def _let_go(self, held: dict[IncidentKind, Held], window: Window) -> None:
        """Let go of members that the reference has no longer: no window could ever show them to be clean."""
        judged = {*self.watch.reference.grids, *self.watch.monitor.columns.key}
        moment = Moment(window=window, now=self.now, telling=self.telling)
        for kind in set(_AXES) & held.keys():
            incident = held[kind].incident
            if incident is not None and incident.seen_to < window:
                step = let_go(incident, judged, moment, season=self.watch.monitor.policy.season)
                self._keep(held, kind, step)
                if step.incident is not None and not step.incident.is_live:
                    del held[kind]

    def _advance_axis(self, before: Incident | None, kind: IncidentKind, verdict: Verdict) -> Advance:
        monitor = self.watch.monitor
        return advance(
            before,
            verdict,
            monitor.policy,
            kind=kind,
            monitor=monitor.id,
            now=self.now,
            telling=self.telling,
        )

    def _advance_condition(self, held: dict[IncidentKind, Held], condition: Condition) -> None:
        before = held.get(condition.kind, Held()).incident
        if before is not None and condition.window.start < before.seen_to.start:
            return
        monitor = self.watch.monitor
        step = advance_condition(
            before, condition, monitor.policy, monitor=monitor.id, now=self.now, telling=self.telling
        )
        self._keep(held, condition.kind, step)

    def _keep(self, held: dict[IncidentKind, Held], kind: IncidentKind, step: Advance) -> None:
        if step.incident is not None:
            held[kind] = self._keep_one(held.get(kind, Held()), step)

    def _keep_one(self, before: Held, step: Advance) -> Held:
        if self.watch.monitor.mode == "live":
            return self._keep_advance(before, step)
        real = replace(before, incident=keep_unsent(before.incident))
        kept = self._keep_advance(real, replace(step, incident=keep_unsent(step.incident)))
        return replace(kept, incident=pretend_told(kept.incident))

    def _keep_advance(self, before: Held, step: Advance) -> Held:
        monitor = self.watch.monitor
        facts = build_facts(monitor)
        return keep_advance(
            self.tx, self.parts, self.watch.row, before, step, facts=facts, notify=monitor.recipients
        )

    def _find_lateness(self) -> Lateness | None:
        monitor, reference = self.watch.monitor, self.watch.reference
        if monitor.policy.freshness.warn_after is None and monitor.policy.freshness.page_after is None:
            return None
        last = last_with_rows(self.tx, self.watch.row)
        for row in list_verdicts(self.tx, self.watch.row, start=last.end if last else None):
            is_empty = row.verdict.word is VerdictWord.NO_DATA
            if is_empty and not is_empty_by_habit(reference, row.window, monitor.timezone):
                return Lateness(since=row.window, late_by=self.now - due_at(row.window, monitor.delay))
        return None

    def _decide(self, held: dict[IncidentKind, Held]) -> Decision | None:
        policy = self.watch.monitor.retrain
        if policy is None or self.watch.monitor.mode == "shadow":
            return None
        last = last_retrain(self.tx, self.watch.row)
        asked = {row.key for row in list_retrains(self.tx, monitor=self.watch.row)}
        decision = decide_retrain(
            policy,
            [one.incident for one in held.values() if one.incident is not None],
            last_requested_at=last.requested_at if last else None,
            already_requested=lambda incident: make_key(incident, 1) in asked,
            now=self.now,
            telling=self.telling,
        )
        if decision.word is DecisionWord.REQUEST and decision.incident is not None:
            self._request(decision.incident, policy.trigger, decision.reason)
        return decision

    def _request(self, incident: Incident, trigger: str, reason: str) -> None:
        facts = build_facts(self.watch.monitor)
        described = describe_incident(incident, facts)
        request = build_request(incident, facts, described, trigger=trigger, reason=reason, now=self.now)
        draft = RetrainDraft(
            key=request.key,
            trigger=request.trigger,
            attempt=request.attempt,
            body=request.payload(),
            incident_id=incident.id,
        )
        queue_retrain(self.tx, self.watch.row, draft, now=self.now)


def _find_paged(held: Mapping[IncidentKind, Held]) -> frozenset[IncidentKind]:
    """Return the axes with an incident that somebody was told of at once, or would have been."""
    incidents = ((kind, held[kind].incident) for kind in _AXES if kind in held)
    return frozenset(kind for kind, one in incidents if one is not None and one.is_live and one.paged)


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
    for transition in step.transitions:
        if transition.tells is not None:
            notice = build_notice(transition, incident, facts, transition.at)
            for channel in notify:
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
    draft = DeliveryDraft(
        channel=channel,
        type=notice.type,
        body=freeze_notice(notice),
        monitor_key=str(notice.monitor["id"]),
        incident_id=incident_id,
        seq=seq,
    )
    queue_delivery(tx, draft, make_id=parts.make_id, now=parts.clock.now())
