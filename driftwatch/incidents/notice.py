"""The notice: what is told about an incident, frozen at the moment it happened.

Why frozen: a notice that is sent an hour later must say what was true when it was decided.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from driftwatch.incidents.incident import NoticeType, Severity
from driftwatch.incidents.stamps import write_stamp

__all__ = [
    "LARGEST_PAYLOAD",
    "MonitorFacts",
    "Notice",
    "build_monitor_json",
    "cut_texts",
    "fit_payload",
    "fits_payload",
]

LARGEST_PAYLOAD = 20_000
"""Bytes a webhook body stays under.

The payload size that Standard Webhooks asks for:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

_TEXT_LENGTHS = (4_000, 1_000, 250, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorFacts:
    """What a notice says about a monitor beside what happened to it.

    `retraining` is a sentence that says when retraining is asked for, None when it never is.
    `resolve_after` is the policy's number of clean windows. `shadow`: nobody is told as things happen.
    """

    id: str
    title: str | None = None
    description: str | None = None
    owner: str | None = None
    runbook: str | None = None
    model: str | None = None
    model_version: str | None = None
    retraining: str | None = None
    resolve_after: int = 3
    shadow: bool = False

    @property
    def name(self) -> str:
        """What people call the monitor."""
        return self.title or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to people and their tools.

    `title` is one line, `text` several in plain words, `facts` are labels and values in the order to show
    them. `incident` and `monitor` are JSON values as in `driftwatch.notice/v1`.
    """

    type: NoticeType
    timestamp: datetime
    severity: Severity
    title: str
    text: str
    facts: tuple[tuple[str, str], ...]
    incident: dict[str, Any]
    monitor: dict[str, Any]
    url: str | None = None

    def payload(self) -> dict[str, Any]:
        """Return the body of a webhook, less than `LARGEST_PAYLOAD` bytes however it is written as JSON.

        What does not fit is left out: the columns that changed least first, counted in
        `columns_left_out`; then the ends of long texts.
        """
        body = {
            "type": self.type.value,
            "timestamp": write_stamp(self.timestamp),
            "data": {
                "schema": "driftwatch.notice/v1",
                "incident": self.incident,
                "monitor": self.monitor,
                "text": self.text,
                "url": self.url,
            },
        }
        return fit_payload(body)


def build_monitor_json(facts: MonitorFacts) -> dict[str, Any]:
    """Return a monitor as notices and retraining requests carry it."""
    return {
        "id": facts.id,
        "title": facts.title,
        "description": facts.description,
        "owner": facts.owner,
        "runbook": facts.runbook,
        "model": facts.model,
    }


def fit_payload(body: dict[str, Any]) -> dict[str, Any]:
    """Return a webhook body with `data.incident.columns` that stays under `LARGEST_PAYLOAD` bytes."""
    if fits_payload(body):
        return body
    for length in _TEXT_LENGTHS:
        cut = cut_texts(body, length)
        columns = cut["data"]["incident"]["columns"]
        for count in _halve(len(columns)):
            shown = {"columns": columns[:count], "columns_left_out": len(columns) - count}
            smaller = {**cut, "data": {**cut["data"], "incident": {**cut["data"]["incident"], **shown}}}
            if fits_payload(smaller):
                return smaller
    raise ValueError(f"a webhook body cannot be made smaller than {LARGEST_PAYLOAD} bytes")


def fits_payload(body: dict[str, Any]) -> bool:
    """Return whether a webhook body is smaller than `LARGEST_PAYLOAD` bytes, however it is written."""
    # Escaped and with blanks is the longest way to write JSON: whoever sends it shorter stays below.
    return len(json.dumps(body)) < LARGEST_PAYLOAD


def _halve(count: int) -> Iterator[int]:
    while count:
        yield count
        count //= 2
    yield 0


def cut_texts(value: Any, length: int) -> Any:
    """Return a JSON value whose texts are cut to `length` characters."""
    if isinstance(value, str):
        return value if len(value) <= length else value[: length - 1] + "…"
    if isinstance(value, dict):
        return {name: cut_texts(part, length) for name, part in value.items()}
    if isinstance(value, list):
        return [cut_texts(part, length) for part in value]
    return value
