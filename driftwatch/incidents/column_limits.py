"""Why the limits of one column are what they are: its rules, the budget, and how it usually moves."""

from __future__ import annotations

from collections.abc import Iterator

from driftwatch.calibration.weighing import Scale
from driftwatch.incidents.explaining import Allowed, say_promise, say_scores
from driftwatch.incidents.readings import PartReading, Reading
from driftwatch.incidents.rules import Rule
from driftwatch.incidents.why_not import ASPECT_WORDS
from driftwatch.incidents.words import say_number, say_percent

__all__ = ["explain_column_limits", "find_limit"]


def find_limit(allowed: Allowed, column: str, statistic: str, *, is_derived: bool = False) -> float | None:
    """Return what a statistic of a column may not exceed, None where it has no limit of its own.

    With several rules it is the strictest; the minimum effect is the limit of the moved share.

    >>> find_limit(Allowed(minimum_effect=0.02), "fee", "moved_share")
    0.02
    >>> find_limit(Allowed(rules=(Rule(column="*", statistic="psi", limit=0.25),)), "fee", "psi")
    0.25
    """
    limits = [
        rule.limit
        for rule in _list_rules(allowed, column, is_derived=is_derived)
        if rule.statistic == statistic and rule.limit is not None
    ]
    if statistic == "moved_share" and allowed.minimum_effect is not None:
        limits.append(allowed.minimum_effect)
    return min(limits, default=None)


def explain_column_limits(
    allowed: Allowed, column: str, reading: Reading | None, importance: float, *, is_derived: bool = False
) -> tuple[str, ...]:
    """Return, in sentences, what a column is judged by and where its limits come from.

    `reading` is that of the window that is looked at, None where it was not scored or that is gone.
    """
    return tuple(_say_limits(allowed, column, reading, importance, is_derived=is_derived))


def _say_limits(
    allowed: Allowed, column: str, reading: Reading | None, importance: float, *, is_derived: bool
) -> Iterator[str]:
    for rule in _list_rules(allowed, column, is_derived=is_derived):
        yield _say_rule(rule)
    if allowed.promise is None and allowed.minimum_effect is None:
        yield "No false-alarm budget is at work: explicit limits judge alone."
        return
    if allowed.minimum_effect is not None:
        least = say_percent(allowed.minimum_effect)
        yield f"Nobody is told of a change of which no more than {least} of the rows can be shown."
    if importance != 1:
        yield f"Its scores are multiplied by its importance, {importance:g}."
    if reading is None:
        yield (
            f"The limit of its score follows from a promise: {say_promise(allowed.promise)}. What this "
            "window scored in this column is not at hand."
        )
        return
    yield from say_scores(reading, allowed)
    for aspect, words in ASPECT_WORDS.items():
        # The first is the one that is furthest out.
        for part in reading.find_parts(column, aspect)[:1]:
            yield _say_part(part, words)


def _list_rules(allowed: Allowed, column: str, *, is_derived: bool) -> list[Rule]:
    return [rule for rule in allowed.rules if rule.is_about(column, is_derived=is_derived)]


def _say_rule(rule: Rule) -> str:
    if rule.p_value is not None:
        return f"A rule of yours: {rule.statistic} may not be less likely by chance than {rule.p_value:g}."
    return f"A rule of yours: {rule.statistic} may be up to {say_number(rule.limit)}."


def _say_part(part: PartReading, words: str) -> str:
    over = "in this window" if part.scale is Scale.SHORT else "over all windows of a season cycle"
    return f"By {words} this column scores {say_number(max(0.0, part.score))} {over}."
