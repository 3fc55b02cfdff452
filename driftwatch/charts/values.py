"""What goes into a picture, and what comes out: its specification, its sentence and its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from driftwatch.profiles.window import Window

__all__ = [
    "Bin",
    "Category",
    "Cells",
    "Chart",
    "Curves",
    "Gap",
    "Mark",
    "MeasuredPoint",
    "Placed",
    "ScorePoint",
    "SharePoint",
    "Spec",
    "Step",
    "Table",
]

Spec = dict[str, Any]
"""A Vega-Lite specification with its data, as it is written as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The numbers of a picture; the first entry of a row names it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture: `name` is its own among those of a page, `title` says what it shows.

    `note` says what was left out of it, empty where nothing was.
    """

    name: str
    title: str
    spec: Spec
    table: Table
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened at a time, to be seen beside what was measured then.

    `kind` is `incident`, `label`, `reference`, or any other word for what people or programs told of, such as
    `deploy`. With `until` it is a stretch, exclusive of its end.
    """

    at: datetime
    kind: str
    words: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePoint:
    """What a window scored against its limit, None where it was not scored; `word` is its verdict."""

    window: Window
    word: str
    score: float | None
    limit: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePoint:
    """Which shares of a column's rows, 0 to 1, were missing, of names never seen, and out of range."""

    window: Window
    missing: float | None = None
    unseen: float | None = None
    outside: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPoint:
    """The value of a statistic in a window, None where it was not measured."""

    window: Window
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The shares of both sides, 0 to 1, that are at most `value`."""

    value: float
    reference: float
    current: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Where two distribution functions are furthest apart, and how far up each is there.

    Both are the shares at most `value`, or those below it.
    """

    value: float
    reference: float
    current: float
    is_below: bool = False

    @property
    def size(self) -> float:
        """Return how far apart they are, 0 to 1."""
        return abs(self.reference - self.current)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Two distribution functions, by ascending values, and their greatest distance.

    `known` is how many values there are steps at; fewer may be drawn. Shares `below` and `above` of the
    current rows are not drawn, for they lie beyond the ends of the picture.
    """

    steps: Sequence[Step]
    gap: Gap
    known: int
    below: float = 0.0
    above: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The shares of both sides in a bin, 0 to 1, and what it adds to the PSI."""

    label: str
    reference: float
    current: float
    contribution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """The shares of both sides that have a name, 0 to 1; `is_pooled` where it stands for several names."""

    name: str
    reference: float
    current: float
    is_pooled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A column over time: one share of moved rows a window, None where there is none.

    `found` has the word for what was found in a window, empty where nothing was.
    """

    column: str
    importance: float
    shares: Sequence[float | None]
    found: Sequence[str]

    @property
    def weight(self) -> float:
        """Return by what it comes first: its greatest share times its importance."""
        return self.importance * max((share for share in self.shares if share is not None), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A column by its importance and by the share of its rows that moved, 0 to 1."""

    column: str
    importance: float
    moved: float
