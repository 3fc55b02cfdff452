from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.admission import (
    MAY_BE_ALLOWED,
    Admission,
    AdmissionWord,
    Candidate,
    decide_admission,
)
from driftwatch.incidents.finding import Finding, FindingKind, Verdict, VerdictWord
from driftwatch.incidents.incident import Hold, Incident, IncidentKind, IncidentState, Label, Member, Severity
from driftwatch.incidents.why_not import Waits
from tests.support.incidents import DELAY, day

USE, HOLD, WAIT = AdmissionWord.USE, AdmissionWord.HOLD, AdmissionWord.WAIT
TODAY = day(8)
NOW = TODAY.end + DELAY + timedelta(hours=1)


def find(
    column: str | None = "amount", kind: FindingKind = FindingKind.DRIFT, *, minor: bool = False
) -> Finding:
    text = f"{column} shows {kind}"
    return Finding(column=column, kind=kind, statistic="ks", value=0.4, limit=0.1, text=text, minor=minor)


def judge(word: VerdictWord, *findings: Finding, reason: str | None = None) -> Verdict:
    return Verdict(window=TODAY, word=word, rows=300, findings=findings, reason=reason)


def build_candidate(verdict: Verdict | None = None, **changes: Any) -> Candidate:
    base = Candidate(monitor="flights", window=TODAY, now=NOW, due_at=TODAY.end + DELAY, verdict=verdict)
    return replace(base, **changes)


def open_incident(column: str | None = "amount", **changes: Any) -> Incident:
    about = "drift" if column else "volume"
    member = Member(
        column=column, about=about, since=day(7).start, statistic="ks", value=0.4, limit=0.1, text="moved"
    )
    base = Incident(
        id=7,
        monitor="flights",
        kind=IncidentKind.DRIFT if column else IncidentKind.DATA,
        state=IncidentState.OPEN,
        severity=Severity.MAJOR,
        members=(member,),
        first_window=day(7),
        last_window=TODAY,
        seen_to=TODAY,
        opened_at=day(7).end,
    )
    return replace(base, **changes)


def say(admission: Admission) -> str:
    return "; ".join(ground.text for ground in admission.grounds)


WORDS = {
    VerdictWord.OK: (USE, "looks like the reference"),
    VerdictWord.DRIFT: (HOLD, "amount shows drift"),
    VerdictWord.DATA: (HOLD, "amount shows missing"),
    VerdictWord.THIN: (HOLD, "has too few rows to be judged by itself: because"),
    VerdictWord.PARTIAL: (HOLD, "is not complete: because"),
    VerdictWord.NO_DATA: (HOLD, "has no rows: because"),
    VerdictWord.NOT_EVALUATED: (HOLD, "was given up without being read: because"),
    VerdictWord.ERROR: (HOLD, "could not be judged: because"),
}
FOUND = {VerdictWord.DRIFT: (find(),), VerdictWord.DATA: (find(kind=FindingKind.MISSING),)}


@pytest.mark.parametrize("word", list(VerdictWord))
def test_each_verdict_has_its_answer_and_its_words(word: VerdictWord) -> None:
    verdict = judge(word, *FOUND.get(word, ()), reason="because")

    admission = decide_admission(build_candidate(verdict))

    assert (admission.word, WORDS[word][1] in say(admission)) == (WORDS[word][0], True), say(admission)
    assert admission.retry_at is None


@pytest.mark.parametrize("word", list(VerdictWord))
def test_what_a_pipeline_allows_passes_and_an_error_never_does(word: VerdictWord) -> None:
    candidate = build_candidate(judge(word, *FOUND.get(word, ())))

    assert decide_admission(candidate, list(VerdictWord)).word is (HOLD if word is VerdictWord.ERROR else USE)
    assert (word in MAY_BE_ALLOWED) == (word not in {VerdictWord.OK, VerdictWord.ERROR})


@pytest.mark.parametrize("word", list(VerdictWord))
def test_shadow_mode_holds_nothing_back_and_says_what_it_would_have(word: VerdictWord) -> None:
    candidate = build_candidate(judge(word, *FOUND.get(word, ())), mode="shadow")

    admission = decide_admission(candidate)

    assert admission.word is USE
    assert admission.would_hold is (word is not VerdictWord.OK)


@pytest.mark.parametrize("word", [VerdictWord.PARTIAL, VerdictWord.NO_DATA, VerdictWord.ERROR])
@pytest.mark.parametrize("mode", ["live", "shadow"])
def test_what_is_read_again_waits_until_then(word: VerdictWord, mode: str) -> None:
    again = NOW + timedelta(minutes=10)

    admission = decide_admission(
        build_candidate(judge(word), waits=Waits(next_at=again, reason="not ready"), mode=mode),
        MAY_BE_ALLOWED,
    )

    assert (admission.word, admission.retry_at) == (WAIT, again)
    assert "waits to be read" in say(admission)


def test_what_is_due_later_waits_until_then() -> None:
    admission = decide_admission(build_candidate(now=TODAY.end))

    assert (admission.word, admission.retry_at) == (WAIT, TODAY.end + DELAY)
    assert say(admission) == "the window of 2013-02-08 may be read from 2013-02-09 00:30 UTC on"


def test_a_monitor_that_is_late_is_never_taken_for_a_healthy_one() -> None:
    late = build_candidate(now=NOW + timedelta(days=3))

    for waits in (None, Waits(next_at=TODAY.end), Waits(next_at=TODAY.end, is_claimed=True)):
        admission = decide_admission(replace(late, waits=waits))
        assert admission.word is WAIT
        assert "3 days after it fell due" in say(admission)
        assert admission.retry_at is not None
        assert admission.retry_at > late.now


