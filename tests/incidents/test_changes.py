"""What a replay owes at its end, and what becomes of members that nobody judges any more."""

from __future__ import annotations

from datetime import timedelta

from driftwatch.incidents.changes import Moment, let_go, tell_state
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentState,
    NoticeType,
    TransitionKind,
)
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


def let_go_of_others(story: str, judged: set[str], *, k: int = 1) -> Advance:
    """What is left of the incident after `story` when only the columns `judged` still are."""
    incident = play(story, make_policy(k=k))[-1].incident
    assert incident is not None
    moment = Moment(window=day(9), now=END, telling=True)
    return let_go(incident, judged, moment, season=timedelta(days=7))


def test_a_member_that_is_not_judged_any_more_leaves_in_silence() -> None:
    step = let_go_of_others("ab", {"b"})

    assert step.incident is not None
    assert [member.column for member in step.incident.members] == ["b"]
    assert step.incident.state is IncidentState.OPEN
    assert [(one.kind, one.reason) for one in step.transitions] == [
        (TransitionKind.LEFT, "a is not judged any more.")
    ]
    assert step.told is None


def test_an_incident_is_over_and_told_when_no_member_is_judged_any_more() -> None:
    step = let_go_of_others("ab", set())

    assert step.incident is not None
    assert (step.incident.state, step.incident.resolved_at) == (IncidentState.RESOLVED, END)
    assert step.told is not None
    assert step.told.tells is NoticeType.RESOLVED
    assert step.told.reason == "a and b are not judged any more."


def test_a_pending_incident_without_judged_members_is_dropped_untold() -> None:
    step = let_go_of_others("a", set(), k=2)

    assert [one.kind for one in step.transitions] == [TransitionKind.DROPPED]
    assert step.told is None


def test_nothing_changes_while_all_members_are_judged() -> None:
    assert let_go_of_others("ab", {"a", "b"}).transitions == ()
