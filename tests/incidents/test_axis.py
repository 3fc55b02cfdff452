"""Which windows are evidence, and for which members."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest

from driftwatch.incidents.axis import DATA_KINDS, read_axis
from driftwatch.incidents.finding import FindingKind
from driftwatch.incidents.incident import IncidentKind, Member, Severity
from driftwatch.statistics.catalogue import Statistic
from tests.support.incidents import day, drift, make_verdict


def member(column: str) -> Member:
    return Member(
        column=column,
        about="drift",
        since=day(1).start,
        statistic="ks",
        value=None,
        limit=None,
        text="",
    )


@pytest.mark.parametrize("word", list("ENGPT"))
@pytest.mark.parametrize("kind", [IncidentKind.DRIFT, IncidentKind.DATA])
def test_a_window_that_was_not_judged_is_no_evidence(word: str, kind: IncidentKind) -> None:
    assert read_axis(make_verdict(1, word), kind, [member("a")]) is None


def test_findings_of_an_unjudged_window_are_no_evidence_either() -> None:
    verdict = replace(make_verdict(1, "T"), findings=(drift("a"),))

    assert read_axis(verdict, IncidentKind.DRIFT, []) is None


@pytest.mark.parametrize(
    ("word", "calm"),
    [
        *[(".", True), ("b", True), ("-b", True), ("#", True)],
        *[("a", False), ("-a", False), ("?a", False), ("~a", False), ("=", False)],
    ],
)
def test_a_member_is_clean_for_drift_only_where_it_was_judged(word: str, calm: bool) -> None:
    sight = read_axis(make_verdict(1, word), IncidentKind.DRIFT, [member("a")])

    assert sight is not None
    assert (member("a").key in sight.calm) is calm


def test_a_column_whose_type_changed_was_not_judged() -> None:
    clean = make_verdict(1, "-a")
    changed = replace(
        clean,
        findings=(replace(clean.findings[0], kind=FindingKind.TYPE_CHANGED),),
        statistics=make_verdict(1, ".").statistics,
    )

    sight = read_axis(changed, IncidentKind.DRIFT, [member("a")])

    assert sight is not None
    assert sight.calm == frozenset()


def test_a_column_without_statistics_was_not_judged() -> None:
    sight = read_axis(make_verdict(1, "."), IncidentKind.DRIFT, [member("gone")])

    assert sight is not None
    assert sight.calm == frozenset()


def test_a_column_that_is_all_missing_was_not_judged_even_without_a_finding() -> None:
    verdict = replace(make_verdict(1, "."), statistics={"a": {"missing_share": Statistic(value=1.0)}})

    sight = read_axis(verdict, IncidentKind.DRIFT, [member("a")])

    assert sight is not None
    assert sight.calm == frozenset()


def test_a_column_that_is_mostly_missing_as_it_always_was_is_judged() -> None:
    verdict = replace(make_verdict(1, "."), statistics={"a": {"missing_share": Statistic(value=0.8)}})

    sight = read_axis(verdict, IncidentKind.DRIFT, [member("a")])

    assert sight is not None
    assert sight.calm == {member("a").key}


def test_every_data_finding_belongs_to_the_data_axis() -> None:
    others = {FindingKind.DRIFT, FindingKind.EVALUATION}

    assert set(FindingKind) - others == DATA_KINDS


@pytest.mark.parametrize("value", [inf, -inf, nan])
def test_numbers_that_json_cannot_carry_become_unknown(value: float) -> None:
    finding = replace(drift("a"), value=value, limit=value, moved_share=value)

    sight = read_axis(replace(make_verdict(1, "a"), findings=(finding,)), IncidentKind.DRIFT, [])

    assert sight is not None
    found = sight.breached[0]
    assert (found.value, found.limit, found.moved_share) == (None, None, None)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.49, Severity.MAJOR), (0.5, Severity.CRITICAL), (0.9, Severity.CRITICAL)]
)
def test_half_of_the_rows_of_a_column_is_critical(share: float, expected: Severity) -> None:
    verdict = replace(make_verdict(1, "a"), findings=(drift("a", share),))

    sight = read_axis(verdict, IncidentKind.DRIFT, [])

    assert sight is not None
    assert sight.severity is expected


def test_half_of_the_rows_without_a_column_is_not_critical() -> None:
    repeated = replace(drift("a", 0.9), column=None, kind=FindingKind.REPEATED_KEYS)
    verdict = replace(make_verdict(1, "a"), findings=(repeated,))

    sight = read_axis(verdict, IncidentKind.DATA, [])

    assert sight is not None
    assert sight.severity is Severity.MAJOR
