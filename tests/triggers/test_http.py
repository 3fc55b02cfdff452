from __future__ import annotations

import dataclasses
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook as ReferenceWebhook

from driftwatch.net.secrets import Secret
from driftwatch.net.signing import generate_secret
from driftwatch.triggers import TRIGGERS, Http, TriggerCall
from tests.support.receiver import (
    Behaviour,
    answer,
    answer_in_turn,
    answer_junk,
    close_after_reading,
    never_answer,
    serve,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "dw-" + "a2b3c4d5" * 5
SECRET = generate_secret()
CALL = TriggerCall(
    key=KEY,
    timestamp=datetime(2013, 2, 10, tzinfo=UTC),
    body={
        "type": "retrain.requested",
        "timestamp": "2013-02-10T00:00:00Z",
        "data": {"schema": "driftwatch.retrain/v1", "retrain": {"id": 3, "key": KEY, "attempt": 1}},
    },
)


def build_trigger(url: str, *, secret: str | None = SECRET, seconds: float = 20) -> Http:
    return Http(
        url=Secret.of_text(url),
        secret=None if secret is None else Secret.of_text(secret),
        timeout=timedelta(seconds=seconds),
    )


def test_a_request_arrives_with_its_key_and_a_signature_that_the_reference_implementation_verifies() -> None:
    with serve(answer(202)) as receiver:
        started = build_trigger(f"{receiver.url}/retrain").start(CALL, NOW)

    (received,) = receiver.requests
    with time_machine.travel(NOW, tick=False):
        verified = ReferenceWebhook(SECRET).verify(received.body, dict(received.headers))
    assert started.accepted
    assert (started.status, started.error) == (202, None)
    assert verified == CALL.body
    assert received.headers["idempotency-key"] == KEY
    assert received.headers["webhook-id"] == KEY
    assert received.headers["content-type"] == "application/json"


def test_a_request_without_a_secret_has_its_key_and_no_signature() -> None:
    with serve(answer(200)) as receiver:
        build_trigger(receiver.url, secret=None).start(CALL, NOW)

    headers = receiver.requests[0].headers
    assert (headers["idempotency-key"], headers["webhook-id"]) == (KEY, KEY)
    assert "webhook-signature" not in headers
    assert json.loads(receiver.requests[0].body) == CALL.body


def test_a_second_attempt_has_the_same_key() -> None:
    with serve(answer_in_turn([close_after_reading, answer(200)])) as receiver:
        trigger = build_trigger(receiver.url)
        attempts = [trigger.start(CALL, NOW + timedelta(minutes=n)) for n in range(2)]

    assert [started.accepted for started in attempts] == [False, True]
    assert [received.headers["idempotency-key"] for received in receiver.requests] == [KEY, KEY]


def test_a_conflict_is_no_success_and_says_so() -> None:
    with serve(answer(409)) as receiver:
        started = build_trigger(receiver.url).start(CALL, NOW)

    assert (started.accepted, started.again, started.status) == (False, False, 409)
    assert started.error is not None
    assert "conflict" in started.error


@pytest.mark.parametrize(
    ("status", "again"),
    [(301, False), (303, False), (400, False), (401, False), (403, False), (404, False), (408, True),
     (410, False), (422, False), (425, True), (429, True), (500, True), (502, True), (503, True),
     (504, True)],
)  # fmt: skip
def test_every_refusal_is_tried_again_or_not(status: int, again: bool) -> None:
    with serve(answer(status, {"Retry-After": "60", "Location": "/"})) as receiver:
        started = build_trigger(receiver.url).start(CALL, NOW)

    assert (started.accepted, started.again, started.status) == (False, again, status)
    assert started.retry_after == (timedelta(minutes=1) if again else None)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("behaviour", [never_answer, close_after_reading, answer_junk])
def test_no_answer_is_tried_again(behaviour: Behaviour) -> None:
    with serve(behaviour) as receiver:
        started = build_trigger(receiver.url, seconds=0.3).start(CALL, NOW)

    assert (started.accepted, started.again, started.status) == (False, True, None)


@pytest.mark.parametrize("body", [b'{"id": "run-7"}', b"accepted", b"", b"\xff\xfe", b"[" * 10_000])
def test_whatever_a_2xx_says_is_an_acceptance(body: bytes) -> None:
    with serve(answer(201, body=body)) as receiver:
        started = build_trigger(receiver.url).start(CALL, NOW)

    assert (started.accepted, started.error) == (True, None)


@pytest.mark.parametrize("status", [200, 302, 401, 409, 500])
def test_no_secret_is_told_by_a_result_a_repr_or_a_log(status: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serve(answer(status, body=b"canary")) as receiver:
        trigger = build_trigger(receiver.url.replace("://", "://canary:canary@") + "/canary?canary")
        started = trigger.start(CALL, NOW)

    shown = " ".join([repr(trigger), repr(started), caplog.text])
    assert "canary" not in shown
    assert SECRET.removeprefix("whsec_") not in shown


def test_settings_that_cannot_be_used_are_refused_without_being_repeated() -> None:
    with pytest.raises(ValueError, match="http:// or https://") as bad_url:
        build_trigger("canary")
    with pytest.raises(ValueError, match="at most 60 s"):
        build_trigger("https://ci.example.com/", seconds=3600)
    with pytest.raises(ValueError, match="whsec_") as bad_secret:
        build_trigger("https://ci.example.com/", secret="canary")

    assert "canary" not in str(bad_url.value) + str(bad_secret.value)


@pytest.mark.parametrize("name", sorted(TRIGGERS))
def test_every_trigger_is_one_frozen_dataclass_whose_settings_are_explained(name: str) -> None:
    kind: Any = TRIGGERS[name]

    assert kind.__dataclass_params__.frozen
    assert kind.__doc__
    assert all(field.kw_only and field.metadata["text"] for field in dataclasses.fields(kind))
