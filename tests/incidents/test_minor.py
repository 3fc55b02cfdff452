"""What is minor is recorded and wakes nobody, until something joins that is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from driftwatch.incidents.by_hand import acknowledge
from driftwatch.incidents.describe import describe_incident
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentKind,
    IncidentState,
    NoticeType,
    Severity,
)
from driftwatch.incidents.notice import MonitorFacts
from tests.support.incidents import day, make_policy, play, tell

FACTS = MonitorFacts(id="flights", title="Flight delays", retraining="Retraining is asked for at once.")
POLICY = make_policy()


def last(steps: list[Advance]) -> Incident:
    incident = steps[-1].incident
    assert incident is not None
    return incident


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (",a", ["opened"]),
        (",a ,a ,a", ["opened", "", ""]),
        (",a . . .", ["opened", "recovering", "", "resolved"]),
        # Something joins, or the same column gets worse: then it is told, as what it is to people: new.
        (",a a", ["opened", "worsened!opened"]),
        (",a b", ["opened", "joined worsened!opened"]),
        (",a A", ["opened", "worsened!opened"]),
        (
            ",a . a . . .",
            ["opened", "recovering", "resumed worsened!opened", "recovering", "", "resolved!resolved"],
        ),
        # It never falls while it is open: told once, and its end is told.
        ("a ,a a . . .", ["opened!opened", "", "", "recovering", "", "resolved!resolved"]),
    ],
)
def test_story(story: str, expected: list[str]) -> None:
    assert [tell(step.transitions) for step in play(story, POLICY)] == expected


def test_a_minor_incident_is_open_and_no_page() -> None:
    incident = last(play(",a ,a", POLICY))

    assert (incident.state, incident.severity, incident.paged, incident.told_at) == (
        IncidentState.OPEN,
        Severity.MINOR,
        False,
        None,
    )


def test_it_is_a_page_from_the_window_in_which_it_is_told() -> None:
    steps = play(",a a ,a", POLICY)

    assert [step.incident.paged for step in steps if step.incident] == [False, True, True]
    assert last(steps).severity is Severity.MAJOR


def test_a_rise_that_a_replay_did_not_tell_is_told_with_the_first_live_breach() -> None:
    steps = play(",a a ,a", POLICY, silent=2)

    assert [tell(step.transitions) for step in steps] == ["opened", "worsened", "told!opened"]


def test_a_column_that_is_only_minor_raises_nothing_and_is_not_told_even_a_season_later() -> None:
    incident = last(play("a a a a a a a", POLICY))
    verdict_words = ["a", ",b"]

    steps = play(verdict_words, POLICY, incident=incident, first=8)

    assert [tell(step.transitions) for step in steps] == ["", "joined"]
    assert last(steps).severity is Severity.MAJOR


def test_a_member_is_as_minor_as_in_its_last_breached_window() -> None:
    told = [
        [one.minor for one in step.incident.members] for step in play(",a a ,a .", POLICY) if step.incident
    ]

    assert told == [[True], [False], [True], [True]]


def test_a_minor_incident_says_so_in_plain_words() -> None:
    title, text = describe_incident(last(play(",a", POLICY, first=8)), FACTS)

    assert title == "Flight delays: a looks different"
    assert text == (
        "The data of Flight delays is not quite like its reference: a.\n"
        "It began in the window of 2013-02-08.\n"
        "Predictions may be less reliable until somebody has looked. Drift is not proof of worse "
        "predictions: whether the model does worse is not known.\n"
        "It is minor: it is recorded, and nobody is told.\n"
        "If nothing is done: what uses Flight delays goes on with data like this. The incident ends by "
        "itself after 3 clean windows in a row. No retraining is asked for.\n"
        "In numbers: a moved_share 0.001 (limit 0.02)."
    )


def test_the_words_are_those_of_any_other_once_it_is_more() -> None:
    _, text = describe_incident(last(play(",a b", POLICY, first=8)), FACTS)

    assert (
        "The biggest change is in b: at least 7 % of the rows have moved (about 1 in 14). Also changed: a."
        in text
    )
    assert "minor" not in text


def test_minor_faults_are_told_by_their_own_sentence() -> None:
    incident = last(play("~a", POLICY, kind=IncidentKind.DATA, first=8))
    member = replace(incident.members[0], minor=True, plain="one value of a lies far beyond: 9,831")
    _, text = describe_incident(replace(incident, members=(member,), severity=Severity.MINOR), FACTS)

    assert text.splitlines()[0] == (
        "The data of Flight delays is not as it should be: one value of a lies far beyond: 9,831."
    )
    assert "retraining" not in text


def test_a_column_that_changes_once_more_is_told_at_once() -> None:
    steps = play("a a *a a", POLICY)

    assert [tell(step.transitions) for step in steps] == ["opened!opened", "", "changed!updated", ""]
    told = steps[2].told
    assert told is not None
    assert told.tells is NoticeType.UPDATED
    assert told.reason == "a changed once more, against the first windows in this incident."


def test_a_further_change_breaks_an_acknowledgement_and_says_so() -> None:
    acknowledged = acknowledge(last(play("a", POLICY)), "ann", day(2).start).incident
    (step,) = play("*a", POLICY, incident=acknowledged, first=2)

    assert step.incident is not None
    assert (step.incident.acknowledged_by, step.incident.acknowledged_at) == (None, None)
    assert step.told is not None
    assert step.told.reason.endswith("in this incident; ann had acknowledged it.")


def test_a_further_change_is_not_told_in_a_replay() -> None:
    assert [tell(step.transitions) for step in play("a *a", POLICY, silent=2)] == ["opened", "changed"]


def test_what_a_column_is_compared_with_begins_where_it_joined_or_changed_last() -> None:
    steps = play("a ab *a *b b", POLICY)

    bases = [{one.column: one.base for one in step.incident.members} for step in steps if step.incident]
    assert bases == [
        {"a": day(1).start},
        {"a": day(1).start, "b": day(2).start},
        {"a": day(3).start, "b": day(2).start},
        {"a": day(3).start, "b": day(4).start},
        {"a": day(3).start, "b": day(4).start},
    ]
    assert [one.since for one in last(steps).members] == [day(1).start, day(2).start]
