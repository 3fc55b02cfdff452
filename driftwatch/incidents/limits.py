"""The default limits: what a batch may differ by before it is found, from chance and a minimum effect.

Each needs both: more than chance explains, and a share of rows that is worth telling. Rates are judged
against what a reference of that size predicts, not against its plain share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.pairs import Pair, count_missing
from driftwatch.incidents.phrases import (
    say_missing,
    say_moved,
    say_range,
    say_repeated_keys,
    say_repeated_window,
    say_rows,
    say_unseen,
)
from driftwatch.incidents.plain_words import describe_drift
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.profiles.keys import KeySample
from driftwatch.profiles.window import Window
from driftwatch.statistics.range_share import count_outside
from driftwatch.statistics.rates import range_p_value, rate_p_value, unseen_p_value
from driftwatch.statistics.resemblance import chance_of_repeat
from driftwatch.statistics.volume import volume

__all__ = [
    "Effect",
    "count_rates",
    "find_drift",
    "find_rates",
    "find_repeated_keys",
    "find_repeated_window",
    "find_volume",
    "sum_keys",
]

_KINDS_OF_RATE = 2
"""Each column has two rates: missing, and range or unseen."""
_LEAST_BLOCKS = 3
"""Blocks of the reference from which the number of rows can be judged."""
_LEAST_PART = 0.5
"""Of the smallest block's rows: fewer are a shortfall."""
_CHANCE_OF_REPEAT = 1e-6
_EARLIER_WINDOWS = 100_000
"""Earlier windows that one may repeat by chance: those of a quarter-hourly monitor in almost three years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What has to be exceeded: `minimum`, a share of rows, with a chance below `alpha` of being wrong."""

    minimum: float
    alpha: float


def count_rates(columns: int) -> int:
    """Return how many rates a batch of so many columns is judged by, its keys included."""
    return _KINDS_OF_RATE * columns + 1


def find_drift(pair: Pair, moved: float, minimum_effect: float) -> Finding | None:
    """Return the finding that at least a share `moved` of the rows moved, if that is above the minimum."""
    if moved <= minimum_effect:
        return None
    how, plain = describe_drift(pair)
    return Finding(
        column=pair.column,
        kind=FindingKind.DRIFT,
        statistic="moved_share",
        value=moved,
        limit=minimum_effect,
        text=say_moved(pair, moved, how),
        plain=plain,
        moved_share=moved,
    )


def find_rates(pair: Pair, effect: Effect) -> Iterator[Finding]:
    """Yield the findings about missing, unseen and out-of-range rows of a column, none of a derived one."""
    if pair.is_derived:
        return
    for found in (_find_missing(pair, effect), _find_unseen(pair, effect), _find_range(pair, effect)):
        if found is not None:
            yield found


def _find_missing(pair: Pair, effect: Effect) -> Finding | None:
    usual, hits = count_missing(pair.reference), count_missing(pair.current)
    if hits == 0:
        return None
    usual_rows, rows = pair.reference.rows, pair.current.rows
    share, predicted = hits / rows, usual / usual_rows if usual_rows else 0.0
    if share <= predicted + effect.minimum or rate_p_value(usual, usual_rows, hits, rows) > effect.alpha:
        return None
    return Finding(
        column=pair.column,
        kind=FindingKind.MISSING,
        statistic="missing_share",
        value=share,
        limit=predicted + effect.minimum,
        text=say_missing(pair, share, predicted),
        moved_share=share - predicted,
    )


def _find_unseen(pair: Pair, effect: Effect) -> Finding | None:
    grid = pair.reference.grid
    if not isinstance(grid, CategoryGrid) or pair.current.cells[grid.unseen_cell] == 0:
        return None
    hits, rows, usual_rows = (
        int(pair.current.cells[grid.unseen_cell]),
        pair.current.values,
        pair.reference.values,
    )
    share, predicted = hits / rows, grid.singletons / usual_rows if usual_rows else 0.0
    if share <= predicted + effect.minimum or unseen_p_value(grid, usual_rows, hits, rows) > effect.alpha:
        return None
    return Finding(
        column=pair.column,
        kind=FindingKind.UNSEEN,
        statistic="unseen_share",
        value=share,
        limit=predicted + effect.minimum,
        text=say_unseen(pair, share),
        moved_share=share - predicted,
    )


