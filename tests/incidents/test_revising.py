from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from driftwatch.incidents.incident import (
    Incident,
    IncidentKind,
    IncidentState,
    NoticeType,
    Severity,
    TransitionKind,
)
from driftwatch.incidents.revising import revise, say_late_rows
from tests.support.incidents import day

NOW = datetime(2013, 2, 10, tzinfo=UTC)
WHY = "58 more rows arrived"


def make(state: IncidentState = IncidentState.OPEN, **changes: Any) -> Incident:
    incident = Incident(
        id=7,
        monitor="flights",
        kind=IncidentKind.DRIFT,
        state=state,
        severity=Severity.MAJOR,
        members=(),
        first_window=day(1),
        last_window=day(1),
        seen_to=day(3),
        opened_at=None if state is IncidentState.PENDING else NOW - timedelta(days=2),
        seq=4,
    )
    return replace(incident, **changes)


TOLD: dict[str, Any] = {
    "told_at": NOW - timedelta(days=2),
    "told_severity": Severity.MAJOR,
    "told_as": NoticeType.OPENED,
}


def test_nothing_stays_nothing() -> None:
    assert revise(None, None, why=WHY, now=NOW, telling=True).incident is None


@pytest.mark.parametrize("telling", [True, False])
def test_one_that_should_be_open_opens_and_is_told(telling: bool) -> None:
    step = revise(None, make(id=None), why=WHY, now=NOW, telling=telling)

    assert step.incident is not None
    assert (step.incident.id, step.incident.seq, step.incident.opened_at) == (None, 1, NOW)
    (told,) = step.transitions
    assert told.kind is TransitionKind.REVISED
    assert told.reason == "Revised. 58 more rows arrived: with them it is open."
    assert told.tells is (NoticeType.OPENED if telling else None)


@pytest.mark.parametrize(
    "replayed", [make(severity=Severity.MINOR), make(IncidentState.PENDING)], ids=["minor", "pending"]
)
def test_what_wakes_nobody_is_kept_and_not_told(replayed: Incident) -> None:
    step = revise(None, replayed, why=WHY, now=NOW, telling=True)

    assert step.incident is not None
    assert step.told is None


@pytest.mark.parametrize(("told", "tells"), [(TOLD, NoticeType.RESOLVED), ({}, None)])
def test_one_that_would_be_over_is_over(told: dict[str, Any], tells: NoticeType | None) -> None:
    step = revise(make(**told), None, why=WHY, now=NOW, telling=True)

    assert step.incident is not None
    assert (step.incident.state, step.incident.resolved_at) == (IncidentState.RESOLVED, NOW)
    assert [one.tells for one in step.transitions] == [tells]


def test_severity_never_falls_and_its_rise_is_told() -> None:
    worse = revise(make(**TOLD), make(severity=Severity.CRITICAL), why=WHY, now=NOW, telling=True)
    milder = revise(make(**TOLD), make(severity=Severity.MINOR), why=WHY, now=NOW, telling=True)

    assert worse.told is not None
    assert worse.told.tells is NoticeType.UPDATED
    assert milder.incident is not None
    assert milder.incident.severity is Severity.MAJOR
    assert milder.transitions == ()


def test_a_pending_one_that_should_be_open_opens() -> None:
    step = revise(make(IncidentState.PENDING), make(), why=WHY, now=NOW, telling=True)

    assert step.incident is not None
    assert (step.incident.id, step.incident.opened_at) == (7, NOW)
    assert step.told is not None
    assert step.told.tells is NoticeType.OPENED


def test_counts_are_brought_up_to_date_without_a_step() -> None:
    step = revise(make(**TOLD), make(clean=2, windows_open=9), why=WHY, now=NOW, telling=True)

    assert step.incident == make(**TOLD, clean=2, windows_open=9)
    assert step.transitions == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (900, 958, "58 more rows of the window of 2013-02-08 arrived"),
        (901, 900, "1 row of the window of 2013-02-08 vanished"),
        (None, 900, "Rows of the window of 2013-02-08 changed"),
        (900, 900, "Rows of the window of 2013-02-08 changed"),
    ],
)
def test_it_is_said_what_came_late(before: int | None, after: int | None, said: str) -> None:
    assert say_late_rows(day(8), before, after).startswith(said)
