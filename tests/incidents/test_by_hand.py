"""What a person may do to an incident, and what is refused."""

from __future__ import annotations

import pytest

from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import acknowledge, end_with_history, resolve_by_hand
from driftwatch.incidents.incident import Incident, IncidentState, NoticeType
from tests.support.incidents import day, make_policy, play, tell

NOW = day(20).start


def after(story: str, *, k: int = 1, silent: int = 0) -> Incident:
    incident = play(story, make_policy(k=k), silent=silent)[-1].incident
    assert incident is not None
    return incident


def test_acknowledging_records_who_and_tells_nobody() -> None:
    opened = after("a")

    step = acknowledge(opened, "ana", NOW)

    assert step.incident is not None
    assert (step.incident.acknowledged_by, step.incident.acknowledged_at) == ("ana", NOW)
    assert step.incident.state is IncidentState.OPEN
    assert tell(step.transitions) == "acknowledged"
    assert (step.transitions[0].seq, step.transitions[0].actor) == (opened.seq + 1, "ana")


def test_resolving_by_hand_says_who_and_why_and_is_told() -> None:
    step = resolve_by_hand(after("a ."), "ana", "the sensor was replaced", NOW)

    assert step.incident is not None
    assert step.incident.state is IncidentState.RESOLVED
    assert (step.incident.resolved_at, step.incident.resolved_by) == (NOW, "ana")
    assert step.told is not None
    assert step.told.tells is NoticeType.RESOLVED
    assert step.told.reason == "Resolved by hand by ana: the sensor was replaced"


def test_the_end_of_what_nobody_was_told_is_not_told() -> None:
    assert resolve_by_hand(after("a .", silent=2), "ana", "known", NOW).told is None


@pytest.mark.parametrize("story", ["a", "a . a"])
def test_what_is_still_breached_cannot_be_resolved(story: str) -> None:
    with pytest.raises(UsageError, match=r"the last window, 2013-02-0\d, is still breached"):
        resolve_by_hand(after(story), "ana", "enough", NOW)


@pytest.mark.parametrize("story", ["a E", "a -a"])
def test_a_last_window_that_shows_nothing_does_not_stand_in_the_way(story: str) -> None:
    step = resolve_by_hand(after(story), "ana", "the column was retired", NOW)

    assert step.incident is not None
    assert not step.incident.is_live


@pytest.mark.parametrize(("story", "k", "state"), [("a . . .", 1, "resolved"), ("a", 2, "pending")])
def test_only_what_is_open_can_be_acknowledged_or_resolved(story: str, k: int, state: str) -> None:
    incident = after(story, k=k)

    with pytest.raises(UsageError, match=f"cannot be acknowledged: it is {state}"):
        acknowledge(incident, "ana", NOW)
    with pytest.raises(UsageError, match=f"cannot be resolved: it is {state}"):
        resolve_by_hand(incident, "ana", "enough", NOW)


def test_another_history_ends_what_is_open_and_tells_those_who_were_told() -> None:
    told, untold = end_with_history(after("a"), NOW), end_with_history(after("a", silent=1), NOW)

    assert told.incident is not None
    assert (told.incident.state, told.incident.resolved_at) == (IncidentState.RESOLVED, NOW)
    assert tell(told.transitions) == "resolved!resolved"
    assert tell(untold.transitions) == "resolved"


def test_another_history_drops_what_never_opened() -> None:
    step = end_with_history(after("a", k=2), NOW)

    assert tell(step.transitions) == "dropped"
