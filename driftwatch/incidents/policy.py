"""How patient a monitor is, as it stands in the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

__all__ = ["DEFAULT_REMINDERS", "Ages", "EscalationStep", "Freshness", "Patience", "Policy"]

DEFAULT_REMINDERS = (timedelta(days=1), timedelta(days=2), timedelta(days=4), timedelta(days=7))
"""How long after the last telling what is still open is told again; the last one repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """An incident opens after `k` breached windows among the last `of`."""

    k: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.k <= self.of:
            raise ValueError(f"patience needs 1 ≤ k ≤ of, not k = {self.k} of {self.of}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How late rows may be: a minor incident opens after `warn_after`, a critical one after `page_after`."""

    warn_after: timedelta | None = None
    page_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """How old the model and the reference may become before a `stale` incident opens."""

    model: timedelta | None = None
    reference: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationStep:
    """Who is told of an incident that nobody has taken up `after` so much time: the channels `notify`."""

    after: timedelta
    notify: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.after <= timedelta(0):
            raise ValueError("a step of an escalation comes after more than nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When incidents of a monitor open and resolve.

    `resolve_after` counts clean complete windows in a row. `season` is the season cycle: how long after
    a telling a column that joins is told at once again. `reminders` are the times between a telling and the
    next while it is open and nobody has it, none where it is empty; `escalation` are the steps that follow
    the first telling, in order. `importance` is what the changes of a column are multiplied by where columns
    are ranked, 1 where it is not named.
    """

    patience: Patience = field(default_factory=Patience)
    resolve_after: int = 3
    freshness: Freshness = field(default_factory=Freshness)
    ages: Ages = field(default_factory=Ages)
    season: timedelta = timedelta(days=7)
    reminders: tuple[timedelta, ...] = DEFAULT_REMINDERS
    escalation: tuple[EscalationStep, ...] = ()
    importance: Mapping[str, float] = field(default_factory=dict)
