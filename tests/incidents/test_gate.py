from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.gate import REPEATS, SEND, Decision, DecisionWord, Telling, decide_sending
from driftwatch.incidents.incident import IncidentState, NoticeType
from driftwatch.incidents.silences import Hide

NOW = datetime(2013, 2, 8, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HIDE = Hide(words="silence 3 by ana", since=NOW - HOUR, until=NOW + HOUR)
OPENED = Telling(type="incident.opened", state=IncidentState.OPEN)
IN_VAIN = replace(OPENED, state=IncidentState.RESOLVED, failed=True)
REMINDER = Telling(type="incident.reminder", state=IncidentState.OPEN, told=True)
RESOLVED = Telling(type="incident.resolved", state=IncidentState.RESOLVED)


def decide(telling: Telling) -> Decision:
    return decide_sending(telling, now=NOW)


@pytest.mark.parametrize(
    ("telling", "word", "reason"),
    [
        (OPENED, DecisionWord.SEND, None),
        (replace(OPENED, hide=HIDE), DecisionWord.SUPPRESS, "silence 3 by ana"),
        (replace(OPENED, hide=replace(HIDE, until=NOW)), DecisionWord.SEND, None),
        (replace(OPENED, hide=replace(HIDE, since=NOW + HOUR)), DecisionWord.SEND, None),
        (replace(OPENED, shadow=True), DecisionWord.SUPPRESS, "the monitor is in shadow mode"),
        (replace(OPENED, inhibited_by="incident 4"), DecisionWord.SUPPRESS, "inhibited: incident 4"),
        (replace(OPENED, superseded_by="n7"), DecisionWord.EXPIRE, "superseded: n7"),
        (replace(OPENED, held_until=NOW + HOUR, held_why="off"), DecisionWord.HOLD, "off"),
        (replace(OPENED, held_until=NOW, held_why="off"), DecisionWord.SEND, None),
        # An acknowledgement and a snooze stop what repeats, and nothing else.
        (replace(OPENED, acknowledged_by="ana"), DecisionWord.SEND, None),
        (replace(OPENED, snoozed_until=NOW + HOUR), DecisionWord.SEND, None),
        (REMINDER, DecisionWord.SEND, None),
        (replace(REMINDER, acknowledged_by="ana"), DecisionWord.SUPPRESS, "acknowledged by ana"),
        (replace(REMINDER, snoozed_until=NOW + HOUR), DecisionWord.SUPPRESS, "snoozed"),
        (replace(REMINDER, snoozed_until=NOW), DecisionWord.SEND, None),
        (replace(REMINDER, state=IncidentState.RESOLVED), DecisionWord.EXPIRE, "the incident is over"),
        # It came and went, and nobody has heard of it.
        (
            IN_VAIN,
            DecisionWord.COLLAPSE,
            "collapsed: it was over before anybody could be told",
        ),
        (
            replace(OPENED, state=IncidentState.RESOLVED, failed=True, collapses=False),
            DecisionWord.SEND,
            None,
        ),
        (replace(OPENED, state=IncidentState.RESOLVED, failed=True, unsure=True), DecisionWord.SEND, None),
        # Nobody has tried to tell it yet.
        (replace(OPENED, state=IncidentState.RESOLVED), DecisionWord.SEND, None),
        (RESOLVED, DecisionWord.SUPPRESS, "nobody was told here that it opened"),
        # Who was told that it opened is told that it is over.
        (replace(RESOLVED, told=True), DecisionWord.SEND, None),
        (replace(RESOLVED, unsure=True), DecisionWord.SEND, None),
        (replace(RESOLVED, told=True, hide=HIDE), DecisionWord.SEND, None),
        (replace(RESOLVED, told=True, shadow=True), DecisionWord.SEND, None),
        # A test and a heartbeat are of no incident.
        (Telling(type="delivery.test", hide=HIDE, shadow=True), DecisionWord.SEND, None),
        (Telling(type="heartbeat", expires_at=NOW), DecisionWord.EXPIRE, "too old to be of use"),
    ],
)
def test_the_gate_says_what_becomes_of_a_notice_and_why(
    telling: Telling, word: DecisionWord, reason: str | None
) -> None:
    decision = decide(telling)

    assert (decision.word, decision.reason) == (word, reason)


TELLINGS = st.builds(
    Telling,
    type=st.sampled_from([*(one.value for one in NoticeType), *sorted(REPEATS)]),
    state=st.sampled_from(IncidentState),
    told=st.booleans(),
    unsure=st.booleans(),
    failed=st.booleans(),
    shadow=st.booleans(),
    acknowledged_by=st.sampled_from([None, "ana"]),
    snoozed_until=st.sampled_from([None, NOW - HOUR, NOW + HOUR]),
    hide=st.sampled_from([None, HIDE, replace(HIDE, until=NOW)]),
    inhibited_by=st.sampled_from([None, "incident 4"]),
    superseded_by=st.sampled_from([None, "n7"]),
    held_until=st.sampled_from([None, NOW + HOUR]),
    held_why=st.just("off"),
    collapses=st.booleans(),
)


@given(TELLINGS)
def test_everything_that_is_not_sent_has_its_reason(telling: Telling) -> None:
    decision = decide(telling)

    assert (decision.reason is None) == (decision == SEND)
    assert decision.sends == (decision == SEND)


@given(TELLINGS)
def test_nothing_but_the_end_of_what_was_told_passes_a_silence(telling: Telling) -> None:
    decision = decide(replace(telling, hide=HIDE))

    is_end = telling.type == NoticeType.RESOLVED and (telling.told or telling.unsure)
    assert not decision.sends or is_end


@given(TELLINGS)
def test_the_end_of_what_was_told_is_never_suppressed(telling: Telling) -> None:
    end = replace(telling, type=NoticeType.RESOLVED, told=True, superseded_by=None)

    assert decide(end).word in {DecisionWord.SEND, DecisionWord.HOLD}


@given(TELLINGS)
def test_nothing_expires_while_its_incident_is_not_over_unless_something_tells_it_in_its_place(
    telling: Telling,
) -> None:
    decision = decide(telling)

    over = telling.state is IncidentState.RESOLVED
    if decision.word in {DecisionWord.EXPIRE, DecisionWord.COLLAPSE}:
        assert over or telling.superseded_by is not None
