"""What was promised: at most so many false pages in so much time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

__all__ = ["Budget", "FalsePages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FalsePages:
    """At most `at_most` false pages in `per` of event time, on average."""

    at_most: float = 1.0
    per: timedelta = timedelta(days=30)

    def __post_init__(self) -> None:
        if not (self.at_most > 0 and self.per > timedelta(0)):
            raise ValueError("a promise needs more than 0 pages in more than no time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The false-alarm budget of one monitor.

    `window` is the usual length of its windows and `share` its part of a promise that several monitors
    share, above 0 and up to 1. `cycle` is how many windows a season cycle has, and `phase` by how
    many of them its begin is put forward, so that not all monitors are calibrated at once. `weights` multiply
    the scores of the columns they name; 1 for the others. With `hard_cap` nobody is told once the budget is
    spent, but for scores beyond three times the limit. A window with too few rows to show that a share
    `must_see` of them moved is thin.
    """

    promise: FalsePages = field(default_factory=FalsePages)
    window: timedelta = timedelta(days=1)
    cycle: int = 7
    phase: int = 0
    share: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)
    hard_cap: bool = False
    must_see: float = 0.2

    @property
    def level(self) -> float:
        """Return the chance that a clean window may page, α: pages promised over windows in that time.

        >>> round(1 / Budget().level, 9)
        30.0
        """
        return min(0.5, self.promise.at_most * self.share * (self.window / self.promise.per))

    @property
    def needed(self) -> int:
        """Return how many windows it takes to keep the promise on each of the two scales.

        >>> Budget().needed
        60
        """
        return ceil(2 / self.level - 1e-9)
