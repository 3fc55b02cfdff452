"""What has happened to incidents, in order."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from driftwatch.web.api.shapes.incidents import Event
from driftwatch.web.api.shapes.shape import Shape

__all__ = ["Feed"]


class FeedEvent(Event):
    """A step in the life of an incident, at its position."""

    position: int
    incident: int
    monitor: str


class Feed(Shape):
    """What has happened to incidents after a position, in order."""

    schema_: Literal["driftwatch.feed/v1"] = Field(alias="schema")
    events: list[FeedEvent]
    last: int
    """The position to ask behind next."""
    more: bool
    """Whether more is there already."""
    newest: int
    """The newest position there ever was: one below `after` says that this is another store."""
