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

__all__ = [
    "DETACHED_TYPE",
    "DISABLED_TYPE",
    "HEARTBEAT_TYPE",
    "TEST_TYPE",
    "build_detached_body",
    "build_disabled_body",
    "build_heartbeat_body",
    "build_test_body",
    "freeze_notice",
    "read_message",
]

TEST_TYPE = "delivery.test"
"""The type of a message that only tries a channel."""

DISABLED_TYPE = "channel.disabled"
"""The type of a message that says that another channel takes nothing any more."""

DETACHED_TYPE = "monitor.detached"
"""The type of a message that says that the configuration names a monitor no more."""

HEARTBEAT_TYPE = "heartbeat"
"""The type of what only says that we live."""

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


def build_disabled_body(channel: str, error: str, now: datetime) -> str:
    """Return the body of the message that a channel was disabled, and how it comes back."""
    text = (
        f"The channel {channel!r} refuses what it is sent: {error}\n"
        "It was disabled. What is due there waits and is told here meanwhile.\n"
        "It is tried once an hour. Changed settings or a changed secret enable it at once, and so does "
        f"driftwatch delivery retry --channel {channel}."
    )
    payload = {
        "type": DISABLED_TYPE,
        "timestamp": write_stamp(now),
        "data": {"schema": "driftwatch.notice/v1", "channel": channel, "text": text, "url": None},
    }
    facts = [("Channel", channel), ("Error", error)]
    return _write_body(payload, Severity.MAJOR, f"driftwatch: channel {channel} was disabled", text, facts)


def build_detached_body(monitor: str, incidents: Sequence[int], now: datetime) -> str:
    """Return the body of the message that a monitor is judged no more, with its open incidents."""
    numbers = ", ".join(map(str, incidents))
    still = f"What is open of it stays as it is: incident {numbers}.\n" if incidents else ""
    text = (
        f"The configuration no longer names the monitor {monitor!r}: it is not judged any more.\n"
        f"{still}"
        f"Named again it goes on; driftwatch monitor remove {monitor} ends it for good."
    )
    payload = {
        "type": DETACHED_TYPE,
        "timestamp": write_stamp(now),
        "data": {"schema": "driftwatch.notice/v1", "monitor": {"id": monitor}, "text": text, "url": None},
    }
    facts = [("Monitor", monitor), *([("Open incidents", numbers)] if incidents else [])]
    return _write_body(payload, Severity.MAJOR, f"driftwatch: {monitor} is not judged any more", text, facts)


def build_heartbeat_body(now: datetime) -> str:
    """Return the body of a heartbeat, of which nothing is sent but that it comes."""
    payload = {"type": HEARTBEAT_TYPE, "timestamp": write_stamp(now), "data": {}}
    return _write_body(payload, Severity.MINOR, "driftwatch: heartbeat", "driftwatch is alive.", ())


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
