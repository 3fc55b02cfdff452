"""When retraining is asked for, as it stands in the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.words import say_count, say_duration

__all__ = ["ALLOWED_KINDS", "RetrainPolicy", "describe_policy"]

ALLOWED_KINDS: frozenset[str] = frozenset({IncidentKind.DRIFT, IncidentKind.STALE})
"""The kinds of incident that can call for retraining."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainPolicy:
    """Ask `trigger` to retrain the model when an incident of a kind in `when` has been open long enough.

    `after` counts judged windows, the one that opened the incident included. No two requests of a monitor
    are closer than `cooldown`. Raises ValueError for a kind that cannot call for retraining, for none at
    all, for `after` below 1 and for a negative cooldown.
    """

    trigger: str
    when: frozenset[str] = frozenset({IncidentKind.DRIFT, IncidentKind.STALE})
    after: int = 1
    cooldown: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        allowed = ", ".join(sorted(ALLOWED_KINDS))
        if unknown := sorted(self.when - ALLOWED_KINDS):
            raise ValueError(f"retraining when {', '.join(unknown)} is not possible; possible are: {allowed}")
        if not self.when:
            raise ValueError(f"retraining needs at least one kind of incident in `when`: {allowed}")
        if self.after < 1:
            raise ValueError(f"retraining needs `after` of at least 1 window, not {self.after}")
        if self.cooldown < timedelta(0):
            raise ValueError(f"retraining needs a `cooldown` that is not negative, not {self.cooldown}")


def describe_policy(policy: RetrainPolicy) -> str:
    """Return the sentence that notices carry about retraining.

    >>> describe_policy(RetrainPolicy(trigger="ci", when=frozenset({"drift"}), cooldown=timedelta(0)))
    'Retraining is asked for when a drift incident has been open for 1 window and the data is in order.'
    """
    kinds = " or ".join(sorted(policy.when))
    often = f", at most once in {say_duration(policy.cooldown)}" if policy.cooldown else ""
    windows = say_count(policy.after, "window")
    opened = f"a {kinds} incident has been open for {windows}"
    return f"Retraining is asked for when {opened} and the data is in order{often}."
