"""The notice as a webhook body, which always fits."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.describe import build_notice
from driftwatch.incidents.incident import Incident, NoticeType, Transition, TransitionKind
from driftwatch.incidents.notice import LARGEST_PAYLOAD, MonitorFacts, Notice
from tests.support.incidents import day, make_incident

OPENED = Transition(
    seq=1,
    kind=TransitionKind.OPENED,
    reason="It opened.",
    tells=NoticeType.OPENED,
    at=day(9).start,
    window=day(8),
)
FACTS = MonitorFacts(id="flight-delays", owner="data-platform", runbook="https://wiki.example.com/x")


def make_notice(incident: Incident | None = None, facts: MonitorFacts = FACTS) -> Notice:
    return build_notice(OPENED, incident or make_incident(id=7), facts, day(9).start)


def make_wide(count: int, *, name: str = "column", text: str = "") -> Incident:
    member = make_incident().members[0]
    members = tuple(
        replace(member, column=f"{name}{place}", moved_share=place / count, text=text)
        for place in range(1, count + 1)
    )
    return make_incident(members=members)


def measure(body: dict[str, Any]) -> int:
    return max(
        len(json.dumps(body)), len(json.dumps(body, ensure_ascii=False).encode(errors="surrogatepass"))
    )


def test_the_body_of_a_webhook() -> None:
    body = make_notice().payload()

    assert list(body) == ["type", "timestamp", "data"]
    assert (body["type"], body["timestamp"]) == ("incident.opened", "2013-02-09T00:00:00Z")
    assert list(body["data"]) == ["schema", "incident", "monitor", "text", "url"]
    assert body["data"]["schema"] == "driftwatch.notice/v1"
    assert body["data"]["incident"]["id"] == 7
    assert body["data"]["incident"]["columns"][0]["column"] == "dep_delay"
    assert body["data"]["monitor"] == {
        "id": "flight-delays",
        "title": None,
        "description": None,
        "owner": "data-platform",
        "runbook": "https://wiki.example.com/x",
        "model": None,
    }
    assert body["data"]["text"] == body["data"]["incident"]["text"]
    assert body["data"]["url"] is None
    assert "columns_left_out" not in body["data"]["incident"]


def test_of_many_columns_those_that_changed_most_are_kept_and_the_rest_is_counted() -> None:
    body = make_notice(make_wide(2_000, text="at least 7 % of the rows have moved")).payload()

    incident = body["data"]["incident"]
    assert measure(body) < LARGEST_PAYLOAD
    assert len(incident["columns"]) + incident["columns_left_out"] == 2_000
    assert len(incident["columns"]) >= 30
    assert incident["columns"][0]["column"] == "column2000"


def test_a_body_is_not_changed_when_it_fits() -> None:
    notice = make_notice(make_wide(20))

    assert len(notice.payload()["data"]["incident"]["columns"]) == 20
    assert notice.payload()["data"]["monitor"] == notice.monitor


@given(
    st.integers(1, 60),
    st.text(min_size=1, max_size=5) | st.just("\U0001f4a5"),
    st.integers(1, 6_000),
    st.text(max_size=20),
)
def test_a_body_always_fits(count: int, name: str, length: int, text: str) -> None:
    long = name * length
    facts = MonitorFacts(id=long[:191], title=long, owner=long, runbook=long, model=long, retraining=long)

    body = make_notice(make_wide(count, name=long, text=text * length), facts).payload()

    assert measure(body) < LARGEST_PAYLOAD


def test_what_is_left_out_of_the_body_stays_in_the_notice() -> None:
    notice = make_notice(make_wide(2_000))

    notice.payload()

    assert len(notice.incident["columns"]) == 2_000
