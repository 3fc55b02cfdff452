"""Settings about columns that are not judged: what watches nothing must not look like what does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from driftwatch.incidents.rules import WINDOW_STATISTICS, Rule
from driftwatch.profiles.reference import Reference
from driftwatch.statistics.catalogue import entry

__all__ = ["find_idle_rules", "find_idle_weights"]


def find_idle_rules(rules: Sequence[Rule], reference: Reference) -> Iterator[str]:
    """Yield, for every rule that can never fire, why."""
    for rule in rules:
        if rule.statistic not in WINDOW_STATISTICS and rule.column != "*":
            why = _explain_idle(rule, reference)
            if why is not None:
                yield f"the rule on {rule.statistic} of {rule.column!r} watches nothing: {why}"


def find_idle_weights(columns: Iterable[str], reference: Reference) -> Iterator[str]:
    """Yield, for every one of the weighted `columns` that is not judged, why."""
    for column in columns:
        why = _explain_absent(column, reference)
        if why is not None:
            yield f"the importance of {column!r} changes nothing: {why}"


def _explain_idle(rule: Rule, reference: Reference) -> str | None:
    grid = reference.grids.get(rule.column)
    if grid is not None:
        fits = grid.kind in entry(rule.statistic).kinds
        return None if fits else f"{rule.statistic} is not defined for a column of kind {grid.kind}"
    return _explain_absent(rule.column, reference)


def _explain_absent(column: str, reference: Reference) -> str | None:
    if column in reference.grids:
        return None
    for skipped in reference.skipped:
        if skipped.column == column:
            return f"the column is not judged ({skipped.why}); columns.include would have it judged"
    return "the reference has no such column"
