"""What is within its limit, and not far enough below it to calm an incident: hysteresis in level.

A value that wanders about its limit would open and resolve an incident again and again. To calm a member it
must fall to the clear level, by default nine tenths of the limit; between the two a window neither breaches
nor calms. Rules have the level in units of their statistic (`clear`), the budget on its scale of scores,
whose unit is the standard deviation of a normal law. Limits on a p-value have no such level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from driftwatch.calibration.layout import Aspect
from driftwatch.incidents.compared import Compared
from driftwatch.incidents.finding import Finding, FindingKind, Near
from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.rules import CLEAR_PART, KINDS_OF_STATISTIC, Judging, Rule
from driftwatch.incidents.weighed import Weighing
from driftwatch.profiles.grid import CategoryGrid

__all__ = ["Measures", "find_near"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measures:
    """What was measured in a window: its columns, and itself; None where that could not be measured."""

    compared: Compared
    whole: Mapping[str, float | None]


def find_near(
    judging: Judging,
    pairs: Sequence[Pair],
    measures: Measures,
    *,
    weighing: Weighing | None,
    findings: Sequence[Finding],
) -> tuple[Near, ...]:
    """Return what is between its clear level and its limit, and was not found to be beyond another."""
    beyond = {(finding.column, finding.kind) for finding in findings}
    near = [
        *_find_near_rules(judging.rules, pairs, measures),
        *(_find_near_scores(weighing, pairs) if weighing is not None else ()),
    ]
    if weighing is None and judging.minimum_effect is not None:
        near += [
            Near(column=column, kind=FindingKind.DRIFT)
            for column, share in measures.compared.moved_shares.items()
            if CLEAR_PART * judging.minimum_effect < share <= judging.minimum_effect
        ]
    return tuple(one for one in dict.fromkeys(near) if (one.column, one.kind) not in beyond)


def _find_near_rules(
    rules: Sequence[Rule],
    pairs: Sequence[Pair],
    measures: Measures,
) -> Iterator[Near]:
    for rule in rules:
        kind = KINDS_OF_STATISTIC.get(rule.statistic, FindingKind.DRIFT)
        if _is_near(rule, measures.whole.get(rule.statistic)):
            yield Near(column=None, kind=kind)
        for pair in pairs:
            statistic = measures.compared.statistics[pair.column].get(rule.statistic)
            is_near = statistic is not None and _is_near(rule, statistic.value)
            if is_near and rule.is_about(pair.column, is_derived=pair.is_derived):
                yield Near(column=pair.column, kind=kind)


def _is_near(rule: Rule, value: float | None) -> bool:
    level = rule.clear_level
    return value is not None and level is not None and rule.limit is not None and level < value <= rule.limit


def _find_near_scores(weighing: Weighing, pairs: Sequence[Pair]) -> Iterator[Near]:
    weighed, layout = weighing.weighed, weighing.baseline.layout
    near = (weighed.short > CLEAR_PART * weighed.short_limit) | (
        weighed.long > CLEAR_PART * weighed.long_limit
    )
    grids = {pair.column: pair.reference.grid for pair in pairs}
    for place in np.flatnonzero(near & ~weighed.above).tolist():
        part = layout.parts[place]
        if part.aspect is Aspect.VOLUME:
            yield Near(column=None, kind=FindingKind.VOLUME)
        elif part.aspect is Aspect.REPEATED:
            yield Near(column=None, kind=FindingKind.REPEATED_KEYS)
        elif part.column in grids:
            beyond = isinstance(grids[part.column], CategoryGrid)
            kinds = {
                Aspect.DRIFT: FindingKind.DRIFT,
                Aspect.MISSING: FindingKind.MISSING,
                Aspect.BEYOND: FindingKind.UNSEEN if beyond else FindingKind.RANGE,
            }
            yield Near(column=part.column, kind=kinds[part.aspect])
