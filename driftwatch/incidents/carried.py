"""What is found in a derived column gives way to what is found in the columns that carry it.

*Why:* when a column moves, so does all that is derived from it. People are to be told of the column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from driftwatch.incidents.finding import Finding
from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.rules import Rule
from driftwatch.incidents.words import join_words
from driftwatch.profiles.grid import get_recipe

__all__ = ["yield_to_carriers"]


def yield_to_carriers(
    findings: Sequence[Finding], pairs: Sequence[Pair], rules: Sequence[Rule]
) -> Iterator[Finding]:
    """Yield the findings of a batch, those about derived columns minor where a carrier explains them.

    A carrier explains what is derived from it when something that is not minor was found about it. A column
    that an explicit rule names is told of in any case.
    """
    told = {finding.column for finding in findings if not finding.minor}
    named = {rule.column for rule in rules}
    recipes = {pair.column: recipe for pair in pairs if (recipe := get_recipe(pair.reference.grid))}
    for finding in findings:
        recipe = recipes.get(finding.column or "")
        moved = [column for column in recipe.columns if column in told] if recipe else []
        if not moved or finding.column in named:
            yield finding
        else:
            why = f"it follows from what was found in {join_words(moved)}"
            yield replace(finding, minor=True, text=f"{finding.text}; {why}", plain=why)
