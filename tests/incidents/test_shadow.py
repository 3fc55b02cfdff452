"""What shadow mode keeps from people is remembered apart from what they know."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.incident import Advance, Incident, Severity
from driftwatch.incidents.shadow import keep_unsent, pretend_told
from tests.support.incidents import DELAY, day, make_incident, make_policy, play, tell

POLICY = make_policy()
TOLD = st.none() | st.integers(1, 20)


def live(story: str, incident: Incident | None = None, *, first: int = 1) -> list[Advance]:
    return play(story, POLICY, incident=incident, first=first)


def shadow(story: str, incident: Incident | None = None, *, first: int = 1) -> list[Advance]:
    """Live through a story in shadow mode, window by window as the store has it between them."""
    steps = []
    for number, word in enumerate(story.split(), start=first):
        (step,) = live(word, pretend_told(incident), first=number)
        steps.append(step)
        incident = keep_unsent(step.incident)
    return steps


def kept(steps: list[Advance]) -> Incident:
    incident = keep_unsent(steps[-1].incident)
    assert incident is not None
    return incident


@pytest.mark.parametrize(
    "story", ["a a ab A . . .", "a . a . . . a", "a a a a a a a ab", ",a a *a . . .", "a A . . . . a"]
)
def test_the_same_is_decided_as_if_people_were_told(story: str) -> None:
    assert [tell(step.transitions) for step in shadow(story)] == [
        tell(step.transitions) for step in live(story)
    ]


def test_nobody_knows_of_it() -> None:
    incident = kept(shadow("a A"))

    assert (incident.told_at, incident.told_severity) == (None, None)
    assert (incident.unsent_at, incident.unsent_severity) == (day(2).end + DELAY, Severity.CRITICAL)
    assert incident.paged


def test_what_is_still_open_is_told_once_when_the_monitor_goes_live() -> None:
    before = kept(shadow("a A"))

    steps = live("a a", before, first=3)

    assert [tell(step.transitions) for step in steps] == ["told!opened", ""]
    assert steps[0].told is not None
    assert steps[0].told.reason == "Already open since the window of 2013-02-01, which nobody had been told."


def test_what_ends_untold_is_not_told_to_have_ended() -> None:
    before = kept(shadow("a"))

    assert [tell(step.transitions) for step in live(". . .", before, first=2)] == [
        "recovering",
        "",
        "resolved",
    ]


def test_what_people_know_is_not_told_again_after_a_time_in_shadow_mode() -> None:
    known = live("a")[-1].incident
    before = kept(shadow("a a", known, first=2))

    assert before.told_at == day(1).end + DELAY
    assert [tell(step.transitions) for step in live("a A", before, first=4)] == ["", "worsened!updated"]


def test_a_rise_that_was_kept_from_people_is_told_when_the_monitor_goes_live() -> None:
    known = live("a")[-1].incident
    before = kept(shadow("A", known, first=2))

    (step,) = live("a", before, first=3)

    assert tell(step.transitions) == "told!updated"


def test_a_telling_before_shadow_mode_is_the_last_one_within_it() -> None:
    first = kept(shadow("a"))
    told = live("a", first, first=2)[-1].incident

    assert [tell(step.transitions) for step in shadow("a ab", told, first=3)] == ["", "joined"]


@given(TOLD, TOLD)
def test_what_people_know_survives_and_the_later_telling_counts(told: int | None, unsent: int | None) -> None:
    moments = [
        None if number is None else day(1).start + timedelta(hours=number) for number in (told, unsent)
    ]
    incident = make_incident(told_at=moments[0], unsent_at=moments[1])

    within = pretend_told(incident)
    after = keep_unsent(within)

    assert within is not None
    assert after is not None
    assert within.told_at == max((moment for moment in moments if moment is not None), default=None)
    assert (after.told_at, after.told_severity) == (incident.told_at, incident.told_severity)
    assert pretend_told(after) == within


def test_where_there_is_no_incident_there_is_none() -> None:
    assert pretend_told(None) is None
    assert keep_unsent(None) is None
