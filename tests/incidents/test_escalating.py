from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from driftwatch.incidents.describe import build_notice
from driftwatch.incidents.escalating import StepState, escalate, find_next_step, plan_steps
from driftwatch.incidents.incident import Incident, IncidentState, NoticeType, Severity
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.incidents.policy import EscalationStep
from tests.support.incidents import make_incident

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TOLD_AT = make_incident().first_window.end
STEPS = (
    EscalationStep(after=30 * MINUTE, notify=("boss",)),
    EscalationStep(after=2 * HOUR, notify=("director", "oncall")),
)


def told(**changes: Any) -> Incident:
    known = make_incident(told_at=TOLD_AT, told_severity=Severity.MAJOR, told_as=NoticeType.OPENED)
    return replace(known, **changes)


def test_steps_are_due_so_long_after_people_were_told() -> None:
    planned = plan_steps(told(), STEPS, [])

    assert [(state.step, state.due_at - TOLD_AT) for state in planned] == [(1, 30 * MINUTE), (2, 2 * HOUR)]
    assert plan_steps(told(), STEPS, planned) == []
    assert plan_steps(make_incident(), STEPS, []) == []


def test_steps_come_in_order_and_once() -> None:
    first, second = plan_steps(told(), STEPS, [])

    early = find_next_step(told(), STEPS, [first, second], TOLD_AT + 29 * MINUTE)
    due = find_next_step(told(), STEPS, [second, first], TOLD_AT + 30 * MINUTE)
    done = replace(first, decided_at=TOLD_AT + 30 * MINUTE)
    next_ = find_next_step(told(), STEPS, [done, second], TOLD_AT + 2 * HOUR)
    all_done = [done, replace(second, decided_at=TOLD_AT + 2 * HOUR)]

    assert (early, due, next_) == (None, first, second)
    assert find_next_step(told(), STEPS, all_done, TOLD_AT + 99 * HOUR) is None


def test_after_a_step_had_to_wait_the_next_one_keeps_its_distance() -> None:
    first, second = plan_steps(told(), STEPS, [])
    late = replace(first, decided_at=TOLD_AT + 8 * HOUR)

    assert find_next_step(told(), STEPS, [late, second], TOLD_AT + 9 * HOUR) is None
    assert find_next_step(told(), STEPS, [late, second], TOLD_AT + 9.5 * HOUR) == second


@pytest.mark.parametrize(
    "changes",
    [
        {"acknowledged_by": "ana"},
        {"snoozed_until": TOLD_AT + HOUR},
        {"state": IncidentState.RECOVERING},
        {"state": IncidentState.RESOLVED},
        {"told_as": NoticeType.RESOLVED},
    ],
)
@pytest.mark.parametrize("decided", [0, 1])
def test_every_step_waits_while_somebody_has_it_or_wants_quiet(changes: dict[str, Any], decided: int) -> None:
    planned = plan_steps(told(), STEPS, [])
    known = [replace(one, decided_at=one.due_at) if one.step <= decided else one for one in planned]

    assert find_next_step(told(**changes), STEPS, known, TOLD_AT + 99 * HOUR) is None


def test_a_step_that_the_configuration_no_longer_has_is_not_taken() -> None:
    known = [StepState(step=1, due_at=TOLD_AT, decided_at=TOLD_AT), StepState(step=2, due_at=TOLD_AT)]

    assert find_next_step(told(), STEPS[:1], known, TOLD_AT + 99 * HOUR) is None


def test_a_step_tells_its_channels_alone_and_they_stay_with_the_incident() -> None:
    step = escalate(told(escalated_to=("oncall",)), 2, STEPS, ("director", "oncall"), TOLD_AT + 2 * HOUR)

    assert step.incident is not None
    assert step.told is not None
    assert (step.told.to, step.told.tells) == (("director", "oncall"), NoticeType.ESCALATED)
    assert step.incident.escalated_to == ("oncall", "director")
    assert (step.incident.told_at, step.incident.told_as) == (TOLD_AT, NoticeType.OPENED)
    notice = build_notice(step.told, step.incident, MonitorFacts(id="flights"), step.told.at)
    assert notice.title.startswith("Nobody has it yet: ")
    assert "Step 2 of 2 of the escalation: nobody has taken it up. director and oncall told" in notice.text


def test_a_step_comes_after_more_than_nothing() -> None:
    with pytest.raises(ValueError, match="after more than nothing"):
        EscalationStep(after=timedelta(0), notify=("boss",))
