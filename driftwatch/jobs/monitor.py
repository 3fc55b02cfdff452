"""A monitor as the jobs use it: what is watched, how it is judged, and whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from driftwatch.incidents.policy import Policy
from driftwatch.incidents.rules import Judging
from driftwatch.jobs.limits import Limits
from driftwatch.jobs.retention import Retention
from driftwatch.jobs.windows import Schedule
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.sources.contract import Source

__all__ = ["CatchUp", "Excluded", "Model", "Monitor", "ReferenceSpec", "Rolling"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A stretch of time, `end` exclusive, that the reference leaves out, and why."""

    start: datetime
    end: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """A reference that moves along: so much time, up to `gap` before the season cycle that is judged."""

    last: timedelta
    gap: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSpec:
    """Which rows the reference is built from: those from `start` to `end` (exclusive), without `excluded`.

    `source` is None where they come from the monitor's own source; `source_fingerprint` changes when another
    source is meant. `start` and `end` are both None for a `rolling` reference, until it is known for which
    season cycle, and for one without time: every row of its source. `held` is what incidents keep out of a
    rolling one. `beside` is a rolling reference that judges beside this pinned one.
    """

    start: datetime | None = None
    end: datetime | None = None
    excluded: tuple[Excluded, ...] = ()
    source: Source | None = None
    source_fingerprint: str = ""
    rolling: Rolling | None = None
    held: tuple[Excluded, ...] = ()
    beside: Rolling | None = None

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """From when to when it goes; None where that is not known, or where it has no time."""
        return None if self.start is None or self.end is None else (self.start, self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """Which windows missed while down are judged: all, the latest or none, `at_most` of the newest."""

    policy: Literal["all", "latest", "none"] = "all"
    at_most: int = 96

    def __post_init__(self) -> None:
        if self.at_most < 1:
            raise ValueError("at_most wants at least 1 window")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The model that eats what is watched; `trained_at` is needed where its age has a limit."""

    name: str
    version: str | None = None
    trained_at: datetime | None = None

    def name_whole(self) -> str:
        """Return its name and version."""
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Everything that is known of one monitor; `id` is its stable key.

    `delay` is how long after a window's end it is read, `late` how long after that its rows are looked at
    again, None for never. `identity` changes exactly when a new history
    starts, `fingerprint` when anything changes. In the mode `shadow` everything is judged and kept, and
    nothing is sent but a digest once a week. `special_days` are local dates with their names, on which
    windows are expected to be unlike others. `limits` are what reading one window may take.
    """

    id: str
    source: Source
    schedule: Schedule
    reference: ReferenceSpec
    identity: str
    fingerprint: str
    title: str | None = None
    description: str | None = None
    owner: str | None = None
    runbook: str | None = None
    delay: timedelta = timedelta(0)
    timezone: str = "UTC"
    columns: ColumnOptions = field(default_factory=ColumnOptions)
    catch_up: CatchUp = field(default_factory=CatchUp)
    late: timedelta | None = None
    judging: Judging = field(default_factory=Judging)
    policy: Policy = field(default_factory=Policy)
    model: Model | None = None
    notify: tuple[str, ...] = ()
    retrain: RetrainPolicy | None = None
    mode: Literal["live", "shadow"] = "live"
    special_days: Mapping[date, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    retention: Retention = field(default_factory=Retention)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The channels that are told as things happen: none in shadow mode."""
        return self.notify if self.mode == "live" else ()
