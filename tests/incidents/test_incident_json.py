"""The JSON that lists an incident."""

from __future__ import annotations

import json
from dataclasses import replace

from driftwatch.incidents.incident import IncidentState
from driftwatch.incidents.incident_json import build_incident_json
from tests.support.incidents import DELAY, day, make_incident, make_policy, play


def test_json_has_the_shape_of_incidents_v1() -> None:
    incident = make_incident(id=7)

    document = build_incident_json(incident, "the title", "the text")

    assert document == {
        "id": 7,
        "monitor": "flights",
        "kind": "drift",
        "severity": "major",
        "state": "open",
        "title": "the title",
        "text": "the text",
        "first_window": "2013-02-08T00:00:00Z",
        "last_window": "2013-02-08T00:00:00Z",
        "opened_at": "2013-02-09T00:30:00Z",
        "resolved_at": None,
        "resolved_by": None,
        "paged": True,
        "told_at": None,
        "acknowledged_by": None,
        "acknowledged_at": None,
        "acknowledged_until": None,
        "snoozed_by": None,
        "snoozed_until": None,
        "assigned_to": None,
        "label": None,
        "labelled_by": None,
        "labelled_at": None,
        "windows_open": 1,
        "markers": [],
        "slice": None,
        "columns": [
            {
                "column": "dep_delay",
                "since": "2013-02-08T00:00:00Z",
                "statistic": "moved_share",
                "value": 0.2,
                "limit": 0.02,
                "about": "drift",
                "minor": False,
                "moved_share": 0.2,
                "text": "at least 20 % of rows moved",
            }
        ],
    }
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_json_lists_the_biggest_change_first_and_when_each_column_joined() -> None:
    incident = play("a A . b", make_policy())[-1].incident
    assert incident is not None

    columns = build_incident_json(incident, "", "")["columns"]

    assert [(column["column"], column["since"]) for column in columns] == [
        ("a", "2013-02-01T00:00:00Z"),
        ("b", "2013-02-04T00:00:00Z"),
    ]


def test_a_resolved_incident_says_when_and_its_last_window_is_the_last_breached_one() -> None:
    incident = play("a a . . .", make_policy())[-1].incident
    assert incident is not None

    document = build_incident_json(incident, "", "")

    assert incident.state is IncidentState.RESOLVED
    assert incident.seen_to == day(5)
    assert (document["state"], document["last_window"], document["resolved_at"]) == (
        "resolved",
        "2013-02-02T00:00:00Z",
        "2013-02-06T00:30:00Z",
    )
    assert incident.resolved_at == day(5).end + DELAY


def test_what_is_important_comes_before_what_moved_more() -> None:
    policy = replace(make_policy(), importance={"b": 10.0, "c": 0.0})
    incident = play("Abc", policy)[-1].incident
    assert incident is not None

    columns = build_incident_json(incident, "", "")["columns"]

    shares = {one["column"]: one["moved_share"] for one in columns}
    assert shares["b"] < shares["a"] < 10 * shares["b"]
    assert [one["column"] for one in columns] == ["b", "a", "c"]
