"""Silences, and what one would hide."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from driftwatch.web.api.shapes.incidents import Incident
from driftwatch.web.api.shapes.shape import Shape

__all__ = ["KeptSilence", "Matchers", "Preview", "Silence", "Silences"]


class Matchers(Shape):
    """What a silence is about: every member that is not null must fit."""

    monitor: str | None
    owner: str | None
    kind: str | None
    severity: str | None
    column: str | None


class Silence(Shape):
    """Somebody wants to hear nothing of something for a while."""

    id: int
    matchers: Matchers
    from_: str = Field(alias="from")
    to: str
    by: str
    reason: str
    expired_by: str | None
    hides: int
    """How many notices it has kept from being sent."""


class Silences(Shape):
    """Silences, the newest first."""

    schema_: Literal["driftwatch.silences/v1"] = Field(alias="schema")
    silences: list[Silence]
    total: int
    next: str | None
    """The address of those before them; null where there are none."""


class KeptSilence(Shape):
    """One silence."""

    schema_: Literal["driftwatch.silence/v1"] = Field(alias="schema")
    silence: Silence


class Preview(Shape):
    """What a silence would hide now; nothing was kept."""

    schema_: Literal["driftwatch.silence_preview/v1"] = Field(alias="schema")
    matchers: Matchers
    hides: list[Incident]
    """The open incidents that people would hear nothing of."""
