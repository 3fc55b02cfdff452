"""What happened in the world, as people have marked it."""

from __future__ import annotations

from driftwatch.web.api.shapes.shape import Shape

__all__ = ["Marker"]


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
