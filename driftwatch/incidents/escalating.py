"""Steps of an escalation: who else is told of an incident that nobody has taken up.

A step is decided exactly once. While somebody has the incident, or wants quiet, it waits; then it comes no
sooner after the one before it than the configuration says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from driftwatch.incidents.incident import Advance, Incident, NoticeType, Transition, TransitionKind
from driftwatch.incidents.policy import EscalationStep
from driftwatch.incidents.words import join_words, say_duration

__all__ = ["StepState", "escalate", "find_next_step", "plan_steps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """A step of an incident as it stands; `decided_at` is None while it is to come. Steps count from 1."""

    step: int
    due_at: datetime
    decided_at: datetime | None = None


def plan_steps(
    incident: Incident, steps: Sequence[EscalationStep], known: Sequence[StepState]
) -> list[StepState]:
    """Return the steps that an incident wants and does not have yet; none before people were told of it."""
    if not incident.may_be_told_again or incident.told_at is None:
        return []
    have = {state.step for state in known}
    return [
        StepState(step=number, due_at=incident.told_at + step.after)
        for number, step in enumerate(steps, start=1)
        if number not in have
    ]


def find_next_step(
    incident: Incident, steps: Sequence[EscalationStep], known: Sequence[StepState], now: datetime
) -> StepState | None:
    """Return the step that is due at `now`; None where none is, or where it has to wait.

    Steps come in order, each as long after the one before as configured, however long that one had to wait.
    """
    if not incident.may_be_told_again:
        return None
    before, after = None, timedelta(0)
    for state in sorted(known, key=lambda state: state.step):
        if state.step > len(steps):
            return None  # The configuration has fewer steps by now.
        pause = steps[state.step - 1].after - after
        if state.decided_at is None:
            due = state.due_at if before is None else max(state.due_at, before + pause)
            return state if due <= now else None
        before, after = state.decided_at, steps[state.step - 1].after
    return None


def escalate(
    incident: Incident, number: int, steps: Sequence[EscalationStep], channels: Sequence[str], now: datetime
) -> Advance:
    """Return the incident after step `number`, which tells `channels`."""
    since = say_duration(now - (incident.told_at or now))
    said = f"Step {number} of {len(steps)} of the escalation: nobody has taken it up."
    step = Transition(
        seq=incident.seq + 1,
        kind=TransitionKind.ESCALATED,
        reason=f"{said} {join_words(list(channels), at_most=5)} told; last told {since} ago.",
        tells=NoticeType.ESCALATED,
        at=now,
        window=incident.seen_to,
        to=tuple(channels),
    )
    # Those of the monitor were told before: their reminders go on as they were.
    others = tuple(one for one in channels if one not in incident.escalated_to)
    after = replace(incident, seq=step.seq, escalated_to=(*incident.escalated_to, *others))
    return Advance(incident=after, transitions=(step,))