def _find_range(pair: Pair, effect: Effect) -> Finding | None:
    if isinstance(pair.reference.grid, CategoryGrid):
        return None
    hits, usual = count_outside(pair.current), count_outside(pair.reference)
    if hits == 0:
        return None
    rows, usual_rows = _count_numbers(pair.current), _count_numbers(pair.reference)
    share, predicted = hits / rows, usual / usual_rows
    if share <= predicted + effect.minimum:
        return None
    # A reference with infinite rows has rows beyond its own range, so they are a rate like any other.
    chance = rate_p_value(usual, usual_rows, hits, rows) if usual else range_p_value(usual_rows, hits, rows)
    if chance > effect.alpha:
        return None
    return Finding(
        column=pair.column,
        kind=FindingKind.RANGE,
        statistic="range_share",
        value=share,
        limit=predicted + effect.minimum,
        text=say_range(pair, share),
        moved_share=share - predicted,
    )


def _count_numbers(counts: Counts) -> int:
    return counts.values + counts.positive_infinite + counts.negative_infinite


def find_repeated_keys(usual: Sequence[KeySample], current: KeySample, effect: Effect) -> Finding | None:
    """Return the finding that more rows repeat a key than in the reference's own blocks."""
    hits, rows = current.repeated_rows, current.rows
    if hits == 0:
        return None
    usual_hits, usual_rows = sum_keys(usual)
    share, predicted = hits / rows, usual_hits / usual_rows if usual_rows else 0.0
    if share <= predicted + effect.minimum or rate_p_value(usual_hits, usual_rows, hits, rows) > effect.alpha:
        return None
    exact = current.is_exact and all(sample.is_exact for sample in usual)
    return Finding(
        column=None,
        kind=FindingKind.REPEATED_KEYS,
        statistic="repeated_share",
        value=share,
        limit=predicted + effect.minimum,
        text=say_repeated_keys(share, predicted, exact=exact),
        moved_share=share - predicted,
    )


def sum_keys(samples: Sequence[KeySample]) -> tuple[int, int]:
    """Return (rows that repeat a key of their own block, rows) over `samples`, those of no rows left out."""
    return sum(sample.repeated_rows for sample in samples), sum(sample.rows for sample in samples)


def find_volume(usual_rows: Sequence[int], rows: int) -> Finding | None:
    """Return the finding that fewer rows came than half of the smallest block of the reference has.

    `usual_rows` are the rows of its blocks; with fewer than three that have rows nothing is chance.
    """
    usual = [count for count in usual_rows if count]
    if len(usual) < _LEAST_BLOCKS or rows >= _LEAST_PART * min(usual):
        return None
    middle = median(usual)
    return Finding(
        column=None,
        kind=FindingKind.VOLUME,
        statistic="volume",
        value=volume(usual, rows).value,
        limit=1 - _LEAST_PART * min(usual) / middle,
        text=say_rows(rows, middle),
    )


def find_repeated_window(pairs: Sequence[Pair], earlier: Window) -> Finding | None:
    """Return the finding that the counts are those of `earlier`, where chance alone hardly does that.

    The chance that all columns repeat is at most the smallest chance that one of them does; it is taken
    for as many earlier windows as a monitor may have.
    """
    chance = min((chance_of_repeat(pair.reference, pair.current.values) for pair in pairs), default=1.0)
    if chance * _EARLIER_WINDOWS >= _CHANCE_OF_REPEAT:
        return None
    return Finding(
        column=None,
        kind=FindingKind.REPEATED_WINDOW,
        statistic="repeated_window",
        value=1.0,
        limit=None,
        text=say_repeated_window(earlier),
    )
