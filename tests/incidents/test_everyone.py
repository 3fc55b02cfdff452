"""What an incident says to people who read no statistics, of every kind and however little is known."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.by_hand import acknowledge
from driftwatch.incidents.everyone import tell_everyone
from driftwatch.incidents.finding import FindingKind
from driftwatch.incidents.incident import (
    Incident,
    IncidentKind,
    IncidentState,
    Label,
    Member,
    Severity,
)
from driftwatch.incidents.naming import GIVEN_UP
from driftwatch.incidents.notice import MonitorFacts
from tests.support.hostile import HOSTILE, find_controls
from tests.support.incidents import day, make_incident, make_policy, play

FACTS = MonitorFacts(id="credit", title="Credit risk", model="scoring", model_version="7")

# Names of statistics and words that one has to have learned.
JARGON = re.compile(
    r"\b(psi|ks|d|p-value|p value|moved_share|missing_share|unseen_share|range_share|share_change|"
    r"repeated_share|chi|jensen|hellinger|wasserstein|quantile|median|deviation|significan\w+|sigma|"
    r"distribution|calibrat\w+|late_hours|age_days)\b",
    re.IGNORECASE,
)
HOLES = re.compile(r"\b(nan|None|inf|null|unknown)\b|\b1 (windows|days|hours|rows)\b|\{|\}|  | \.|\.\.")

_SHARES = st.none() | st.floats(0, 1)
_ABOUT = {
    IncidentKind.DRIFT: ["drift"],
    IncidentKind.DATA: [kind.value for kind in FindingKind if kind not in {"drift", "evaluation"}],
    IncidentKind.FRESHNESS: ["freshness"],
    IncidentKind.STALE: ["stale"],
    IncidentKind.EVALUATION: ["evaluation", GIVEN_UP],
}
_STATISTICS = ["moved_share", "psi", "missing_share", "ks", "volume", "late_hours", "age_days"]


@st.composite
def incidents(draw: st.DrawFn) -> Incident:
    kind = draw(st.sampled_from(IncidentKind))
    members = tuple(
        Member(
            column=f"column_{place}" if kind in {IncidentKind.DRIFT, IncidentKind.DATA} else None,
            about=draw(st.sampled_from(_ABOUT[kind])),
            since=day(draw(st.integers(1, 9))).start,
            statistic=draw(st.sampled_from(_STATISTICS)),
            value=draw(st.none() | st.floats(0, 500)),
            limit=draw(st.none() | st.floats(0.001, 500)),
            text="the server did not answer",
            plain=draw(st.none() | st.just("typical values moved from 41,000 to 36,000")),
            moved_share=draw(_SHARES),
            minor=draw(st.booleans()),
        )
        for place in range(draw(st.integers(1, 12)))
    )
    first = draw(st.integers(1, 9))
    last = draw(st.integers(first, 20))
    return make_incident(
        kind,
        members=members,
        state=draw(st.sampled_from(IncidentState)),
        severity=draw(st.sampled_from(Severity)),
        first_window=day(first),
        last_window=day(last),
        seen_to=day(last),
        streak=draw(st.integers(0, last - first + 1)),
        clean=draw(st.integers(0, 3)),
        flapping=draw(st.booleans()),
        label=draw(st.none() | st.sampled_from(Label)),
        labelled_by="Ana",
        assigned_to=draw(st.none() | st.just("Ben")),
        snoozed_by=draw(st.none() | st.just("Ben")),
        snoozed_until=day(last).end,
    )


@st.composite
def facts(draw: st.DrawFn) -> MonitorFacts:
    return MonitorFacts(
        id="credit",
        title=draw(st.none() | st.just("Credit risk")),
        owner=draw(st.none() | st.just("risk")),
        model=draw(st.none() | st.just("scoring")),
        model_version=draw(st.none() | st.just("7")),
        retraining=draw(st.none() | st.just("Retraining is asked for when it has been open for 2 windows.")),
        resolve_after=draw(st.integers(1, 5)),
        shadow=draw(st.booleans()),
    )


@given(incidents(), facts())
def test_no_statistic_no_hole_and_not_too_long(incident: Incident, about: MonitorFacts) -> None:
    paragraphs = tell_everyone(incident, about)

    text = "\n".join(paragraphs)
    assert not JARGON.search(text), text
    assert not HOLES.search(text), text
    assert len(text) <= 4_000
    assert 2 <= len(paragraphs) <= 6
    assert all(paragraph.endswith((".", "…")) for paragraph in paragraphs)


@given(incidents(), facts())
def test_what_it_means_who_has_it_and_what_follows_is_always_said(
    incident: Incident, about: MonitorFacts
) -> None:
    text = " ".join(tell_everyone(incident, about))

    if incident.state is IncidentState.RESOLVED:
        assert "If it comes back, a new incident opens." in text
        return
    assert re.search("not known|not proof|nothing is known", text)
    assert re.search("taken it up|has it|snoozed it|nobody is told|Nobody is told", text)
    assert ("If nothing is done: " in text) == (incident.state is not IncidentState.RECOVERING)
    if incident.kind is IncidentKind.DRIFT:
        assert re.search("Retraining is|No retraining is", text)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_out_of_its_sentence(name: str) -> None:
    member = replace(make_incident().members[0], column=name, plain=f"`{name}` is in about half of the rows")
    about = MonitorFacts(id=name, title=name, model=name, model_version=name)
    taken = acknowledge(make_incident(members=(member,)), name, day(9).start).incident
    assert taken is not None

    paragraphs = tell_everyone(taken, about)

    assert len(paragraphs) == len(tell_everyone(make_incident(), FACTS))
    assert [find_controls(line, allowed="") for line in paragraphs if find_controls(line, allowed="")] == []


def test_drift_of_numbers_word_by_word() -> None:
    plain = (
        "typical values moved from 41,000 to 36,000; values up to 30,000 are in about 1 in 5 rows now, and "
        "used to "
        "be in about 1 in 20 rows"
    )
    (*_, step) = play("a a a", make_policy(), first=5)
    assert step.incident is not None
    member = replace(step.incident.members[0], column="income", plain=plain, moved_share=0.14)
    taken = acknowledge(
        replace(step.incident, members=(member,)), "Ana", day(7).end + timedelta(hours=14, minutes=12)
    ).incident
    assert taken is not None

    assert tell_everyone(taken, FACTS) == (
        (
            "The data of Credit risk, which the model scoring works with, looks different from its "
            "reference, "
            "the "
            "earlier data it is compared with. The biggest change is in income: typical values moved from "
            "41,000 "
            "to "
            "36,000; values up to 30,000 are in about 1 in 5 rows now, and used to be in about 1 in 20 rows. "
            "In "
            "all, "
            "at least 14 % of the rows have moved (about 1 in 7)."
        ),
        (
            "It began in the window of 2013-02-05; the last window that shows it is 2013-02-07, the third in "
            "a "
            "row."
        ),
        (
            "Predictions may be less reliable until somebody has looked. Drift is not proof of worse "
            "predictions: "
            "whether the model does worse is not known."
        ),
        "Ana is looking at it (since 2013-02-08 14:12 UTC).",
        (
            "If nothing is done: the model scoring 7 goes on with data like this. The incident ends by "
            "itself after 3 clean windows in a row. Retraining is not started automatically."
        ),
    )


def test_faulty_data_of_a_monitor_of_which_nothing_is_known() -> None:
    member = replace(
        make_incident().members[0],
        about="missing",
        statistic="missing_share",
        value=0.2,
        plain="20 % of the rows have no value in income, against none in the reference",
    )
    incident = make_incident(IncidentKind.DATA, members=(member,))

    first, *_, last = tell_everyone(incident, MonitorFacts(id="credit"))

    assert first == (
        "The data of credit is not as it should be: 20 % of the rows have no value in income, against none "
        "in "
        "the reference (that is about 1 in 5 rows)."
    )
    assert last == (
        "If nothing is done: what uses credit goes on with faulty data. The incident ends by itself after "
        "3 clean windows in a row."
    )


def test_a_fault_of_several_columns_is_told_once_and_another_one_beside_it() -> None:
    member = replace(make_incident().members[0], about="missing", statistic="missing_share", minor=False)
    columns = [
        replace(member, column=name, value=share, moved_share=None, plain=f"{share:.0%} have no {name}")
        for name, share in (("a", 0.5), ("b", 0.4), ("c", 0.3), ("d", 0.25), ("e", 0.2))
    ]
    other = replace(
        member, column="f", about="unseen", statistic="unseen_share", value=0.01, limit=0.001, plain="new f"
    )
    incident = make_incident(IncidentKind.DATA, members=(*columns, other))

    first = tell_everyone(incident, MonitorFacts(id="credit"))[0]

    assert first == (
        "The data of credit is not as it should be: new f (that is about 1 in 100 rows); "
        "50% have no a (that is about half of the rows), and the same in b, c, d and 1 more."
    )


def test_a_clean_window_ends_the_row_and_one_without_evidence_does_not() -> None:
    def count(story: str) -> int:
        incident = play(story, make_policy())[-1].incident
        assert incident is not None
        return incident.streak

    assert [count(story) for story in ("a", "a a", "a E N a", "a . a", "a a .", "a . a a")] == [
        1,
        2,
        2,
        1,
        0,
        2,
    ]
