"""When retraining is asked for, and every reason to wait."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from driftwatch.incidents.incident import Incident, IncidentKind, IncidentState, Severity
from driftwatch.retraining.decide import Decision, DecisionWord, decide_by_hand, decide_retrain
from driftwatch.retraining.policy import RetrainPolicy
from tests.support.incidents import day, make_incident, make_policy, play

NOW = day(10).start
POLICY = RetrainPolicy(trigger="ci", after=2)
RIPE = make_incident(windows_open=2)


def decide(
    *incidents: Incident,
    policy: RetrainPolicy = POLICY,
    last: datetime | None = None,
    requested: bool = False,
    telling: bool = True,
) -> Decision:
    return decide_retrain(
        policy,
        incidents,
        last_requested_at=last,
        already_requested=lambda _: requested,
        now=NOW,
        telling=telling,
    )


def test_an_incident_open_long_enough_asks_for_retraining() -> None:
    decision = decide(RIPE)

    assert decision.word is DecisionWord.REQUEST
    assert decision.incident == RIPE
    assert decision.reason == "The drift incident has been open for 2 windows; no data fault is under way."


@pytest.mark.parametrize(
    "incident",
    [
        make_incident(windows_open=9, state=IncidentState.PENDING),
        make_incident(windows_open=9, state=IncidentState.RECOVERING),
        make_incident(windows_open=9, state=IncidentState.RESOLVED),
        make_incident(windows_open=9, severity=Severity.MINOR),
        make_incident(IncidentKind.EVALUATION, windows_open=9),
    ],
)
def test_an_incident_that_does_not_call_for_retraining_waits(incident: Incident) -> None:
    decision = decide(incident)

    assert decision.word is DecisionWord.WAIT
    assert decision.reason == "No incident of kind drift or stale is open."


def test_an_incident_must_have_been_open_for_enough_windows() -> None:
    decision = decide(make_incident(windows_open=1))

    assert decision.word is DecisionWord.WAIT
    assert decision.reason == "Open for 1 of the 2 windows after which retraining is asked for."


@pytest.mark.parametrize("state", [IncidentState.PENDING, IncidentState.OPEN, IncidentState.RECOVERING])
@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        (IncidentKind.DATA, Severity.MAJOR),
        (IncidentKind.DATA, Severity.CRITICAL),
        *((IncidentKind.FRESHNESS, severity) for severity in Severity),
    ],
)
def test_a_fault_under_way_forbids_retraining(
    kind: IncidentKind, state: IncidentState, severity: Severity
) -> None:
    decision = decide(RIPE, make_incident(kind, state=state, severity=severity))

    assert decision.word is DecisionWord.WAIT
    assert decision.reason == f"Retraining would learn a fault: a {kind} incident is under way."


def test_a_fault_in_too_few_rows_to_be_learned_does_not() -> None:
    decision = decide(RIPE, make_incident(IncidentKind.DATA, severity=Severity.MINOR))

    assert decision.word is DecisionWord.REQUEST


def test_a_fault_that_is_over_does_not() -> None:
    assert (
        decide(RIPE, make_incident(IncidentKind.DATA, state=IncidentState.RESOLVED)).word
        is DecisionWord.REQUEST
    )


def test_an_incident_is_asked_for_once() -> None:
    decision = decide(RIPE, requested=True)

    assert decision.word is DecisionWord.WAIT
    assert decision.reason == "Retraining has been asked for already for this incident."


@pytest.mark.parametrize(
    ("ago", "word"),
    [
        (timedelta(0), DecisionWord.WAIT),
        (timedelta(days=7) - timedelta(microseconds=1), DecisionWord.WAIT),
        (timedelta(days=7), DecisionWord.REQUEST),
    ],
)
def test_the_cooldown_spans_all_incidents_of_the_monitor(ago: timedelta, word: DecisionWord) -> None:
    decision = decide(RIPE, last=NOW - ago)

    assert decision.word is word


def test_the_cooldown_says_until_when() -> None:
    decision = decide(RIPE, last=day(9).start)

    assert decision.reason == "The cooldown after the last request lasts until 2013-02-16 00:00 UTC."


def test_a_replay_asks_for_nothing() -> None:
    decision = decide(RIPE, telling=False)

    assert (decision.word, decision.reason) == (DecisionWord.WAIT, "A replay asks for no retraining.")


def test_only_the_kinds_of_the_policy_call_for_it() -> None:
    stale = make_incident(IncidentKind.STALE, windows_open=9)

    assert decide(stale).word is DecisionWord.REQUEST
    assert (
        decide(stale, policy=RetrainPolicy(trigger="ci", when=frozenset({"drift"}))).word is DecisionWord.WAIT
    )


def test_the_incident_that_has_waited_longest_is_named() -> None:
    stale = make_incident(IncidentKind.STALE, windows_open=9, first_window=day(2))

    assert decide(RIPE, stale).incident == stale


def test_the_story_of_a_change_that_stays() -> None:
    story = ". a -b a a E a a a a a"
    drifted = play(story, make_policy(), first=7)
    faulty = play(story, make_policy(), kind=IncidentKind.DATA, first=7)
    requested: list[str] = []
    last: datetime | None = None

    for drift, data in zip(drifted, faulty, strict=True):
        incidents = [step.incident for step in (drift, data) if step.incident is not None]
        at = day(7 + len(requested)).end
        decision = decide_retrain(
            POLICY,
            incidents,
            last_requested_at=last,
            already_requested=lambda _: "request" in requested,
            now=at,
            telling=True,
        )
        requested.append(decision.word.value)
        last = at if decision.word is DecisionWord.REQUEST else last

    assert requested == [
        "wait",
        "wait",
        "wait",
        "wait",
        "wait",
        "wait",
        "request",
        "wait",
        "wait",
        "wait",
        "wait",
    ]


def ask(incident: Incident, *others: Incident, last: datetime | None = None, busy: int | None = None) -> str:
    """Return why a person may not ask for retraining because of `incident`; empty where they may."""
    decision = decide_by_hand(
        POLICY, incident, [incident, *others], last_requested_at=last, under_way=busy, now=NOW
    )
    return "" if decision.word is DecisionWord.REQUEST else decision.reason


def test_a_person_need_not_wait_for_so_many_windows() -> None:
    assert decide(make_incident(windows_open=1)).word is DecisionWord.WAIT
    assert ask(make_incident(windows_open=1)) == ""
    assert ask(make_incident(state=IncidentState.RECOVERING)) == ""
    assert ask(make_incident(), last=NOW - timedelta(days=7)) == ""


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (ask(make_incident(state=IncidentState.RESOLVED)), "It is resolved"),
        (ask(make_incident(IncidentKind.EVALUATION)), "an incident of the kind evaluation"),
        (ask(make_incident(), make_incident(IncidentKind.FRESHNESS)), "would learn a fault"),
        (ask(make_incident(), busy=4), "Request 4 is under way"),
        (ask(make_incident(), last=NOW - timedelta(days=1)), "The cooldown after the last request"),
    ],
)
def test_a_person_is_refused_what_would_do_harm_with_the_reason(reason: str, said: str) -> None:
    assert said in reason
