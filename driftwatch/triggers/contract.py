"""What a trigger is given, what it answers, and what it must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

__all__ = ["Started", "Trigger", "TriggerCall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerCall:
    """One request to retrain, on its way.

    `key` is the same over all attempts: who has seen it starts nothing again. `body` is the whole
    `retrain.requested` JSON; `timestamp` the aware time at which retraining was asked for.
    """

    key: str
    body: Mapping[str, Any]
    timestamp: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What came of one attempt to start retraining.

    `again` says whether a later attempt may succeed, not before `retry_after`. `error` is a kind and a few
    words, without any secret; None when accepted.
    """

    accepted: bool
    again: bool = False
    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None


class Trigger(Protocol):
    """A way to start retraining. Its fields are its settings."""

    def start(self, request: TriggerCall, now: datetime) -> Started:
        """Ask once; never raises for what the other side does. `now` is the real, aware time."""
