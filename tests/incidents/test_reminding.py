"""Reminders come from what was told and when, and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from driftwatch.incidents.by_hand import ACKNOWLEDGED_FOR, acknowledge, snooze
from driftwatch.incidents.codec import decode_incident, encode_incident
from driftwatch.incidents.describe import build_notice
from driftwatch.incidents.incident import Incident, IncidentState, NoticeType, Severity
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.incidents.policy import DEFAULT_REMINDERS
from driftwatch.incidents.reminding import find_reminder_due, lapse, remind
from tests.support.incidents import DELAY, day, make_policy, play, tell

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TOLD_AT = day(1).end + DELAY


def open_incident(story: str = "a", **changes: Any) -> Incident:
    incident = play(story, make_policy())[-1].incident
    assert incident is not None
    return replace(incident, **changes)


def list_reminders(incident: Incident, days: int) -> list[int]:
    """Return after how many days people are reminded when nothing else happens, looked at each hour."""
    found = []
    for hours in range(days * 24 + 1):
        now = TOLD_AT + hours * HOUR
        step = remind(incident, DEFAULT_REMINDERS, now)
        if step.transitions:
            found.append(hours // 24)
        assert step.incident is not None
        # A restart in between changes nothing.
        incident = decode_incident(encode_incident(step.incident), id=step.incident.id)
    return found


def test_the_pauses_are_those_of_the_policy_and_the_last_one_repeats() -> None:
    assert list_reminders(open_incident(), 30) == [1, 3, 7, 14, 21, 28]


def test_something_new_that_is_told_starts_the_pauses_anew() -> None:
    reminded = remind(open_incident(), DEFAULT_REMINDERS, TOLD_AT + DAY).incident
    assert reminded is not None

    worse = play("A", make_policy(), incident=reminded, first=4)[-1].incident

    assert worse is not None
    assert (worse.reminded, worse.told_as) == (0, NoticeType.UPDATED)
    assert find_reminder_due(worse, DEFAULT_REMINDERS) == day(4).end + DELAY + DAY


@pytest.mark.parametrize(
    "changes",
    [
        {"told_at": None, "told_severity": None, "told_as": None},
        {"severity": Severity.MINOR},
        {"state": IncidentState.RECOVERING},
        {"state": IncidentState.RESOLVED},
        {"state": IncidentState.PENDING},
        {"acknowledged_by": "ana"},
        {"snoozed_until": TOLD_AT + DAY},
    ],
)
def test_nobody_is_reminded_of(changes: dict[str, Any]) -> None:
    assert remind(open_incident(**changes), DEFAULT_REMINDERS, TOLD_AT + 99 * DAY).transitions == ()


def test_without_pauses_there_are_no_reminders() -> None:
    assert remind(open_incident(), (), TOLD_AT + 99 * DAY).transitions == ()


@pytest.mark.parametrize(
    ("story", "words"),
    [
        ("a", "Nothing has changed since then."),
        ("a a a", "Since then: 2 more windows judged."),
        ("a ab", "Since then: 1 more window judged; new: b."),
        ("ab a a a", "Since then: 3 more windows judged; no longer part of it: b."),
    ],
)
def test_a_reminder_says_what_changed_since_the_last_telling(story: str, words: str) -> None:
    step = remind(open_incident(story), DEFAULT_REMINDERS, TOLD_AT + 5 * DAY)

    assert tell(step.transitions) == "reminded!reminder"
    assert step.told is not None
    assert step.told.reason == f"Still open; last told 5 days ago, at 2013-02-02 00:30 UTC. {words}"
    assert step.incident is not None
    notice = build_notice(step.told, step.incident, MonitorFacts(id="flights"), step.told.at)
    assert (notice.type, notice.title[:11]) == ("incident.reminder", "Still open:")
    assert notice.text.startswith(step.told.reason)


def run_out(incident: Incident, now: datetime) -> Incident:
    found = lapse(incident, now).incident
    assert found is not None
    return found


def test_an_acknowledgement_lasts_seven_days_and_then_reminders_go_on() -> None:
    taken = acknowledge(open_incident(), "ana", TOLD_AT + HOUR).incident
    assert taken is not None
    end = TOLD_AT + HOUR + ACKNOWLEDGED_FOR

    early, late = lapse(taken, end - HOUR), lapse(taken, end)

    assert (early.transitions, early.incident) == ((), taken)
    assert [step.reason for step in late.transitions] == [
        "The acknowledgement by ana has run out; it is still open."
    ]
    assert late.incident is not None
    assert late.incident.acknowledged_by is None
    assert remind(late.incident, DEFAULT_REMINDERS, end).told is not None


def test_a_snooze_runs_out_alone() -> None:
    taken = acknowledge(open_incident(), "ana", TOLD_AT).incident
    assert taken is not None
    snoozed = snooze(taken, "ben", TOLD_AT, length=2 * DAY).incident
    assert snoozed is not None

    after = run_out(snoozed, TOLD_AT + 2 * DAY)

    assert (after.acknowledged_by, after.snoozed_by, after.snoozed_until) == ("ana", None, None)
    assert tell(lapse(snoozed, TOLD_AT + 9 * DAY).transitions) == "lapsed lapsed"


def test_a_rise_in_severity_breaks_both() -> None:
    taken = acknowledge(open_incident(), "ana", TOLD_AT).incident
    assert taken is not None
    snoozed = snooze(taken, "ben", TOLD_AT, length=20 * DAY).incident

    (step,) = play("A", make_policy(), incident=snoozed, first=2)

    assert step.incident is not None
    assert (step.incident.acknowledged_by, step.incident.snoozed_by) == (None, None)
    assert (step.incident.acknowledged_until, step.incident.snoozed_until) == (None, None)
    assert step.told is not None
    assert step.told.reason.endswith("; ana had acknowledged it; ben had snoozed it.")
