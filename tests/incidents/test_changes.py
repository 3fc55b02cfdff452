"""What a replay owes at its end: the final state, told once."""

from __future__ import annotations

from driftwatch.incidents.changes import tell_state
from driftwatch.incidents.incident import Incident, NoticeType
from tests.support.incidents import day, make_policy, play

END = day(28).start


def replay(story: str, *, told: str = "") -> Incident:
    """The incident after live windows `told` and silent windows `story`."""
    before = play(told, make_policy())[-1].incident if told else None
    first = len(told.split()) + 1
    incident = play(story, make_policy(), silent=99, incident=before, first=first)[-1].incident
    assert incident is not None
    return incident


def test_an_incident_still_open_after_a_replay_is_told_once() -> None:
    step = tell_state(replay("a a"), now=END)

    assert step.told is not None
    assert step.told.tells is NoticeType.OPENED
    assert step.told.reason == "Already open since the window of 2013-02-01, which nobody had been told."
    assert step.incident is not None
    assert tell_state(step.incident, now=END).transitions == ()
    assert play("a", make_policy(), incident=step.incident, first=3)[-1].transitions == ()


def test_one_that_is_recovering_is_still_open() -> None:
    step = tell_state(replay("a ."), now=END)

    assert step.told is not None
    assert step.told.tells is NoticeType.OPENED


def test_what_opened_and_resolved_within_the_replay_is_not_told() -> None:
    assert tell_state(replay("a . . ."), now=END).transitions == ()


def test_the_end_of_an_incident_that_was_told_is_told() -> None:
    step = tell_state(replay(". . .", told="a"), now=END)

    assert step.told is not None
    assert step.told.tells is NoticeType.RESOLVED
    assert step.told.reason == "It is over since the window of 2013-02-04, which nobody had been told."
    assert step.incident is not None
    assert tell_state(step.incident, now=END).transitions == ()


def test_a_rise_in_severity_within_the_replay_is_told() -> None:
    step = tell_state(replay("A", told="a"), now=END)

    assert step.told is not None
    assert step.told.tells is NoticeType.UPDATED


def test_an_incident_that_was_told_and_did_not_change_is_not_told_again() -> None:
    assert tell_state(replay("a a", told="a"), now=END).transitions == ()


def test_the_number_of_the_telling_follows_the_last_transition() -> None:
    incident = replay("a . a")

    step = tell_state(incident, now=END)

    assert step.told is not None
    assert step.told.seq == incident.seq + 1
    assert step.incident is not None
    assert step.incident.seq == step.told.seq
