from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from driftwatch.channels import CHANNELS, Message
from driftwatch.channels.heartbeat import HEARTBEAT, Heartbeat
from driftwatch.config.values import VALUES, Key
from driftwatch.net.secrets import Secret
from tests.support.receiver import answer, drip_headers, serve

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BEAT = Message(
    id="01J", type="heartbeat", timestamp=NOW, severity="minor", title="driftwatch: heartbeat", text="Alive."
)


def build(url: str, seconds: float = 5) -> Heartbeat:
    return Heartbeat(url=Secret.of_text(url), timeout=timedelta(seconds=seconds))


def test_the_address_is_asked_for_and_nothing_is_said_there() -> None:
    with serve(answer(200)) as watcher:
        outcome = build(f"{watcher.url}/ping/canary").send(BEAT, NOW)

    (request,) = watcher.requests
    assert outcome.delivered
    assert (request.method, request.path, request.body) == ("GET", "/ping/canary", b"")


def test_a_watcher_that_does_not_answer_is_left_at_the_deadline() -> None:
    with serve(drip_headers) as watcher:
        outcome = build(f"{watcher.url}/ping/canary", 0.3).send(BEAT, NOW)

    assert (outcome.delivered, outcome.again) == (False, True)
    assert "canary" not in str(outcome)


def test_an_address_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(ValueError, match="address"):
        build("watcher")


def test_no_channel_of_a_configuration_can_take_its_name() -> None:
    assert HEARTBEAT not in CHANNELS
    with pytest.raises(ValueError, match="wants a name"):
        VALUES[Key](HEARTBEAT)
