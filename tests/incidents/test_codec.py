"""What a store keeps of an incident gives the same incident back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.codec import decode_incident, encode_incident
from driftwatch.incidents.incident import (
    Hold,
    Incident,
    IncidentKind,
    IncidentState,
    Label,
    Member,
    Severity,
)
from driftwatch.profiles.window import Window
from tests.support.incidents import make_incident

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
WINDOWS = st.builds(
    lambda start, hours: Window(start=start, end=start + timedelta(hours=hours)), MOMENTS, st.integers(1, 200)
)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
MEMBERS = st.builds(
    Member,
    column=st.none() | st.text(),
    about=st.text(),
    since=MOMENTS,
    statistic=st.text(),
    value=NUMBERS,
    limit=NUMBERS,
    text=st.text(),
    moved_share=NUMBERS,
    clean=st.integers(0, 100),
    minor=st.booleans(),
    base=st.none() | MOMENTS,
)
HOLDS = st.builds(
    Hold, column=st.none() | st.text(), about=st.text(), since=MOMENTS, until=st.none() | MOMENTS
)
INCIDENTS = st.builds(
    Incident,
    id=st.none() | st.integers(1),
    monitor=st.text(),
    kind=st.sampled_from(IncidentKind),
    state=st.sampled_from(IncidentState),
    severity=st.sampled_from(Severity),
    members=st.lists(MEMBERS, max_size=4).map(tuple),
    first_window=WINDOWS,
    last_window=WINDOWS,
    seen_to=WINDOWS,
    opened_at=st.none() | MOMENTS,
    resolved_at=st.none() | MOMENTS,
    resolved_by=st.none() | st.text(),
    resolved_why=st.none() | st.text(),
    recent=st.lists(st.booleans(), max_size=5).map(tuple),
    clean=st.integers(0, 100),
    windows_open=st.integers(0, 10_000),
    paged=st.booleans(),
    told_at=st.none() | MOMENTS,
    told_severity=st.none() | st.sampled_from(Severity),
    unsent_at=st.none() | MOMENTS,
    unsent_severity=st.none() | st.sampled_from(Severity),
    acknowledged_by=st.none() | st.text(),
    acknowledged_at=st.none() | MOMENTS,
    label=st.none() | st.sampled_from(Label),
    labelled_by=st.none() | st.text(),
    labelled_at=st.none() | MOMENTS,
    left=st.lists(HOLDS, max_size=3).map(tuple),
    seq=st.integers(0, 10_000),
)

NEW = frozenset({"label", "labelled_by", "labelled_at", "left", "unsent_at", "unsent_severity"})
"""What the first release did not know yet."""


@given(INCIDENTS)
def test_an_incident_comes_back_from_its_json(incident: Incident) -> None:
    text = json.dumps(encode_incident(incident), allow_nan=False)

    assert decode_incident(json.loads(text), id=incident.id) == incident


def test_enumerations_come_back_as_themselves() -> None:
    incident = make_incident(told_severity=Severity.MAJOR)

    restored = decode_incident(json.loads(json.dumps(encode_incident(incident))), id=3)

    assert restored.id == 3
    assert restored.kind is IncidentKind.DRIFT
    assert restored.state is IncidentState.OPEN
    assert restored.severity is Severity.MAJOR
    assert restored.told_severity is Severity.MAJOR


def test_a_document_of_the_first_release_is_read() -> None:
    incident = make_incident()
    document = encode_incident(incident)
    first = {name: value for name, value in document.items() if name not in NEW}
    first["members"] = [
        {name: value for name, value in member.items() if name not in {"minor", "base"}}
        for member in document["members"]
    ]

    assert len(first) == len(document) - len(NEW)
    assert decode_incident(json.loads(json.dumps(first)), id=None) == incident


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_another_version_is_refused_by_name(version: object) -> None:
    document = encode_incident(make_incident()) | {"version": version}

    with pytest.raises(ValueError, match=r"has version .*, this release reads 1"):
        decode_incident(document, id=1)
