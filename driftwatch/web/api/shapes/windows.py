"""Windows and what was found in them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from driftwatch.incidents.finding import FindingKind, VerdictWord
from driftwatch.profiles.grid import Kind
from driftwatch.web.api.shapes.shape import Shape

__all__ = ["Checked", "FoundWindow", "WindowCounts", "Windows"]


class Finding(Shape):
    """One thing that is wrong with a window."""

    column: str | None
    """The column; null for the window as a whole."""
    kind: FindingKind
    statistic: str
    value: float | None
    limit: float | None
    text: str
    """It in one plain sentence."""
    moved_share: float | None
    """The part of the rows that can be shown to be affected, 0 to 1, where that is known."""
    minor: bool
    """Whether it is recorded and wakes nobody."""


class Window(Shape):
    """A window of event time and the verdict on it."""

    start: str
    end: str
    """Exclusive."""
    verdict: VerdictWord
    rows: int | None
    """Null where it was not read."""
    score: float | None
    limit: float | None
    calibration: str | None
    calibration_note: str | None
    revision: int
    """How often it was judged; late rows have a window judged again."""
    reason: str | None
    """Why there is no verdict on what it holds, where there is none."""
    findings: list[Finding]


class Windows(Shape):
    """Windows of a monitor, the newest first."""

    schema_: Literal["driftwatch.check/v1"] = Field(alias="schema")
    monitor: str
    windows: list[Window]
    next: str | None
    """The address of those before them; null where there are none."""


class Span(Shape):
    """When a window begins and ends."""

    start: str
    end: str
    """Exclusive."""


class Checked(Shape):
    """What came of a check that somebody asked for."""

    schema_: Literal["driftwatch.checked/v1"] = Field(alias="schema")
    monitor: str
    windows: list[Window]
    """Those that were judged, the oldest first."""
    waiting: list[Span]
    """Those that somebody else is judging, that come behind such a one, or are tried again later."""
    next_due: str
    """When the next window falls due."""


class Statistic(Shape):
    """A statistic of one column in one window."""

    value: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    debiased: float | None = None


class WindowColumn(Shape):
    """A column in one window."""

    column: str
    statistics: dict[str, Statistic]
    findings: list[Finding]


class FoundWindow(Shape):
    """One window with the statistics of every column."""

    schema_: Literal["driftwatch.window/v1"] = Field(alias="schema")
    monitor: str
    window: Window
    judged_at: str
    reference_version: int | None
    """The version of the reference that it was compared with."""
    counts: Literal["as counted", "coarse", "gone"]
    """How finely its counts are still kept."""
    columns: list[WindowColumn]


class ColumnCounts(Shape):
    """Rows of one column, counted on its grid."""

    rows: int
    cells: list[int]
    """How many rows lie in each cell: gap, point, gap, …, gap, or one a name, then `other` and `unseen`."""
    missing: int
    nan: int
    positive_infinite: int
    negative_infinite: int
    unreadable: int


class WindowCounts(Shape):
    """What a column of a window was judged on: its counts and those of the reference, on the same grid."""

    schema_: Literal["driftwatch.counts/v1"] = Field(alias="schema")
    monitor: str
    start: str
    end: str
    column: str
    kind: Kind
    points: list[float] | None
    """The points of a number or time column; null for names."""
    names: list[str] | None
    """The names of a category or boolean column; after their cells come `other` and `unseen`."""
    reference_version: int
    reference: ColumnCounts
    current: ColumnCounts
