"""Explicit limits, and how a monitor is judged."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_MINIMUM_EFFECT", "Judging", "Rule"]

DEFAULT_MINIMUM_EFFECT = 0.02
"""The share of rows that must be shown to have moved before anybody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A statistic of a column may not exceed `limit`; `column` "*" means every column it is defined for."""

    column: str
    statistic: str
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """How windows are judged.

    With `minimum_effect` None the explicit `rules` judge alone; otherwise a column drifts when the lower
    bound on its moved share exceeds it, at `family_alpha` over all columns, beside the rules.
    """

    minimum_effect: float | None = DEFAULT_MINIMUM_EFFECT
    rules: tuple[Rule, ...] = ()
    family_alpha: float = 0.01