def test_a_pause_is_said_while_something_waits() -> None:
    admission = decide_admission(build_candidate(paused="flights is paused by Ana"))

    assert (admission.word, "paused by Ana" in say(admission)) == (WAIT, True)


def test_rows_that_are_missing_as_in_the_reference_are_no_reason() -> None:
    verdict = judge(VerdictWord.NO_DATA)

    assert decide_admission(build_candidate(verdict, is_usually_empty=True)).word is USE


def test_minor_findings_hold_nothing_back() -> None:
    minor = judge(VerdictWord.DRIFT, find(minor=True))
    both = judge(VerdictWord.DRIFT, find(minor=True), find("city"))

    assert decide_admission(build_candidate(minor)).word is USE
    assert say(decide_admission(build_candidate(both))) == "city shows drift"


def test_allowing_drift_lets_no_faulty_data_pass() -> None:
    verdict = judge(VerdictWord.DRIFT, find(), find("city", FindingKind.MISSING))

    admission = decide_admission(build_candidate(verdict), [VerdictWord.DRIFT])

    assert (admission.word, say(admission)) == (HOLD, "city shows missing")


def test_patience_people_and_silences_open_no_gate() -> None:
    verdict = judge(VerdictWord.DRIFT, find())
    for incident in (
        open_incident(acknowledged_by="Ana"),
        open_incident(snoozed_by="Ana", snoozed_until=NOW + timedelta(days=1)),
        open_incident(label=Label.DRIFT),
        open_incident(label=Label.BAD_DATA),
    ):
        admission = decide_admission(build_candidate(verdict, incidents=(incident,)))
        assert admission.word is HOLD
        assert admission.grounds[0].incident == 7
    assert decide_admission(build_candidate(verdict)).word is HOLD
    hidden = decide_admission(build_candidate(verdict, hidden=("silence 3 by Ana",)))
    assert (hidden.word, "opens no gate" in say(hidden)) == (HOLD, True)


def test_what_a_person_says_was_expected_may_be_used() -> None:
    verdict, expected = (
        judge(VerdictWord.DRIFT, find()),
        open_incident(label=Label.EXPECTED, labelled_by="Ana"),
    )

    admission = decide_admission(build_candidate(verdict, incidents=(expected,)))

    assert admission.word is USE
    assert say(admission) == "amount shows drift (Ana says that incident 7 was expected)"


def test_an_expected_incident_excuses_its_own_columns_kind_and_windows_alone() -> None:
    expected = open_incident(label=Label.EXPECTED, labelled_by="Ana")
    over = replace(expected, state=IncidentState.RESOLVED, last_window=day(7))
    later = replace(expected, members=(replace(expected.members[0], since=day(9).start),))

    def decide(finding: Finding, incident: Incident) -> AdmissionWord:
        word = VerdictWord.DRIFT if finding.kind is FindingKind.DRIFT else VerdictWord.DATA
        return decide_admission(build_candidate(judge(word, finding), incidents=(incident,))).word

    assert decide(find(), expected) is USE
    assert decide(find("city"), expected) is HOLD
    assert decide(find(kind=FindingKind.MISSING), expected) is HOLD
    assert decide(find(), over) is HOLD
    assert decide(find(), later) is HOLD


def test_a_column_that_left_was_part_of_it_before() -> None:
    left = Hold(column="city", about="drift", since=day(7).start, until=TODAY.end)
    expected = open_incident(label=Label.EXPECTED, labelled_by="Ana", left=(left,))
    verdict = judge(VerdictWord.DRIFT, find("city"))

    assert decide_admission(build_candidate(verdict, incidents=(expected,))).word is USE
    gone = replace(expected, left=(replace(left, until=TODAY.start),))
    assert decide_admission(build_candidate(verdict, incidents=(gone,))).word is HOLD


def test_a_finding_about_the_whole_window_is_excused_by_its_kind() -> None:
    expected = open_incident(None, label=Label.EXPECTED, labelled_by="Ana")

    def decide(kind: FindingKind) -> AdmissionWord:
        verdict = judge(VerdictWord.DATA, find(None, kind))
        return decide_admission(build_candidate(verdict, incidents=(expected,))).word

    assert decide(FindingKind.VOLUME) is USE
    assert decide(FindingKind.REPEATED_KEYS) is HOLD


@given(
    word=st.none() | st.sampled_from(VerdictWord),
    waits=st.none() | st.builds(Waits, next_at=st.sampled_from([TODAY.end, NOW + timedelta(days=1)])),
    now=st.sampled_from([TODAY.start, TODAY.end, NOW]),
    mode=st.sampled_from(["live", "shadow"]),
    allowed=st.sets(st.sampled_from(VerdictWord)),
    minor=st.booleans(),
)
def test_only_what_was_judged_is_used_and_only_what_waits_has_a_time(
    word: VerdictWord | None,
    waits: Waits | None,
    now: Any,
    mode: str,
    allowed: set[VerdictWord],
    minor: bool,
) -> None:
    findings = (find(minor=minor),) if word in FOUND else ()
    verdict = None if word is None else judge(word, *findings)

    admission = decide_admission(build_candidate(verdict, waits=waits, now=now, mode=mode), allowed)

    assert admission.grounds
    assert (admission.word is WAIT) == (admission.retry_at is not None)
    assert verdict is not None or admission.word is WAIT
    if admission.retry_at is not None:
        assert admission.retry_at > now
