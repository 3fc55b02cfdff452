from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from standardwebhooks import Webhook as ReferenceWebhook

from driftwatch.channels.contract import Message
from driftwatch.channels.webhook import Webhook
from driftwatch.net.secrets import Secret
from driftwatch.net.signing import generate_secret
from tests.support.receiver import answer, answer_in_turn, never_answer, serve

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = generate_secret()
MESSAGE = Message(
    id="01JNB2M3Q4R5S6T7V8W9X0Y1Z2",
    type="incident.opened",
    timestamp=datetime(2013, 2, 10, 0, 31, 7, tzinfo=UTC),
    severity="major",
    title="dep_delay has drifted",
    text="About 1 in 5 rows moved.",
    payload={"type": "incident.opened", "timestamp": "2013-02-10T00:31:07Z", "data": {"text": "1 % – ä"}},
)


def build_webhook(url: str, secret: str = SECRET) -> Webhook:
    return Webhook(
        url=Secret.of_text(url), secret=Secret.of_text(secret), timeout=timedelta(seconds=20), fallback="log"
    )


def test_a_notice_arrives_as_json_that_the_reference_implementation_verifies() -> None:
    with serve(answer(204)) as receiver:
        outcome = build_webhook(f"{receiver.url}/hook").send(MESSAGE, NOW)

    (received,) = receiver.requests
    with time_machine.travel(NOW, tick=False):
        verified = ReferenceWebhook(SECRET).verify(received.body, dict(received.headers))
    assert outcome.delivered
    assert (outcome.status, outcome.error) == (204, None)
    assert verified == MESSAGE.payload
    assert received.headers["webhook-id"] == MESSAGE.id
    assert received.headers["content-type"] == "application/json"
    assert (received.method, received.path) == ("POST", "/hook")


def test_a_second_attempt_has_the_same_id_and_body_and_a_fresh_signature() -> None:
    with serve(answer_in_turn([answer(500), answer(200)])) as receiver:
        webhook = build_webhook(receiver.url)
        outcomes = [webhook.send(MESSAGE, NOW + timedelta(minutes=10 * n)) for n in range(2)]

    first, second = receiver.requests
    assert [outcome.delivered for outcome in outcomes] == [False, True]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 600
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


@pytest.mark.parametrize(
    ("status", "again"),
    [
        (301, False), (307, False), (400, False), (401, False), (403, False), (404, False), (408, True),
        (409, False), (410, False), (413, False), (425, True), (429, True), (500, True), (502, True),
        (503, True), (504, True),
    ],
)  # fmt: skip
def test_every_refusal_has_its_outcome(status: int, again: bool) -> None:
    with serve(answer(status, {"Retry-After": "90", "Location": "/"})) as receiver:
        outcome = build_webhook(receiver.url).send(MESSAGE, NOW)

    assert not outcome.delivered
    assert (outcome.status, outcome.again) == (status, again)
    assert outcome.retry_after == (timedelta(seconds=90) if again else None)
    assert outcome.error is not None
    assert outcome.error.startswith(f"http_{status}: ")
    assert len(receiver.requests) == 1


def test_a_silent_receiver_is_tried_again() -> None:
    with serve(never_answer) as receiver:
        webhook = Webhook(
            url=Secret.of_text(receiver.url), secret=Secret.of_text(SECRET), timeout=timedelta(seconds=0.2)
        )
        outcome = webhook.send(MESSAGE, NOW)

    assert (outcome.delivered, outcome.again, outcome.status) == (False, True, None)


def test_a_secret_rotated_in_its_file_is_used_at_once(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    rotated = generate_secret()

    with serve(answer(200)) as receiver:
        webhook = Webhook(url=Secret.of_text(receiver.url), secret=Secret.of_file(path))
        webhook.send(MESSAGE, NOW)
        path.write_text(f"{rotated}\n\n".removesuffix("\n"))
        os.utime(path, ns=(1, 1))
        webhook.send(MESSAGE, NOW)

    with time_machine.travel(NOW, tick=False):
        for secret, received in zip([SECRET, rotated], receiver.requests, strict=True):
            ReferenceWebhook(secret).verify(received.body, dict(received.headers))


def test_a_bad_secret_put_into_the_file_later_is_waited_out(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    with serve(answer(200)) as receiver:
        webhook = Webhook(url=Secret.of_text(receiver.url), secret=Secret.of_file(path))
        path.write_text("canary")
        outcome = webhook.send(MESSAGE, NOW)

    assert (outcome.delivered, outcome.again) == (False, True)
    assert "canary" not in str(outcome)
    assert receiver.connections == 0


def test_a_payload_that_is_no_json_is_dead_without_being_repeated() -> None:
    message = Message(
        id="a", type="t", timestamp=NOW, severity="major", title="", text="", payload={"canary": float("inf")}
    )

    outcome = build_webhook("http://127.0.0.1:9/").send(message, NOW)

    assert (outcome.delivered, outcome.again) == (False, False)
    assert "canary" not in str(outcome)


def test_a_secret_of_another_form_is_refused_with_an_example() -> None:
    with pytest.raises(ValueError, match="whsec_") as raised:
        build_webhook("https://hooks.example.com/", "canary")

    assert "canary" not in str(raised.value)


def test_an_address_without_a_host_is_refused_without_being_repeated() -> None:
    with pytest.raises(ValueError, match="http:// or https://") as raised:
        build_webhook("canary")

    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("status", [200, 301, 401, 404, 410, 429, 500])
def test_no_secret_is_told_by_an_outcome_a_repr_or_a_log(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), serve(answer(status, body=b"canary")) as receiver:
        url = receiver.url.replace("://", "://canary:canary@") + "/canary?canary=canary"
        webhook = build_webhook(url)
        outcome = webhook.send(MESSAGE, NOW)

    shown = " ".join([repr(webhook), repr(outcome), caplog.text, json.dumps(str(webhook))])
    assert "canary" not in shown
    assert SECRET not in shown
    assert SECRET.removeprefix("whsec_") not in shown
