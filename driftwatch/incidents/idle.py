"""Rules that can never fire: a limit that watches nothing must not look like one that does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftwatch.incidents.rules import WINDOW_STATISTICS, Rule
from driftwatch.profiles.reference import Reference
from driftwatch.statistics.catalogue import entry

__all__ = ["find_idle_rules"]


def find_idle_rules(rules: Sequence[Rule], reference: Reference) -> Iterator[str]:
    """Yield, for every rule that can never fire, why."""
    for rule in rules:
        if rule.statistic not in WINDOW_STATISTICS and rule.column != "*":
            why = _explain_idle(rule, reference)
            if why is not None:
                yield f"the rule on {rule.statistic} of {rule.column!r} watches nothing: {why}"


def _explain_idle(rule: Rule, reference: Reference) -> str | None:
    grid = reference.grids.get(rule.column)
    if grid is not None:
        fits = grid.kind in entry(rule.statistic).kinds
        return None if fits else f"{rule.statistic} is not defined for a column of kind {grid.kind}"
    for skipped in reference.skipped:
        if skipped.column == rule.column:
            return f"the column is not judged ({skipped.why}); columns.include would have it judged"
    return "the reference has no such column"
