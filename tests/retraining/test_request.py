"""The retraining request: a key that never changes and the body that a trigger posts."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.incident import Incident, IncidentKind, IncidentState, Severity
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.retraining.request import RetrainRequest, build_request, make_key
from tests.support.incidents import day, make_incident

FACTS = MonitorFacts(
    id="flights",
    owner="data-platform",
    runbook="https://wiki.example.com/x",
    model="delay",
    model_version="2",
)


def make_request(incident: Incident | None = None) -> RetrainRequest:
    return build_request(
        incident or make_incident(id=7),
        FACTS,
        ("the title", "the text"),
        trigger="ci",
        reason="The drift incident has been open for 2 windows.",
        now=day(10).start,
    )


def test_the_body_of_a_request() -> None:
    body = replace(make_request(), id=3).payload()

    incident = body["data"].pop("incident")
    assert (incident["id"], incident["kind"], incident["title"]) == (7, "drift", "the title")
    assert body == {
        "type": "retrain.requested",
        "timestamp": "2013-02-10T00:00:00Z",
        "data": {
            "schema": "driftwatch.retrain/v1",
            "retrain": {"id": 3, "key": make_key(make_incident(), 1), "attempt": 1},
            "monitor": {
                "id": "flights",
                "title": None,
                "description": None,
                "owner": "data-platform",
                "runbook": "https://wiki.example.com/x",
                "model": "delay",
            },
            "model": {"name": "delay", "version": "2"},
            "window": {"start": "2013-02-08T00:00:00Z", "end": "2013-02-09T00:00:00Z"},
            "reason": "The drift incident has been open for 2 windows.",
        },
    }


def test_a_key_fits_the_fields_of_orchestrators() -> None:
    assert re.fullmatch(r"dw-[a-z2-7]{40}", make_key(make_incident(), 1))


def test_a_key_is_the_same_for_ever() -> None:
    # Made with: printf '["retrain", "flights", …, 1]' | openssl dgst -sha256 -binary | base32
    assert make_key(make_incident(), 1) == "dw-yc6ookdd7ffok2qp3crmirgiaqznkstkr7rwgk5q"


@given(st.integers(1, 9), st.sampled_from(Severity), st.sampled_from(IncidentState))
def test_a_key_does_not_change_with_the_life_of_the_incident(
    number: int, severity: Severity, state: IncidentState
) -> None:
    later = make_incident(
        id=number,
        severity=severity,
        state=state,
        last_window=day(20),
        seen_to=day(21),
        members=(),
        seq=number,
    )

    assert make_key(later, 1) == make_key(make_incident(), 1)


@pytest.mark.parametrize(
    "other",
    [
        make_incident(monitor="other"),
        make_incident(IncidentKind.STALE),
        make_incident(first_window=day(9)),
    ],
)
def test_another_incident_has_another_key(other: Incident) -> None:
    assert make_key(other, 1) != make_key(make_incident(), 1)


def test_another_attempt_has_another_key() -> None:
    assert make_key(make_incident(), 2) != make_key(make_incident(), 1)


def test_a_request_about_many_columns_fits_a_webhook() -> None:
    member = make_incident().members[0]
    wide = make_incident(members=tuple(replace(member, column=f"c{place}") for place in range(5_000)))

    body = make_request(wide).payload()

    assert len(json.dumps(body)) < 20_000
    assert body["data"]["retrain"]["key"] == make_key(wide, 1)
