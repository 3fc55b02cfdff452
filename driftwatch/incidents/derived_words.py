"""What moved in a derived column, in words: told of the columns that carry it."""

from __future__ import annotations

import math

from driftwatch.incidents.words import say_number
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.recipes import Form, Recipe

__all__ = ["say_derived_change"]


def say_derived_change(recipe: Recipe, reference: Counts, current: Counts) -> str:
    """Return what a derived column shows and how that changed, as a clause; values are on both sides.

    The mean of a product is the correlation of its factors as long as neither of them moves.
    """
    before, now = _find_mean(reference), _find_mean(current)
    if recipe.form is Form.PRODUCT:
        what = f"their mean product, in the reference their correlation, went from {_say(before, now)}"
    elif recipe.form is Form.NORM:
        what = f"rows deviate from it by {say_number(now)} where {say_number(before)} is usual"
    else:
        what = _say_score(reference, current)
    return f"{recipe.shows}: {what}"


def _say_score(reference: Counts, current: Counts) -> str:
    before, now = _find_mean(reference), _find_mean(current)
    usual, spread = _find_deviation(reference), _find_deviation(current)
    # Which of the two sets both sides further apart, in deviations of the reference.
    if abs(now - before) >= abs(spread - usual):
        return f"its mean went from {_say(before, now)}"
    return f"its deviation went from {_say(usual, spread)}"


def _say(before: float, now: float) -> str:
    return f"{before:.2f} to {now:.2f}" if abs(before) < 10 else f"{say_number(before)} to {say_number(now)}"


def _find_mean(counts: Counts) -> float:
    return counts.sums.total / max(1, counts.values)


def _find_deviation(counts: Counts) -> float:
    return math.sqrt(max(0.0, counts.sums.squares / max(1, counts.values) - _find_mean(counts) ** 2))
