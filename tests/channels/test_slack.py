from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from driftwatch.channels.contract import Message
from driftwatch.channels.slack import Slack
from driftwatch.channels.slack_layout import build_slack_message
from driftwatch.net.secrets import Secret
from tests.support.receiver import Behaviour, answer, drip_body, lie_about_length, never_answer, serve

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MESSAGE = Message(
    id="01J",
    type="incident.opened",
    timestamp=NOW,
    severity="major",
    title="dep_delay drifted",
    text="It moved.",
)


def send_to(behaviour: Behaviour, seconds: float = 20) -> tuple[object, ...]:
    with serve(behaviour) as receiver:
        slack = Slack(url=Secret.of_text(f"{receiver.url}/x"), timeout=timedelta(seconds=seconds))
        outcome = slack.send(MESSAGE, NOW)
    return outcome.delivered, outcome.again, outcome.status, outcome.error


def test_a_notice_is_posted_as_blocks_and_delivered_when_slack_says_ok() -> None:
    with serve(answer(200, body=b"ok")) as receiver:
        outcome = Slack(url=Secret.of_text(f"{receiver.url}/services/T/B/X")).send(MESSAGE, NOW)

    (received,) = receiver.requests
    assert outcome.delivered
    assert outcome.error is None
    assert (received.method, received.path) == ("POST", "/services/T/B/X")
    assert received.headers["content-type"] == "application/json"
    assert json.loads(received.body) == build_slack_message(MESSAGE)


def test_a_200_without_ok_is_no_delivery() -> None:
    delivered, again, status, error = send_to(answer(200, body=b"<html>Please log in</html>"))

    assert (delivered, again, status) == (False, False, 200)
    assert str(error).startswith("unexpected_answer: ")


@pytest.mark.parametrize("behaviour", [drip_body({}), lie_about_length])
def test_a_200_that_does_not_end_is_tried_again(behaviour: Behaviour) -> None:
    delivered, again, status, error = send_to(behaviour, 0.3)

    assert (delivered, again, status) == (False, True, 200)
    assert str(error).startswith("timeout: ")


@pytest.mark.parametrize(
    ("status", "body", "again", "words"),
    [
        (400, b"invalid_payload", False, "slack says invalid_payload"),
        (403, b"action_prohibited", False, "slack says action_prohibited"),
        (404, b"no_service", False, "slack says no_service"),
        (410, b"channel_is_archived", False, "slack says channel_is_archived"),
        (500, b"rollup_error\n", True, "slack says rollup_error"),
        (404, b"canary", False, "does not accept the request"),
        (302, b"", False, "redirects are not followed"),
        (503, b"", True, "cannot answer now"),
    ],
)
def test_every_refusal_has_its_outcome(status: int, body: bytes, again: bool, words: str) -> None:
    found = send_to(answer(status, body=body))

    assert found[:3] == (False, again, status)
    assert words in str(found[3])
    assert "canary" not in str(found[3])


def test_slack_is_left_alone_for_as_long_as_it_asks() -> None:
    body = b'{"ok":false,"error":"rate_limited","retry_after":30}'
    with serve(answer(429, {"Retry-After": "30"}, body)) as receiver:
        outcome = Slack(url=Secret.of_text(receiver.url)).send(MESSAGE, NOW)

    assert (outcome.delivered, outcome.again, outcome.retry_after) == (False, True, timedelta(seconds=30))


def test_a_silent_slack_is_tried_again() -> None:
    assert send_to(never_answer, 0.2)[:3] == (False, True, None)


@pytest.mark.parametrize("status", [200, 302, 404, 410, 429, 500])
def test_the_address_is_a_secret_and_never_told(status: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serve(answer(status, body=b"/services/canary")) as receiver:
        slack = Slack(url=Secret.of_text(f"{receiver.url}/services/canary"))
        outcome = slack.send(MESSAGE, NOW)

    assert "canary" not in " ".join([repr(slack), repr(outcome), caplog.text])


def test_an_address_that_is_none_is_refused_without_being_repeated() -> None:
    with pytest.raises(ValueError, match="http:// or https://") as raised:
        Slack(url=Secret.of_text("canary"))

    assert "canary" not in str(raised.value)
