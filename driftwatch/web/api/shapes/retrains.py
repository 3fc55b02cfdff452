"""What retraining was asked for."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from driftwatch.store.retrains import RetrainState
from driftwatch.web.api.shapes.shape import Shape

__all__ = ["FoundRetrain", "Retrain", "Retrains"]


class Retrain(Shape):
    """A request for retraining."""

    id: int
    key: str
    monitor: str
    incident: int | None
    trigger: str
    attempt: int
    state: RetrainState
    attempts: int
    requested_at: str
    finished_at: str | None
    last_status: int | None
    last_error: str | None
    reason: str


class Retrains(Shape):
    """Requests for retraining, the newest first."""

    schema_: Literal["driftwatch.retrains/v1"] = Field(alias="schema")
    retrains: list[Retrain]
    total: int
    next: str | None
    """The address of those before them; null where there are none."""


class FoundRetrain(Shape):
    """One request for retraining with what was sent."""

    schema_: Literal["driftwatch.retrain_request/v1"] = Field(alias="schema")
    retrain: Retrain
    body: dict[str, Any]
