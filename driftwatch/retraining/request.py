"""A request to retrain a model: its key, and the body that the trigger posts.

Why the key is not made from the incident's number: the number is only known once the incident is stored,
and an incident that is stored twice after a crash may get another one. Monitor, kind and first window name
an incident just as well, before it is stored and for ever: the same incident always gives the same key.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from driftwatch.incidents.incident import Incident
from driftwatch.incidents.incident_json import build_incident_json
from driftwatch.incidents.notice import MonitorFacts, build_monitor_json, fit_payload
from driftwatch.incidents.stamps import write_stamp
from driftwatch.profiles.window import Window

__all__ = ["RetrainRequest", "build_request", "make_key"]

_ACTION = "retrain"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainRequest:
    """One request to retrain, frozen at the moment it was decided.

    `id` is None until the store has numbered it. `key` is the same however often the request is sent.
    `incident` and `monitor` are JSON values as notices carry them. `window` is the one that decided it.
    """

    id: int | str | None = None
    key: str
    attempt: int
    trigger: str
    requested_at: datetime
    monitor: dict[str, Any]
    incident: dict[str, Any]
    model_name: str | None
    model_version: str | None
    window: Window
    reason: str

    def payload(self) -> dict[str, Any]:
        """Return the body of `driftwatch.retrain/v1`, small enough for a webhook."""
        return fit_payload(
            {
                "type": "retrain.requested",
                "timestamp": write_stamp(self.requested_at),
                "data": {
                    "schema": "driftwatch.retrain/v1",
                    "retrain": {"id": self.id, "key": self.key, "attempt": self.attempt},
                    "monitor": self.monitor,
                    "incident": self.incident,
                    "model": {"name": self.model_name, "version": self.model_version},
                    "window": {
                        "start": write_stamp(self.window.start),
                        "end": write_stamp(self.window.end),
                    },
                    "reason": self.reason,
                },
            }
        )


def make_key(incident: Incident, attempt: int) -> str:
    """Return the key of the `attempt`-th request for an incident: 43 characters of a–z, 0–9 and a dash.

    It fits the idempotency fields of the usual orchestrators, the shortest of which takes 64 characters.
    """
    parts = [
        _ACTION,
        incident.monitor,
        incident.kind.value,
        write_stamp(incident.first_window.start),
        attempt,
    ]
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return "dw-" + base64.b32encode(digest).decode("ascii")[:40].lower()


def build_request(  # noqa: PLR0913 - what a request says
    incident: Incident,
    facts: MonitorFacts,
    described: tuple[str, str],
    *,
    trigger: str,
    reason: str,
    now: datetime,
    attempt: int = 1,
) -> RetrainRequest:
    """Return the `attempt`-th request for an incident; `described` is its title and text."""
    return RetrainRequest(
        key=make_key(incident, attempt),
        attempt=attempt,
        trigger=trigger,
        requested_at=now,
        monitor=build_monitor_json(facts),
        incident=build_incident_json(incident, *described),
        model_name=facts.model,
        model_version=facts.model_version,
        window=incident.last_window,
        reason=reason,
    )
