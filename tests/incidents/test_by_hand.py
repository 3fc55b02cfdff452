"""What a person may do to an incident, and what is refused."""

from __future__ import annotations

import pytest

from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import acknowledge, end_with_history, label, resolve_by_hand
from driftwatch.incidents.describe import describe_incident
from driftwatch.incidents.incident import Incident, IncidentKind, IncidentState, Label, NoticeType
from driftwatch.incidents.notice import MonitorFacts
from tests.support.incidents import day, make_incident, make_policy, play, tell

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
    assert told.incident.resolved_why == "Its monitor watches other data now."


def test_who_began_another_history_is_who_ended_it() -> None:
    step = end_with_history(after("a"), NOW, because="Reference version 2 judges from now on", who="Ana")

    assert step.incident is not None
    assert step.transitions[-1].actor == "Ana"
    assert (step.incident.resolved_by, step.incident.resolved_why) == (
        None,
        "Reference version 2 judges from now on.",
    )


def test_another_history_drops_what_never_opened() -> None:
    step = end_with_history(after("a", k=2), NOW)

    assert tell(step.transitions) == "dropped"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Label.EXPECTED, "ana says that this was expected: its windows count as ordinary."),
        (Label.DRIFT, "ana says that this was real drift: its windows never count as ordinary."),
        (Label.BAD_DATA, "ana says that this was bad data: its windows never count as ordinary."),
    ],
)
@pytest.mark.parametrize("story", ["a", "a .", "a . . ."])
def test_what_a_person_says_it_was_is_kept_and_tells_nobody(story: str, said: Label, words: str) -> None:
    before = after(story)

    step = label(before, said, "ana", NOW)

    assert step.incident is not None
    assert (step.incident.label, step.incident.labelled_by, step.incident.labelled_at) == (said, "ana", NOW)
    assert step.incident.state is before.state
    assert tell(step.transitions) == "labelled"
    assert (step.transitions[0].seq, step.transitions[0].actor) == (before.seq + 1, "ana")
    assert step.transitions[0].reason == words
    assert words in describe_incident(step.incident, MonitorFacts(id="m"))[1].splitlines()


def test_a_later_word_takes_the_place_of_an_earlier_one() -> None:
    first = label(after("a"), Label.DRIFT, "ana", NOW).incident
    assert first is not None

    second = label(first, Label.EXPECTED, "ben", NOW).incident

    assert second is not None
    assert (second.label, second.labelled_by, second.seq) == (Label.EXPECTED, "ben", first.seq + 1)


def test_a_label_stays_while_the_incident_goes_on() -> None:
    labelled = label(after("a"), Label.DRIFT, "ana", NOW).incident

    (*_, step) = play("a . . .", make_policy(), incident=labelled, first=2)

    assert step.incident is not None
    assert (step.incident.state, step.incident.label) == (IncidentState.RESOLVED, Label.DRIFT)


@pytest.mark.parametrize(
    "incident",
    [
        after("a", k=2),
        after("a .", k=2),
        make_incident(IncidentKind.FRESHNESS),
        make_incident(IncidentKind.STALE),
        make_incident(IncidentKind.EVALUATION),
    ],
)
def test_only_drift_and_data_that_opened_can_be_labelled(incident: Incident) -> None:
    with pytest.raises(UsageError, match="cannot be labelled: only a drift or data incident that opened"):
        label(incident, Label.EXPECTED, "ana", NOW)
