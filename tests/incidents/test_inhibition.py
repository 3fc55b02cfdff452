from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from driftwatch.incidents.incident import Incident, IncidentKind, IncidentState, Member, Severity
from driftwatch.incidents.inhibition import find_inhibitor
from driftwatch.incidents.naming import GIVEN_UP
from tests.support.incidents import day, make_incident

NOW = day(9).end
HOUR = timedelta(hours=1)


def fail(kind: IncidentKind = IncidentKind.EVALUATION, **changes: Any) -> Incident:
    """A source that broke an hour ago."""
    whole = Member(
        column=None, about="evaluation", since=NOW, statistic="error", value=None, limit=None, text="refused"
    )
    return make_incident(kind, **{"id": 3, "members": (whole,), "opened_at": NOW - HOUR, **changes})


def find(incident: Incident, other: Incident, *, told: bool = False) -> str | None:
    return find_inhibitor(incident, [other], told=told, now=NOW)


@pytest.mark.parametrize("kind", [IncidentKind.DRIFT, IncidentKind.DATA])
@pytest.mark.parametrize("hours", [-2, 2])
def test_a_broken_source_explains_what_nobody_was_told_of_whatever_came_first(
    kind: IncidentKind, hours: int
) -> None:
    found = make_incident(kind, opened_at=NOW - HOUR + hours * HOUR)

    assert find(found, fail()) == "incident 3 (evaluation) of the same monitor explains it"


@pytest.mark.parametrize(("hours", "explained"), [(-2, False), (2, True)])
def test_it_does_not_explain_what_people_knew_before(hours: int, explained: bool) -> None:
    found = make_incident(opened_at=NOW - HOUR + hours * HOUR)

    assert (find(found, fail(), told=True) is not None) == explained


@pytest.mark.parametrize(
    "other",
    [
        fail(severity=Severity.MINOR),
        fail(state=IncidentState.RESOLVED),
        make_incident(IncidentKind.DATA, opened_at=NOW),
        fail(opened_at=None),
        fail(members=(replace(fail().members[0], about=GIVEN_UP),)),
    ],
)
def test_it_is_not_explained_by(other: Incident) -> None:
    assert find(make_incident(), other) is None


@pytest.mark.parametrize("kind", [IncidentKind.FRESHNESS, IncidentKind.EVALUATION, IncidentKind.STALE])
def test_a_failure_is_told_itself(kind: IncidentKind) -> None:
    assert find(make_incident(kind), fail()) is None


@pytest.mark.parametrize(("hours", "explained"), [(1, True), (23, True), (24, False)])
def test_the_failure_of_another_monitor_explains_for_a_day(hours: int, explained: bool) -> None:
    words = find(make_incident(), fail(monitor="rides", opened_at=NOW - hours * HOUR))

    assert (words == "incident 3 (evaluation) of rides, with the same source, explains it") == explained
