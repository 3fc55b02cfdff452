"""The step of every incident of a monitor, written in the transaction that made it.

What must be told is a row of the outbox before it is anything else: told if and only if remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from driftwatch.incidents.advance import advance
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.changes import Moment, let_go, tell_state
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.conditions import (
    Condition,
    Gap,
    Lateness,
    advance_condition,
    read_ages,
    read_failure,
    read_gap,
    read_lateness,
)
from driftwatch.incidents.describe import describe_incident
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.flapping import LOOKED_BACK, count_flaps, settle
from driftwatch.incidents.incident import Advance, Incident, IncidentKind, TransitionKind
from driftwatch.incidents.naming import GIVEN_UP
from driftwatch.incidents.revising import revise
from driftwatch.incidents.shadow import keep_unsent, pretend_told
from driftwatch.jobs.facts import build_facts, is_empty_by_habit, list_ages
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.recording import Held, keep_advance, list_recipients
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.repeating import Repeats
from driftwatch.jobs.windows import due_at
from driftwatch.profiles.window import Window
from driftwatch.retraining.decide import Decision, DecisionWord, decide_retrain
from driftwatch.retraining.request import build_request, make_key
from driftwatch.store.backlog import list_judged, sum_given_up
from driftwatch.store.incidents import IncidentRow, find_last_incident, list_incidents, open_incidents
from driftwatch.store.retrains import RetrainDraft, last_retrain, list_retrains, queue_retrain
from driftwatch.store.verdicts import last_with_rows, list_verdicts

__all__ = ["Advanced", "Held", "Steps", "keep_advance", "list_recipients"]

_AXES = (IncidentKind.DRIFT, IncidentKind.DATA)


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
                self._advance_axis(held, kind, verdict)
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

    def revise(self, kind: IncidentKind, replayed: Incident | None, why: str) -> None:
        """Bring the live incident of an axis to `replayed`, what it is with rows that came late."""
        held = self._load()
        known = held.get(kind, Held()).incident
        self._keep(held, kind, revise(known, replayed, why=why, now=self.now, telling=self.telling))

    def pass_time(self, window: Window) -> None:
        """Do what time alone calls for: lateness and age, reminders, and steps of escalations."""
        held = self._load()
        self.advance_conditions(window, held)
        if self.watch.monitor.mode == "shadow":
            return
        repeats = Repeats(tx=self.tx, parts=self.parts, watch=self.watch, now=self.now)
        for one in held.values():
            repeats.tell_again(one)

    def tell_gap(self, gap: Gap) -> None:
        """Open an incident about windows that were given up, or add them to the one that is open."""
        held = self._load()
        known = held.get(IncidentKind.EVALUATION, Held()).incident
        first = next((one.since for one in known.members if one.about == GIVEN_UP), None) if known else None
        if first is not None and first < gap.first.start:
            gap = self._join_gaps(gap, first)
        self._advance_condition(held, read_gap(gap))

    def _join_gaps(self, gap: Gap, first: datetime) -> Gap:
        """Return the gap with the windows given up since `first`; `gap` may not all be in the store yet."""
        since, own = (sum_given_up(self.tx, self.watch.row, start) for start in (first, gap.first.start))
        earlier = (since.windows if since else 0) - (own.windows if own else 0)
        length = gap.first.length
        return replace(gap, windows=gap.windows + earlier, first=Window(start=first, end=first + length))

    def tell_states(self, *, caught_up: int = 0) -> None:
        """Tell, once, the state of every incident of which nobody was told while it was replayed.

        `caught_up` is how many windows were judged after their time.
        """
        # What flaps is told here all the same: a catch-up is told once, and nobody may know yet that it does.
        for one in self._list_history():
            if one.incident is not None:
                self._keep_one(one, tell_state(one.incident, now=self.now, caught_up=caught_up))

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

    def _advance_axis(self, held: dict[IncidentKind, Held], kind: IncidentKind, verdict: Verdict) -> None:
        monitor, before = self.watch.monitor, held.get(kind, Held()).incident
        last = held[kind] if kind in held else self._find_last(kind)
        flaps = count_flaps(last.incident, self._list_judged(verdict, last.incident))
        step = advance(
            before,
            verdict,
            monitor.policy,
            kind=kind,
            monitor=monitor.id,
            now=self.now,
            telling=self.telling,
            flaps=flaps,
        )
        self._keep(held, kind, step)
        is_calm = step.incident is None and verdict.word in JUDGED_WORDS
        if is_calm and last.incident is not None and flaps.flapping and flaps.is_stable:
            over = Advance(incident=last.incident)
            step = settle(over, window=verdict.window, now=self.now, telling=self.telling)
            self._keep_one(last, step)
        if self.telling and any(one.kind is TransitionKind.SETTLED for one in step.transitions):
            self._tell_ends(kind)

    def _tell_ends(self, kind: IncidentKind) -> None:
        """Tell the ends that were kept back while incidents of a kind flapped."""
        for one in self._list_history():
            if one.incident is not None and one.incident.kind is kind and not one.incident.is_live:
                self._keep_one(one, tell_state(one.incident, now=self.now))

    def _list_history(self) -> list[Held]:
        rows = list_incidents(self.tx, include_resolved=True, monitor=self.watch.row)
        return [self._read(row) for row in rows if row.history == self.watch.row.history]

    def _find_last(self, kind: IncidentKind) -> Held:
        row = find_last_incident(self.tx, self.watch.row, kind)
        return Held() if row is None else self._read(row)

    def _list_judged(self, verdict: Verdict, last: Incident | None) -> list[datetime]:
        if last is None or not last.flips:
            return []
        judged = list_judged(self.tx, self.watch.row, verdict.window, LOOKED_BACK)
        return [verdict.window.start, *judged]

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
        notify = list_recipients(monitor, step.incident) if step.incident else ()
        return keep_advance(
            self.tx, self.parts, self.watch.row, before, step, facts=build_facts(monitor), notify=notify
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
