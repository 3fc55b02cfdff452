"""What is told of an open incident because time passes: reminders, and steps of its escalation.

Each is asked of the gate when it falls due. What it does not let pass stays due: it is told once nothing
speaks against it any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.incidents.escalating import StepState, escalate, find_next_step, plan_steps
from driftwatch.incidents.incident import Advance, Incident, NoticeType
from driftwatch.incidents.reminding import lapse, remind
from driftwatch.jobs.facts import build_facts
from driftwatch.jobs.gating import Gatekeeper
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.recording import Held, keep_advance, list_recipients
from driftwatch.jobs.reference import Watch
from driftwatch.store.escalations import add_steps, decide_step, list_steps

__all__ = ["Repeats"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repeats:
    """What is due of the incidents of one monitor at `now`, inside one open transaction."""

    tx: sa.Connection
    parts: Parts
    watch: Watch
    now: datetime

    def tell_again(self, held: Held) -> None:
        """Tell an open incident again, or others of it, where that is due and the gate lets it pass.

        1. What people said about quiet runs out.
        2. The next step of the escalation, at most one at a time.
        3. A reminder.
        """
        if held.incident is None or not held.incident.is_open:
            return
        held = self._keep(held, lapse(held.incident, self.now))
        held = self._escalate(held)
        incident = held.incident
        if incident is None:
            return
        reminded = remind(incident, self.watch.monitor.policy.reminders, self.now)
        channels = list_recipients(self.watch.monitor, incident)
        if reminded.transitions and self._ask(incident, NoticeType.REMINDER, channels):
            self._keep(held, reminded)

    def _escalate(self, held: Held) -> Held:
        incident, steps = held.incident, self.watch.monitor.policy.escalation
        if not steps or incident is None or incident.id is None:
            return held
        known = [
            StepState(step=row.step, due_at=row.due_at, decided_at=row.decided_at)
            for row in list_steps(self.tx, incident.id)
        ]
        missing = plan_steps(incident, steps, known)
        add_steps(self.tx, incident.id, [(state.step, state.due_at) for state in missing])
        due = find_next_step(incident, steps, [*known, *missing], self.now)
        if due is None:
            return held
        channels = self._ask(incident, NoticeType.ESCALATED, steps[due.step - 1].notify)
        told = f"told {', '.join(channels)}"
        if not channels or not decide_step(self.tx, incident.id, due.step, told, self.now):
            return held
        return self._keep(held, escalate(incident, due.step, steps, channels, self.now))

    def _ask(self, incident: Incident, notice: NoticeType, channels: Sequence[str]) -> list[str]:
        """Return the channels that may be told now."""
        owner = self.watch.monitor.owner
        gate = Gatekeeper(tx=self.tx, parts=self.parts, now=self.parts.tell_time(self.tx))
        return [one for one in channels if gate.ask_about(incident, notice, one, owner=owner).sends]

    def _keep(self, held: Held, step: Advance) -> Held:
        monitor = self.watch.monitor
        notify = list_recipients(monitor, step.incident) if step.incident else ()
        facts = build_facts(monitor)
        return keep_advance(self.tx, self.parts, self.watch.row, held, step, facts=facts, notify=notify)
