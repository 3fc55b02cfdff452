"""Freshness, stale and evaluation incidents: they open by their own limits and end with their condition."""

from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.incidents.conditions import (
    Age,
    Condition,
    Lateness,
    advance_condition,
    read_ages,
    read_failure,
    read_lateness,
)
from driftwatch.incidents.incident import Advance, Incident, IncidentKind, IncidentState, Severity
from driftwatch.incidents.policy import Freshness
from tests.support.incidents import DELAY, day, make_policy, make_verdict, tell

FRESHNESS = Freshness(warn_after=timedelta(hours=2), page_after=timedelta(hours=6))


def step(incident: Incident | None, condition: Condition, *, telling: bool = True) -> Advance:
    return advance_condition(
        incident,
        condition,
        make_policy(),
        monitor="flights",
        now=condition.window.end + DELAY,
        telling=telling,
    )


def be_late(hours: float | None, *, window: int = 9) -> Condition:
    late = None if hours is None else Lateness(since=day(8), late_by=timedelta(hours=hours))
    return read_lateness(late, FRESHNESS, window=day(window))


def be_old(*, model: int, reference: int = 0, window: int = 9) -> Condition:
    ages = [
        Age(of="model", age=timedelta(days=model), limit=timedelta(days=90)),
        Age(of="reference", age=timedelta(days=reference), limit=timedelta(days=180)),
    ]
    return read_ages(ages, window=day(window))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([None], [""]),
        ([1.9], [""]),
        # Minor incidents are recorded and told to nobody, neither their start nor their end.
        ([2, 3, None], ["opened", "", "resolved"]),
        ([2, 6, 7, None], ["opened", "worsened!opened", "", "resolved!resolved"]),
        ([6, None], ["opened!opened", "resolved!resolved"]),
        ([6, 1], ["opened!opened", "resolved!resolved"]),
        ([6, None, 6], ["opened!opened", "resolved!resolved", "opened!opened"]),
    ],
)
def test_lateness_story(hours: list[float | None], expected: list[str]) -> None:
    incident, told = None, []
    for window, late in enumerate(hours, start=9):
        advanced = step(incident, be_late(late, window=window))
        incident = advanced.incident
        told.append(tell(advanced.transitions))

    assert told == expected


def test_lateness_grows_within_one_window() -> None:
    warned = step(None, be_late(2)).incident
    paged = step(warned, be_late(6))

    assert paged.incident is not None
    assert paged.incident.severity is Severity.CRITICAL
    assert paged.incident.windows_open == 1
    assert paged.incident.first_window == day(8)
    assert [(m.column, m.value, m.limit) for m in paged.incident.members] == [(None, 6.0, 6.0)]


@pytest.mark.parametrize("freshness", [Freshness(), Freshness(warn_after=timedelta(hours=9))])
def test_without_a_limit_nothing_is_late(freshness: Freshness) -> None:
    late = Lateness(since=day(8), late_by=timedelta(hours=8))

    assert read_lateness(late, freshness, window=day(9)).members == ()


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ([(89, 0), (90, 0)], ["", ""]),
        ([(91, 0), (92, 0), (1, 0)], ["opened!opened", "", "resolved!resolved"]),
        ([(91, 0), (92, 181), (1, 182)], ["opened!opened", "joined", "left"]),
        ([(91, 181), (1, 1)], ["opened!opened", "resolved!resolved"]),
    ],
)
def test_stale_story(ages: list[tuple[int, int]], expected: list[str]) -> None:
    incident, told = None, []
    for window, (model, reference) in enumerate(ages, start=9):
        advanced = step(incident, be_old(model=model, reference=reference, window=window))
        incident = advanced.incident
        told.append(tell(advanced.transitions))

    assert told == expected


def test_the_members_of_a_stale_incident_are_the_model_and_the_reference() -> None:
    first = step(None, be_old(model=91)).incident
    incident = step(first, be_old(model=92, reference=181, window=10)).incident

    assert incident is not None
    assert incident.severity is Severity.MAJOR
    assert [(member.column, member.since) for member in incident.members] == [
        ("model", day(9).start),
        ("reference", day(10).start),
    ]
    assert incident.windows_open == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (". .", ["", ""]),
        ("E E .", ["opened!opened", "", "resolved!resolved"]),
        ("E a", ["opened!opened", "resolved!resolved"]),
        ("E -a", ["opened!opened", "resolved!resolved"]),
        ("E N G P T .", ["opened!opened", "", "", "", "", "resolved!resolved"]),
        ("N G P T", ["", "", "", ""]),
    ],
)
def test_evaluation_story(words: str, expected: list[str]) -> None:
    incident, told = None, []
    for window, word in enumerate(words.split(), start=9):
        advanced = step(incident, read_failure(make_verdict(window, word)))
        incident = advanced.incident
        told.append(tell(advanced.transitions))

    assert told == expected


def test_a_window_that_tells_nothing_changes_nothing_but_the_order() -> None:
    incident = step(None, read_failure(make_verdict(9, "E"))).incident
    held = step(incident, read_failure(make_verdict(10, "N"))).incident

    assert incident is not None
    assert held is not None
    assert (held.windows_open, held.last_window, held.seen_to) == (1, day(9), day(10))
    assert not held.still_breached


def test_a_condition_that_began_in_a_replay_is_told_with_the_first_live_look() -> None:
    silent = step(None, be_late(7), telling=False)
    live = step(silent.incident, be_late(8, window=10))

    assert tell(silent.transitions) == "opened"
    assert tell(live.transitions) == "told!opened"


def test_a_window_before_the_last_one_is_refused() -> None:
    incident = step(None, be_late(7)).incident

    with pytest.raises(ValueError, match="windows must arrive in order"):
        step(incident, be_late(7, window=8))


def test_reasons_are_sentences() -> None:
    late = step(None, be_late(7))
    over = step(late.incident, be_late(None, window=10))
    failed = step(None, read_failure(make_verdict(9, "E")))

    assert late.transitions[0].reason == "No rows since the window of 2013-02-08, 7 hours late."
    assert over.transitions[0].reason == "Rows have arrived."
    assert failed.transitions[0].reason == "The server did not answer."
    assert over.incident is not None
    assert over.incident.state is IncidentState.RESOLVED
    assert over.incident.kind is IncidentKind.FRESHNESS
