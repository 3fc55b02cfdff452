from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from driftwatch.demo.receiver import Receiver

SECRET = "whsec_" + "Y2FuYXJ5LWRlbW8tY2FuYXJ5LWRlbW8t"
AT = "2013-02-09T05:00:00Z"
NOTICE = {
    "type": "incident.opened",
    "timestamp": AT,
    "data": {"text": "…", "incident": {"title": "Flights: delays"}},
}


class Listening:
    """A receiver that runs, and what it said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.receiver = Receiver(SECRET, self.said.append)


@pytest.fixture
def listening() -> Iterator[Listening]:
    running = Listening()
    yield running
    running.receiver.close()


def post(url: str, message: object, *, secret: str = SECRET, at: datetime | None = None) -> int:
    """Send a message as an independent library signs it and return the status of the answer."""
    body, at = json.dumps(message), at or datetime.now(UTC)
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("m1", at, body),
    }
    request = urllib.request.Request(url, body.encode(), headers)  # noqa: S310 - loopback.
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 - loopback.
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_signed_message_is_counted_and_said(listening: Listening) -> None:
    assert post(listening.receiver.url, NOTICE) == 204

    assert listening.receiver.counted == {"incident.opened": 1}
    assert listening.receiver.refused == 0
    assert listening.said == ["  2013-02-09  signed incident.opened: Flights: delays"]


def test_a_request_for_retraining_says_why(listening: Listening) -> None:
    data = {"model": {"name": "delay", "version": "7"}, "reason": "It has drifted."}

    message = {"type": "retrain.requested", "timestamp": AT, "data": data}

    assert post(f"{listening.receiver.url}/retrain", message) == 204

    assert listening.said == ["  2013-02-09  signed retrain.requested: delay 7, It has drifted."]


@pytest.mark.parametrize(
    ("secret", "at"),
    [
        ("whsec_" + "b3RoZXItY2FuYXJ5LW90aGVyLWNhbmFyeQ==", None),
        (SECRET, datetime(2013, 2, 8, tzinfo=UTC)),
    ],
)
def test_a_wrong_signature_and_an_old_one_are_refused(
    secret: str, at: datetime | None, listening: Listening
) -> None:
    assert post(listening.receiver.url, NOTICE, secret=secret, at=at) == 401

    assert listening.receiver.refused == 1
    assert not listening.receiver.counted
    assert listening.said[0].startswith("  receiver: refused, ")


def test_it_listens_on_loopback_alone_and_ends_its_thread() -> None:
    threads = threading.active_count()
    running = Listening()

    assert running.receiver.url.startswith("http://127.0.0.1:")
    running.receiver.close()

    with pytest.raises(urllib.error.URLError):
        post(running.receiver.url, NOTICE)
    assert threading.active_count() <= threads + 1
