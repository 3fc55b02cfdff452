"""What members are called in sentences."""

from __future__ import annotations

from dataclasses import replace

from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.naming import name_member, name_members, say_breached
from tests.support.incidents import make_incident, make_policy, play

MEMBER = make_incident().members[0]


def test_a_column_is_called_by_its_name_on_one_line() -> None:
    assert name_member(replace(MEMBER, column="dep\ndelay")) == "dep delay"
    assert len(name_member(replace(MEMBER, column="x" * 500))) == 80


def test_what_concerns_the_whole_window_has_a_name_too() -> None:
    assert name_member(replace(MEMBER, column=None, about="volume")) == "the number of rows"


def test_many_members_are_counted() -> None:
    members = [replace(MEMBER, column=letter) for letter in "abcde"]

    assert name_members(members) == "a, b, c and 2 more"
    assert name_members(members, at_most=5) == "a, b, c, d and e"


def test_the_reasons_of_transitions_are_plain_sentences() -> None:
    reasons = [
        change.reason for step in play("a b -a A . a", make_policy(k=2, of=3)) for change in step.transitions
    ]

    assert reasons == [
        "a is beyond its limit, in 1 window; 2 of 3 are needed.",
        "a and b are beyond their limits, in 2 of the last 2 windows.",
        "It is critical now and was major before.",
        "A clean complete window, the first of 3 that resolve it.",
        "b was clean for 3 windows.",
        "Breached again after 1 clean window; it is the same incident.",
    ]


def test_data_faults_are_said_in_the_reason() -> None:
    incident = play("-a", make_policy(), kind=IncidentKind.DATA)[-1].incident
    assert incident is not None

    assert say_breached(incident.members, IncidentKind.DATA) == "Faulty data: the column a has vanished"
