from __future__ import annotations

import json
from datetime import UTC, datetime

from driftwatch.incidents.describe import build_notice
from driftwatch.incidents.notice import LARGEST_PAYLOAD, MonitorFacts
from driftwatch.jobs.messages import build_test_body, freeze_notice, read_message
from driftwatch.store.outbox import DeliveryRow, DeliveryState
from tests.support.incidents import make_policy, play

NOW = datetime(2013, 2, 2, 0, 30, tzinfo=UTC)
FACTS = MonitorFacts(id="flights", title="Flüge – „Delays“ ✈", owner="data-platform")


def row(body: str, attempts: int = 1) -> DeliveryRow:
    return DeliveryRow(
        id="01J",
        channel="oncall",
        type="incident.opened",
        body=body,
        monitor_key="flights",
        incident_id=7,
        seq=1,
        state=DeliveryState.SENDING,
        attempts=attempts,
        token=1,
        owner="me",
        claim_until=NOW,
        next_at=NOW,
        last_status=None,
        last_error=None,
        created_at=NOW,
        delivered_at=None,
    )


def test_a_frozen_notice_is_read_back_as_it_was() -> None:
    (step,) = play("a", make_policy())
    assert step.told is not None
    assert step.incident is not None
    notice = build_notice(step.told, step.incident, FACTS, NOW)

    message = read_message(row(freeze_notice(notice), attempts=3))

    assert (message.id, message.attempt) == ("01J", 3)
    assert (message.type, message.severity, message.timestamp) == ("incident.opened", "major", NOW)
    assert (message.title, message.text, message.facts) == (notice.title, notice.text, notice.facts)
    assert message.payload == notice.payload()
    assert message.title.startswith("Flüge – „Delays“ ✈: ")


def test_the_payload_is_the_contract_of_webhooks() -> None:
    (step,) = play("a", make_policy())
    assert step.told is not None
    assert step.incident is not None

    payload = read_message(row(freeze_notice(build_notice(step.told, step.incident, FACTS, NOW)))).payload

    assert (payload["type"], payload["timestamp"]) == ("incident.opened", "2013-02-02T00:30:00Z")
    assert set(payload["data"]) == {"schema", "incident", "monitor", "text", "url"}
    assert payload["data"]["schema"] == "driftwatch.notice/v1"
    assert payload["data"]["monitor"]["owner"] == "data-platform"
    assert len(json.dumps(payload)) < LARGEST_PAYLOAD


def test_a_test_message_can_be_sent_like_a_notice() -> None:
    message = read_message(row(build_test_body("on call", NOW)))

    assert (message.type, message.severity, message.timestamp) == ("delivery.test", "minor", NOW)
    assert message.facts == (("Channel", "on call"),)
    assert message.payload == {
        "type": "delivery.test",
        "timestamp": "2013-02-02T00:30:00Z",
        "data": {"schema": "driftwatch.notice/v1", "text": message.text, "url": None},
    }
