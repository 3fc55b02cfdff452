"""Explicit limits, and how a monitor is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from driftwatch.calibration.budget import Budget
from driftwatch.incidents.finding import FindingKind

__all__ = [
    "CLEAR_PART",
    "DEFAULT_MINIMUM_EFFECT",
    "KINDS_OF_STATISTIC",
    "REPEATED_SHARE",
    "VOLUME",
    "WINDOW_STATISTICS",
    "Judging",
    "Rule",
]

VOLUME = "volume"
"""The statistic of a window that compares its rows with the reference's blocks."""
REPEATED_SHARE = "repeated_share"
"""The statistic of a window that says how many rows repeat the key of an earlier one."""
WINDOW_STATISTICS: Mapping[str, float | None] = {VOLUME: None, REPEATED_SHARE: 1.0}
"""What can be limited of a window as a whole, and the greatest value, None where there is no bound."""

KINDS_OF_STATISTIC: Mapping[str, FindingKind] = {
    "missing_share": FindingKind.MISSING,
    "unseen_share": FindingKind.UNSEEN,
    "range_share": FindingKind.RANGE,
    "unreadable_share": FindingKind.TYPE_CHANGED,
    VOLUME: FindingKind.VOLUME,
    REPEATED_SHARE: FindingKind.REPEATED_KEYS,
}
"""The kind of finding about a statistic; every other one gives drift."""

DEFAULT_MINIMUM_EFFECT = 0.02
"""The share of rows that must be shown to have moved before anybody is told."""

CLEAR_PART = 0.9
"""The part of a limit that a value must fall to before it calms an incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A statistic of a column may not exceed `limit`; `column` "*" means every column it is defined for.

    With a `p_value` in place of the limit it may not be so large that chance alone gives as much no more
    often than that; the statistics of `STATISTICS_WITH_P_VALUE` can have one, each column on its own. For
    the statistics of `WINDOW_STATISTICS` the column is "*". An incident calms once the value is at most
    `clear`; None stands for `CLEAR_PART` of the limit.
    """

    column: str
    statistic: str
    limit: float | None = None
    p_value: float | None = None
    clear: float | None = None

    def __post_init__(self) -> None:
        if (self.limit is None) == (self.p_value is None):
            raise ValueError(f"the rule on {self.statistic} of {self.column!r} wants a limit or a p_value")
        if self.clear is not None and (self.limit is None or not 0 <= self.clear <= self.limit):
            raise ValueError(f"the rule on {self.statistic} of {self.column!r} wants 0 ≤ clear ≤ limit")

    @property
    def clear_level(self) -> float | None:
        """The value that calms an incident; None for a rule on a p-value."""
        if self.limit is None:
            return None
        return CLEAR_PART * self.limit if self.clear is None else self.clear

    def is_about(self, column: str, *, is_derived: bool) -> bool:
        """Return whether it is about a column: one for every column means those that are delivered."""
        return self.column == column or (self.column == "*" and not is_derived)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """How windows are judged.

    With `minimum_effect` None the explicit `rules` judge alone. Otherwise, beside the rules, a column drifts
    when its score is above the limit of the `budget` and the lower bound on its moved share exceeds the
    minimum effect; without a budget the second is enough, at `family_alpha` over all columns.
    """

    minimum_effect: float | None = DEFAULT_MINIMUM_EFFECT
    rules: tuple[Rule, ...] = ()
    family_alpha: float = 0.01
    budget: Budget | None = None
