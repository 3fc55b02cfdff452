"""The drift and data axes as tables: a row of windows, a row of what happens."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.advance import advance
from driftwatch.incidents.codec import decode_incident, encode_incident
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentKind,
    IncidentState,
    NoticeType,
    Severity,
    TransitionKind,
)
from driftwatch.incidents.policy import Policy
from tests.support.incidents import COLUMNS, DELAY, day, drift, make_policy, make_verdict, play, tell

DRIFT, DATA = IncidentKind.DRIFT, IncidentKind.DATA


def tell_story(steps: list[Advance]) -> list[str]:
    return [tell(step.transitions) for step in steps]


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (". . .", ["", "", ""]),
        (". a .", ["", "opened!opened", "recovering"]),
        ("a . . .", ["opened!opened", "recovering", "", "resolved!resolved"]),
        (
            "a . . a . . .",
            ["opened!opened", "recovering", "", "resumed", "recovering", "", "resolved!resolved"],
        ),
        ("a a a", ["opened!opened", "", ""]),
        ("a . . . a", ["opened!opened", "recovering", "", "resolved!resolved", "opened!opened"]),
        ("A", ["opened!opened"]),
        ("a A", ["opened!opened", "worsened!updated"]),
        ("A a A", ["opened!opened", "", ""]),
        ("a Ab", ["opened!opened", "joined worsened!updated"]),
        ("a . A", ["opened!opened", "recovering", "resumed worsened!updated"]),
        # A column that joins soon is not told at once; one that joins a season cycle later is.
        ("a ab", ["opened!opened", "joined"]),
        ("a a a a a a a ab", ["opened!opened", "", "", "", "", "", "", "joined!updated"]),
        # A member leaves singly; the last ones stay until the incident resolves.
        ("ab a a a", ["opened!opened", "", "", "left"]),
        ("ab a a a a . . .", ["opened!opened", "", "", "left", "", "recovering", "", "resolved!resolved"]),
        ("ab -a -b . . .", ["opened!opened", "", "", "recovering", "", "resolved!resolved"]),
        # No evidence holds everything: it neither resolves nor starts the count anew.
        ("a E N G P T", ["opened!opened", "", "", "", "", ""]),
        ("a . E . N .", ["opened!opened", "recovering", "", "", "", "resolved!resolved"]),
        ("E a", ["", "opened!opened"]),
        # Missing data never resolves drift.
        ("a -a -a -a -a", ["opened!opened", "", "", "", ""]),
        ("a ?a ?a ?a", ["opened!opened", "", "", ""]),
        ("a = = =", ["opened!opened", "", "", ""]),
        ("a . . -a .", ["opened!opened", "recovering", "", "", "resolved!resolved"]),
        # Faults that leave the member's column judged do not stand in the way.
        ("a -b # .", ["opened!opened", "recovering", "", "resolved!resolved"]),
        # A few missing values may be the very ones that had moved.
        ("a ~a ~a ~a .", ["opened!opened", "", "", "", "recovering"]),
    ],
)
def test_drift_story(story: str, expected: list[str]) -> None:
    steps = play(story, make_policy())

    assert tell_story(steps) == expected


@pytest.mark.parametrize(
    ("k", "of", "story", "expected"),
    [
        (2, 2, "a a", ["pending", "opened!opened"]),
        (2, 2, "a . a a", ["pending", "dropped", "pending", "opened!opened"]),
        (2, 3, "a . a", ["pending", "", "opened!opened"]),
        (2, 3, "a . . a", ["pending", "", "dropped", "pending"]),
        (2, 3, "a . b", ["pending", "", "opened!opened"]),
        (3, 5, "a . a . a", ["pending", "", "", "", "opened!opened"]),
        (3, 3, "a E a N a", ["pending", "", "", "", "opened!opened"]),
        (2, 2, "a -a a", ["pending", "", "opened!opened"]),
        (2, 2, "a A", ["pending", "opened!opened"]),
    ],
)
def test_patience_story(k: int, of: int, story: str, expected: list[str]) -> None:
    steps = play(story, make_policy(k=k, of=of))

    assert tell_story(steps) == expected


def test_a_column_that_is_long_calm_is_no_member_when_a_pending_incident_opens() -> None:
    incident = play("a b . . . b b b", make_policy(k=3, of=5))[-1].incident

    assert incident is not None
    assert incident.state is IncidentState.OPEN
    assert [member.column for member in incident.members] == ["b"]


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("a A .", ["", "", ""]),
        ("~a . . .", ["opened!opened", "recovering", "", "resolved!resolved"]),
        ("~a ?a", ["opened!opened", "worsened!updated"]),
        ("~a -a", ["opened!opened", "worsened!updated"]),
        ("# = .", ["opened!opened", "joined", "recovering"]),
        ("-a a a a", ["opened!opened", "recovering", "", "resolved!resolved"]),
        ("-a E N . . .", ["opened!opened", "", "", "recovering", "", "resolved!resolved"]),
    ],
)
def test_data_story(story: str, expected: list[str]) -> None:
    steps = play(story, make_policy(), kind=DATA)

    assert tell_story(steps) == expected


@pytest.mark.parametrize(
    ("kind", "word", "expected"),
    [
        (DRIFT, "a", Severity.MAJOR),
        (DRIFT, "A", Severity.CRITICAL),
        (DATA, "~a", Severity.MAJOR),
        (DATA, "?a", Severity.CRITICAL),
        (DATA, "-a", Severity.CRITICAL),
        (DATA, "#", Severity.MAJOR),
    ],
)
def test_severity_follows_what_was_found(kind: IncidentKind, word: str, expected: Severity) -> None:
    incident = play([word], make_policy(), kind=kind)[-1].incident

    assert incident is not None
    assert incident.severity is expected


def test_a_replay_opens_silently_and_the_first_live_breach_tells_once() -> None:
    steps = play("a a a a a", make_policy(), silent=3)

    assert tell_story(steps) == ["opened", "", "", "told!opened", ""]
    assert steps[2].incident is not None
    assert (steps[2].incident.paged, steps[2].incident.told_at) == (True, None)
    assert steps[3].transitions[0].reason == (
        "Already open since the window of 2013-02-01, which nobody had been told."
    )


def test_what_opened_and_recovered_untold_is_never_told() -> None:
    steps = play("a . . .", make_policy(), silent=1)

    assert tell_story(steps) == ["opened", "recovering", "", "resolved"]


def test_a_rise_that_was_not_told_is_told_with_the_first_live_breach() -> None:
    before = play("a", make_policy())[-1].incident

    steps = play("A a a", make_policy(), silent=1, incident=before, first=2)

    assert tell_story(steps) == ["worsened", "told!updated", ""]


def test_a_rise_in_severity_breaks_an_acknowledgement() -> None:
    opened = play("a", make_policy())[-1].incident
    assert opened is not None
    acknowledged = replace(opened, acknowledged_by="ana", acknowledged_at=day(2).start)

    same = play("a", make_policy(), incident=acknowledged, first=2)[-1]
    worse = play("A", make_policy(), incident=acknowledged, first=2)[-1]

    assert same.incident is not None
    assert same.incident.acknowledged_by == "ana"
    assert worse.incident is not None
    assert worse.incident.acknowledged_by is None
    assert worse.transitions[0].reason == "It is critical now and was major before; ana had acknowledged it."


def test_members_remember_the_window_they_joined_and_show_the_last_breach() -> None:
    steps = play("a . Ab", make_policy())

    incident = steps[-1].incident
    assert incident is not None
    assert [(member.column, member.since, member.value) for member in incident.members] == [
        ("a", day(1).start, 0.6),
        ("b", day(3).start, 0.07),
    ]


def test_several_findings_of_a_column_make_one_member_that_shows_the_worst() -> None:
    rule = replace(drift("a"), statistic="psi", value=0.3, limit=0.25, text="psi beyond", moved_share=None)
    verdict = replace(make_verdict(1, "a"), findings=(rule, drift("a", 0.3)))

    incident = advance(
        None, verdict, make_policy(), kind=DRIFT, monitor="m", now=day(2).start, telling=True
    ).incident

    assert incident is not None
    assert [(member.statistic, member.moved_share) for member in incident.members] == [("moved_share", 0.3)]
    assert incident.members[0].text == "at least 30% of rows moved; psi beyond"


def test_windows_open_counts_judged_windows_only() -> None:
    incident = play("a a E N a .", make_policy())[-1].incident

    assert incident is not None
    assert incident.windows_open == 4


def test_a_pending_incident_that_is_dropped_has_never_opened() -> None:
    dropped = play("a .", make_policy(k=2))[-1].incident

    assert dropped is not None
    assert (dropped.state, dropped.opened_at, dropped.paged) == (IncidentState.RESOLVED, None, False)


@pytest.mark.parametrize("number", [4, 5])
def test_a_window_that_is_not_after_the_last_one_is_refused(number: int) -> None:
    incident = play("a a a a .", make_policy())[-1].incident

    with pytest.raises(ValueError, match="windows must arrive in order"):
        play("a", make_policy(), incident=incident, first=number)


def test_no_evidence_moves_the_order_on_too() -> None:
    incident = play("a E", make_policy())[-1].incident

    with pytest.raises(ValueError, match="windows must arrive in order"):
        play("a", make_policy(), incident=incident, first=2)


@pytest.mark.parametrize("kind", [IncidentKind.STALE, IncidentKind.FRESHNESS, IncidentKind.EVALUATION])
def test_other_kinds_are_not_advanced_by_findings(kind: IncidentKind) -> None:
    with pytest.raises(ValueError, match="advance_condition"):
        play("a", make_policy(), kind=kind)


def test_the_story_of_a_blizzard() -> None:
    story = ". a ab ab . E . . . -c ."
    policy = make_policy()

    drifted = play(story, policy, kind=DRIFT, first=7)
    faulty = play(story, policy, kind=DATA, first=7)

    assert tell_story(drifted) == [
        *["", "opened!opened", "joined", "", "recovering", "", "", "resolved!resolved", "", "", ""]
    ]
    assert tell_story(faulty) == [*[""] * 9, "opened!opened", "recovering"]
    over = drifted[7].incident
    assert over is not None
    assert (over.first_window, over.last_window, over.resolved_at) == (day(8), day(10), day(14).end + DELAY)


WORDS = [".", ".", ".", "a", "b", "ab", "A", "-a", "-b", "?a", "~a", "#", "=", "E", "N", "G", "P", "T"]
STORIES = st.lists(st.sampled_from(WORDS), max_size=40)
POLICIES = st.builds(
    lambda k, more, resolve_after, season: make_policy(
        k=k, of=k + more, resolve_after=resolve_after, season_days=season
    ),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 4),
    st.integers(1, 8),
)
KINDS = st.sampled_from([DRIFT, DATA])


def is_no_evidence(word: str) -> bool:
    return word in set("ENGPT")


def hides(word: str, columns: set[str | None]) -> bool:
    """Whether a word keeps one of the columns from being judged for drift."""
    return word == "=" or (word[0] in "-?" and word[1] in columns)


def is_breached(word: str, kind: IncidentKind) -> bool:
    drifted = word in {"a", "b", "ab", "A"}
    return drifted if kind is DRIFT else not (drifted or word == "." or is_no_evidence(word))


@given(STORIES, POLICIES, KINDS)
def test_nothing_resolves_without_enough_clean_windows_in_a_row(
    story: list[str], policy: Policy, kind: IncidentKind
) -> None:
    steps = play(story, policy, kind=kind)

    for place, step in enumerate(steps):
        if not any(change.kind is TransitionKind.RESOLVED for change in step.transitions):
            continue
        assert step.incident is not None
        columns = {member.column for member in step.incident.members}
        judged = [word for word in story[: place + 1] if not is_no_evidence(word)]
        since = list(takewhile(lambda word: not is_breached(word, kind), reversed(judged)))
        clean = [word for word in since if kind is DATA or not hides(word, columns)]
        assert len(clean) >= policy.resolve_after
        assert story[place] == clean[0]


@given(STORIES, POLICIES, KINDS, st.integers(0, 10))
def test_windows_without_evidence_change_nothing(
    story: list[str], policy: Policy, kind: IncidentKind, silent: int
) -> None:
    for before, word, after in zip(
        [None, *play(story, policy, kind=kind, silent=silent)],
        story,
        play(story, policy, kind=kind, silent=silent),
        strict=False,
    ):
        if not is_no_evidence(word):
            continue
        was = before.incident if before else None
        assert after.transitions == ()
        if was is not None and was.is_live:
            assert after.incident is not None
            assert replace(after.incident, seen_to=was.seen_to) == was
        else:
            assert after.incident is None


@given(STORIES, POLICIES, KINDS, st.integers(0, 40))
def test_an_incident_is_told_to_have_opened_at_most_once_and_always_when_live(
    story: list[str], policy: Policy, kind: IncidentKind, silent: int
) -> None:
    steps = play(story, policy, kind=kind, silent=silent)

    opened_live = told = 0
    for place, step in enumerate(steps):
        notices = [change.tells for change in step.transitions if change.tells]
        assert len(notices) <= 1
        assert place >= silent or not notices
        if any(change.kind is TransitionKind.OPENED for change in step.transitions):
            opened_live, told = int(place >= silent), 0
        told += notices.count(NoticeType.OPENED)
        assert told <= 1
        assert told >= opened_live or step.incident is None or not step.incident.is_open
        if NoticeType.RESOLVED in notices:
            assert told == 1
            told = opened_live = 0


@given(STORIES, POLICIES, KINDS, st.integers(0, 10))
def test_a_restart_after_every_window_changes_nothing(
    story: list[str], policy: Policy, kind: IncidentKind, silent: int
) -> None:
    straight = play(story, policy, kind=kind, silent=silent)

    kept: Incident | None = None
    for number, (word, expected) in enumerate(zip(story, straight, strict=True), start=1):
        verdict = make_verdict(number, word)
        step = advance(
            kept,
            verdict,
            policy,
            kind=kind,
            monitor="flights",
            now=verdict.window.end + DELAY,
            telling=number > silent,
        )
        assert step == expected
        kept = None if step.incident is None else decode_incident(encode_incident(step.incident), id=None)


@given(STORIES, POLICIES, KINDS)
def test_transitions_are_numbered_without_gaps_and_severity_never_falls(
    story: list[str], policy: Policy, kind: IncidentKind
) -> None:
    steps = play(story, policy, kind=kind)

    numbers = [change.seq for step in steps for change in step.transitions]
    assert all(later in {earlier + 1, 1} for earlier, later in pairwise(numbers))
    for earlier, later in pairwise(step.incident for step in steps):
        if earlier is not None and later is not None and earlier.is_live and later.seq >= earlier.seq:
            assert later.severity >= earlier.severity


@given(STORIES, POLICIES, KINDS)
def test_members_are_columns_that_were_found_and_an_incident_never_lacks_one(
    story: list[str], policy: Policy, kind: IncidentKind
) -> None:
    for step in play(story, policy, kind=kind):
        if step.incident is not None:
            keys = [member.key for member in step.incident.members]
            assert keys
            assert len(keys) == len(set(keys))
            assert {member.column for member in step.incident.members} <= {*COLUMNS, None}
