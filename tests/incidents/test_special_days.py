"""What is found on a special day is at most minor, but for what no feast explains."""

from __future__ import annotations

from dataclasses import replace

import pytest

from driftwatch.incidents.axis import DATA_KINDS, read_axis
from driftwatch.incidents.describe import describe_incident
from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.incident import IncidentKind, Severity
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.incidents.special_days import excuse_findings
from tests.support.incidents import drift, make_incident, make_verdict

STAYS = {FindingKind.COLUMN_MISSING, FindingKind.TYPE_CHANGED, FindingKind.EVALUATION}


def finding(kind: FindingKind) -> Finding:
    return replace(drift("a", 0.9), kind=kind, again=True)


@pytest.mark.parametrize("kind", sorted(set(FindingKind) - STAYS))
def test_it_is_minor_and_names_the_day(kind: FindingKind) -> None:
    (excused,) = excuse_findings([finding(kind)], "Thanksgiving")

    assert (excused.minor, excused.again) == (True, False)
    assert excused.text == "at least 90% of rows moved; it is Thanksgiving"
    assert excused.plain == "it is Thanksgiving"
    assert replace(excused, minor=False, again=True, text=finding(kind).text, plain=None) == finding(kind)


@pytest.mark.parametrize("kind", sorted(STAYS))
def test_what_no_feast_explains_stays_what_it_is(kind: FindingKind) -> None:
    assert excuse_findings([finding(kind)], "Thanksgiving") == (finding(kind),)


def test_an_incident_of_a_special_day_is_minor_and_says_why() -> None:
    verdict = make_verdict(8, "A")
    excused = replace(verdict, findings=excuse_findings(verdict.findings, "Thanksgiving"))

    sight = read_axis(excused, IncidentKind.DRIFT, ())

    assert sight is not None
    assert sight.severity is Severity.MINOR
    incident = make_incident(members=sight.breached, severity=sight.severity, paged=False)
    _, text = describe_incident(incident, MonitorFacts(id="flights"))
    assert text.splitlines()[0] == (
        "The data of flights is not quite like its reference: a (it is Thanksgiving)."
    )


def test_a_column_that_vanishes_on_a_special_day_is_critical() -> None:
    verdict = make_verdict(8, "-a")
    excused = replace(verdict, findings=excuse_findings(verdict.findings, "Thanksgiving"))

    sight = read_axis(excused, IncidentKind.DATA, ())

    assert FindingKind.COLUMN_MISSING in DATA_KINDS
    assert sight is not None
    assert sight.severity is Severity.CRITICAL
