"""What was sent to whom."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from driftwatch.store.delivery import DeliveryState
from driftwatch.web.api.shapes.shape import Shape

__all__ = ["Attempt", "Deliveries", "Delivery", "Destination", "FoundDelivery"]


class Delivery(Shape):
    """A notice on its way to one channel."""

    id: str
    channel: str
    type: str
    monitor: str | None
    incident: int | None
    state: DeliveryState
    attempts: int
    created_at: str
    delivered_at: str | None
    next_at: str | None
    last_status: int | None
    last_error: str | None
    decision: str | None
    """Why it was not sent, or why it waits."""
    told_with: str | None
    """The delivery that told the same in its place."""


class Destination(Shape):
    """What waits at a channel."""

    channel: str
    pending: int
    oldest_age: float | None
    """In seconds."""
    disabled_at: str | None
    reason: str | None
    next_at: str | None


class Deliveries(Shape):
    """Deliveries, the newest first."""

    schema_: Literal["driftwatch.deliveries/v1"] = Field(alias="schema")
    deliveries: list[Delivery]
    destinations: list[Destination]
    total: int
    next: str | None
    """The address of those before them; null where there are none."""


class Attempt(Shape):
    """One try to send."""

    started_at: str
    ended_at: str
    status: int | None
    """What the receiver answered; null where it did not."""
    error: str | None


class SaidDelivery(Delivery):
    """A delivery with what it says."""

    body: dict[str, Any]
    """The JSON that a webhook receives."""


class FoundDelivery(Shape):
    """One delivery with what it says and every try to send it."""

    schema_: Literal["driftwatch.delivery/v1"] = Field(alias="schema")
    delivery: SaidDelivery
    attempts: list[Attempt]
