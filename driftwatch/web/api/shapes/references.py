"""What production is compared with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from driftwatch.profiles.grid import Kind
from driftwatch.store.references import ReferenceState
from driftwatch.web.api.shapes.shape import Shape

__all__ = ["FoundReference", "References", "Version"]


class Version(Shape):
    """A version of a reference."""

    version: int
    beside: int | None
    """The version that it judges beside, for one that moves along."""
    history: int
    state: ReferenceState
    rows: int
    from_: str | None = Field(alias="from")
    to: str | None
    built_at: str
    promoted_at: str | None


class References(Shape):
    """The versions of a monitor's reference, and of the rolling one beside it."""

    schema_: Literal["driftwatch.references/v1"] = Field(alias="schema")
    monitor: str
    references: list[Version]


class Block(Shape):
    """A window of a reference."""

    start: str | None
    rows: int


class Column(Shape):
    """A column of a reference."""

    column: str
    kind: Kind
    values: int
    missing: int
    cells: int


class Skipped(Shape):
    """A column that is not judged."""

    column: str
    why: str


class OddBlock(Shape):
    """A block that is unlike the others."""

    start: str
    why: str
    text: str


class FoundReference(Shape):
    """One version of a reference."""

    schema_: Literal["driftwatch.reference/v1"] = Field(alias="schema")
    monitor: str
    version: int
    rows: int
    blocks: list[Block]
    columns: list[Column]
    skipped: list[Skipped]
    odd_blocks: list[OddBlock]
    proposed: str | None
    """What the configuration could say to leave the odd blocks out."""
