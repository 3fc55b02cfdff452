"""What happened in the world, as people have marked it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from driftwatch.web.api.shapes.shape import Shape

__all__ = ["KeptMarker", "Marker", "Markers"]


class Marker(Shape):
    """Something that happened in the world: a deploy, a release, a migration."""

    id: int | None
    kind: str
    version: str | None
    text: str | None
    at: str
    monitor: str | None
    """The monitor that it concerns; null for those of `owner`, or for every one."""
    owner: str | None
    by: str | None
    """Who marked it; null for driftwatch itself."""


class Markers(Shape):
    """Markers, the latest first."""

    schema_: Literal["driftwatch.markers/v1"] = Field(alias="schema")
    markers: list[Marker]
    total: int
    next: str | None
    """The address of those before them; null where there are none."""


class KeptMarker(Shape):
    """One marker."""

    schema_: Literal["driftwatch.marker/v1"] = Field(alias="schema")
    marker: Marker
