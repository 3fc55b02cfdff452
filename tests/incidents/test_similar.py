"""How alike two incidents are, and what is said of those of before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.incident import Hold, Incident, IncidentKind, IncidentState, Label, Member
from driftwatch.incidents.similar import (
    LEAST_ALIKE,
    Similar,
    find_similar,
    measure_likeness,
    say_end,
    say_length,
)
from tests.support.incidents import day, make_incident


def make_member(column: str | None, moved: float = 0.2, **changes: object) -> Member:
    member = Member(
        column=column,
        about="drift" if column else "volume",
        since=day(8).start,
        statistic="moved_share",
        value=moved,
        limit=0.02,
        text="",
        moved_share=moved,
    )
    return replace(member, **changes)  # type: ignore[arg-type]


def make(*members: Member, **changes: Any) -> Incident:
    return make_incident(members=members, **changes)


def test_an_incident_is_wholly_like_itself() -> None:
    ours = make(make_member("a"), make_member("b", 0.1))

    assert measure_likeness(ours, replace(ours, id=9)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("theirs", "likeness"),
    [
        (make(make_member("a"), make_member("b")), 1.0),
        (make(make_member("a")), 0.4 + 0.6 * 0.5),
        (make(make_member("c")), 0.4),
        (make(make_member("a"), make_member("b"), kind=IncidentKind.DATA), 0.75),
        (make(make_member("a"), make_member("b"), monitor="other"), 0.85),
        (make(make_member("a"), make_member("b", 0.1)), 0.4 + 0.6 * 0.75),
    ],
)
def test_columns_kind_and_monitor_count(theirs: Incident, likeness: float) -> None:
    ours = make(make_member("a"), make_member("b"))

    assert measure_likeness(ours, theirs) == pytest.approx(likeness)


def test_importance_weighs_a_column() -> None:
    plain = make(make_member("a"), make_member("b"))
    heavy = make(make_member("a", importance=3.0), make_member("b"))
    theirs = make(make_member("a", importance=3.0))

    assert measure_likeness(heavy, theirs) > measure_likeness(plain, make(make_member("a")))


def test_what_left_before_the_end_took_part() -> None:
    ours = make(make_member("a"), make_member("b"))
    left = (Hold(column="b", about="drift", since=day(8).start),)

    assert measure_likeness(ours, make(make_member("a"), left=left)) > measure_likeness(
        ours, make(make_member("a"))
    )


MEMBERS = st.lists(
    st.builds(make_member, st.sampled_from([*"abcd", None]), st.floats(0, 1), importance=st.floats(0, 5)),
    min_size=1,
    max_size=4,
    unique_by=lambda member: member.key,
)
INCIDENTS = st.builds(
    lambda members, kind, monitor: make(*members, kind=kind, monitor=monitor),
    MEMBERS,
    st.sampled_from([IncidentKind.DRIFT, IncidentKind.DATA]),
    st.sampled_from(["x", "y"]),
)


@given(INCIDENTS, INCIDENTS)
def test_likeness_is_a_share_and_the_same_from_either_side(ours: Incident, theirs: Incident) -> None:
    likeness = measure_likeness(ours, theirs)

    assert 0 <= likeness <= 1 + 1e-9
    assert likeness == pytest.approx(measure_likeness(theirs, ours))
    assert measure_likeness(ours, ours) == pytest.approx(1.0)


def test_the_most_alike_come_first_then_the_latest_and_few_of_them() -> None:
    ours = make(make_member("a"), make_member("b"))
    alike = [
        make(make_member("a"), make_member("b"), id=place, first_window=day(place)) for place in (1, 3, 2)
    ]
    half = make(make_member("a"), id=9)
    unlike = make(make_member("z"), id=10, monitor="other")

    found = find_similar(ours, [half, *alike, unlike])

    assert [one.incident.id for one in found] == [3, 2, 1]
    assert find_similar(ours, [unlike]) == []
    assert find_similar(ours, [half])[0].likeness >= LEAST_ALIKE
    assert find_similar(ours, [half])[0].shared == ("a",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": IncidentState.OPEN}, "It is not over."),
        ({}, "It ended by itself, after enough clean windows."),
        ({"resolved_by": "Ana", "resolved_why": "a new\nairport."}, "Ana closed it: a new airport."),
        ({"resolved_why": "its monitor was removed"}, "It was over: its monitor was removed."),
        (
            {"label": Label.BAD_DATA, "labelled_by": "Ben"},
            "It ended by itself, after enough clean windows. Ben called it bad data.",
        ),
    ],
)
def test_how_one_ended_is_said(changes: dict[str, Any], said: str) -> None:
    over = make(make_member("a"), **{"state": IncidentState.RESOLVED, **changes})
    similar = Similar(incident=over, likeness=1.0, shared=("a", "b"))

    assert say_end(similar) == f"{said} It has a and b in common."


def test_when_and_how_long_is_said() -> None:
    assert (
        say_length(make(make_member("a"), first_window=day(8), last_window=day(8)))
        == "2013-02-08, one window"
    )
    longer = make(make_member("a"), first_window=day(8), last_window=day(10))
    assert say_length(longer) == "2013-02-08 to 2013-02-10, 3 days"
