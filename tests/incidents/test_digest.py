"""What the weekly digest of a monitor in shadow mode says."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from driftwatch.incidents.digest import Digest, Telling, build_digest
from driftwatch.incidents.incident import Incident, IncidentState, NoticeType, Severity
from driftwatch.incidents.notice import LARGEST_PAYLOAD, MonitorFacts
from tests.support.incidents import day, make_incident

FACTS = MonitorFacts(id="flight-delays", title="Flight delays", owner="data-platform", shadow=True)
SINCE, UNTIL = day(4).start + timedelta(hours=8), day(11).start + timedelta(hours=8)
OVER = make_incident(id=7, state=IncidentState.RESOLVED)
OPEN = make_incident(id=8, severity=Severity.CRITICAL)


def telling(
    incident: Incident, number: int, kind: NoticeType = NoticeType.OPENED, reason: str = "dep_delay moved."
) -> Telling:
    return Telling(incident=incident, type=kind, at=day(number).start, reason=reason)


def build(*tellings: Telling, still_open: tuple[Incident, ...] = (), facts: MonitorFacts = FACTS) -> Digest:
    return build_digest(tellings, still_open, facts, since=SINCE, until=UNTIL)


def test_it_says_how_often_of_what_and_that_nobody_was_told() -> None:
    digest = build(
        telling(OVER, 5),
        telling(OPEN, 9),
        telling(OPEN, 10, NoticeType.UPDATED, "It is critical now and was major before."),
        still_open=(OPEN,),
    )

    assert digest.title == "Flight delays would have paged 3 times"
    assert digest.text == (
        "From 2013-02-04 08:00 UTC to 2013-02-11 08:00 UTC Flight delays would have paged 3 times. "
        "It is in shadow mode: nobody was told.\n"
        "- 2013-02-05 00:00 UTC: incident 7 opened: dep_delay looks different\n"
        "- 2013-02-09 00:00 UTC: incident 8 opened: dep_delay looks different\n"
        "- 2013-02-10 00:00 UTC: incident 8 updated: It is critical now and was major before.\n"
        "Open now: incident 8 (critical).\n"
        "`driftwatch incident show` has the words of each. With `mode: live` people are told as it happens, "
        "and of what is still open then."
    )
    assert digest.facts == (
        ("Monitor", "Flight delays (flight-delays)"),
        ("Would have paged", "3 times"),
        ("Incidents", "7 and 8"),
        ("Open now", "8"),
        ("Mode", "shadow: nobody was told"),
        ("Owner", "data-platform"),
    )


def test_a_week_without_a_page_says_so() -> None:
    digest = build()

    assert digest.title == "Flight delays would have paged nobody"
    assert digest.text == (
        "From 2013-02-04 08:00 UTC to 2013-02-11 08:00 UTC Flight delays would have paged nobody. "
        "It is in shadow mode: nobody was told.\n"
        "Nothing is open now."
    )


def test_one_page_is_one_time() -> None:
    assert build(telling(OVER, 5)).title == "Flight delays would have paged 1 time"


def test_of_many_the_last_are_shown_and_the_others_counted() -> None:
    digest = build(*(telling(OVER, number) for number in range(1, 15)))

    lines = digest.text.splitlines()
    assert "would have paged 14 times" in lines[0]
    assert lines[1] == "The last 10 of them; 4 earlier ones left out:"
    assert len([line for line in lines if line.startswith("- ")]) == 10
    assert lines[2].startswith("- 2013-02-05")


def test_what_a_webhook_receives() -> None:
    payload = build(telling(OVER, 5), still_open=(OPEN,)).payload()

    assert (payload["type"], payload["timestamp"]) == ("digest", "2013-02-11T08:00:00Z")
    data = payload["data"]
    assert {name: data[name] for name in data if name not in {"monitor", "text"}} == {
        "schema": "driftwatch.digest/v1",
        "since": "2013-02-04T08:00:00Z",
        "until": "2013-02-11T08:00:00Z",
        "would_have_paged": 1,
        "tellings": [
            {
                "at": "2013-02-05T00:00:00Z",
                "type": "incident.opened",
                "incident": 7,
                "kind": "drift",
                "severity": "major",
                "title": "dep_delay looks different",
                "reason": "dep_delay moved.",
            }
        ],
        "tellings_left_out": 0,
        "open_incidents": [8],
        "url": None,
    }
    assert data["monitor"]["id"] == "flight-delays"


@pytest.mark.parametrize("letter", ["x", "✈", "é"])
def test_it_stays_small_whatever_it_holds(letter: str) -> None:
    facts = MonitorFacts(
        id="m", title=letter * 5000, description=letter * 50_000, owner=letter * 5000, runbook=letter * 5000
    )

    payload = build(*(telling(OVER, 5, reason=letter * 5000) for _ in range(400)), facts=facts).payload()

    assert len(json.dumps(payload)) < LARGEST_PAYLOAD
    kept = payload["data"]["tellings"]
    assert len(kept) + payload["data"]["tellings_left_out"] == payload["data"]["would_have_paged"] == 400


def test_many_open_incidents_do_not_make_it_large() -> None:
    payload = build(
        still_open=tuple(make_incident(id=number) for number in range(10**6, 10**6 + 50))
    ).payload()

    assert len(json.dumps(payload)) < LARGEST_PAYLOAD
