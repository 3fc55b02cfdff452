"""Notices on their way: frozen into the outbox, and read from it again for a channel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from driftwatch.channels.contract import Message
from driftwatch.incidents.digest import Digest
from driftwatch.incidents.incident import Severity
from driftwatch.incidents.notice import Notice
from driftwatch.incidents.stamps import read_stamp, write_stamp
from driftwatch.store.outbox import DeliveryRow

__all__ = ["TEST_TYPE", "build_test_body", "freeze_notice", "read_message"]

TEST_TYPE = "delivery.test"
"""The type of a message that only tries a channel."""

_VERSION = 1


def freeze_notice(notice: Notice | Digest) -> str:
    """Return the JSON text that the outbox keeps of a notice."""
    payload = notice.payload()
    return _write_body(payload, notice.severity, notice.title, notice.text, notice.facts)


def build_test_body(channel: str, now: datetime) -> str:
    """Return the body of a test message, which says that it is one."""
    text = f"This is a test of the channel {channel!r}. Nothing is wrong."
    payload = {
        "type": TEST_TYPE,
        "timestamp": write_stamp(now),
        "data": {"schema": "driftwatch.notice/v1", "text": text, "url": None},
    }
    return _write_body(payload, Severity.MINOR, "driftwatch: test message", text, [("Channel", channel)])


def _write_body(
    payload: Mapping[str, Any], severity: Severity, title: str, text: str, facts: Sequence[tuple[str, str]]
) -> str:
    return json.dumps(
        {
            "version": _VERSION,
            "type": payload["type"],
            "timestamp": payload["timestamp"],
            "severity": severity.value,
            "title": title,
            "text": text,
            "facts": facts,
            "payload": payload,
        }
    )


def read_message(delivery: DeliveryRow) -> Message:
    """Return what a channel sends for a queued delivery; its id is the same at every attempt."""
    body = json.loads(delivery.body)
    return Message(
        id=delivery.id,
        type=body["type"],
        timestamp=read_stamp(body["timestamp"]),
        severity=body["severity"],
        title=body["title"],
        text=body["text"],
        facts=tuple((label, value) for label, value in body["facts"]),
        payload=body["payload"],
        attempt=delivery.attempts,
    )
