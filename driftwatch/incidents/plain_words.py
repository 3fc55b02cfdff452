"""How the values of a column changed, for people who read no statistics: typical values and numbers of rows.

A natural frequency ("about 1 in 5 rows, and used to be in about 1 in 20") is understood by more people than a
share, and a share by more than a distance: G. Gigerenzer and U. Hoffrage, "How to improve Bayesian reasoning
without instruction", Psychological Review 102, 1995.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.incidents.kinds_of_change import find_story, say_change
from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.phrases import find_middle, name_cell, say_middle_change, say_value
from driftwatch.incidents.words import say_count, say_odds
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid, NumberGrid, get_recipe
from driftwatch.statistics.change_kind import Change, ChangeKind

__all__ = ["Gain", "describe_drift", "find_gain", "say_plainly", "say_rows_of"]

# What these stories say has its own numbers: how many rows lie where would tell the same again.
_COMPLETE: Final = frozenset(
    {ChangeKind.UNIT, ChangeKind.RENAME, ChangeKind.FLOOD, ChangeKind.TRUNCATION, ChangeKind.MISSING}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Values above `low` and up to `high`, None where there is no bound: their share of all rows."""

    low: float | None
    high: float | None
    before: float
    now: float


def say_plainly(pair: Pair, change: Change | None = None) -> str | None:
    """Return how a column changed, without a full stop; None where nothing can be said in these words.

    `change` is the story that explains it, where there is one.
    """
    recipe = get_recipe(pair.reference.grid)
    if recipe is not None:
        return f"{recipe.shows} is not what it was"
    story = None if change is None else _say_story(change)
    if change is not None and story is not None and change.kind in _COMPLETE:
        share = _find_share(change)
        return story if share is None else f"{story} (that is {say_rows_of(share)})"
    grid = pair.reference.grid
    if isinstance(grid, CategoryGrid):
        return _say_name_gain(pair, grid) or story
    if grid.kind == "time":
        return _say_days(pair)
    parts = [story or say_middle_change(pair), _say_range_gain(pair)]
    return "; ".join(filter(None, parts)) or None


def _say_story(change: Change) -> str | None:
    """Return what happened without a factor: that values crowd or spread is seen, how much is not."""
    if change.kind not in {ChangeKind.SHIFT, ChangeKind.SCALE} or change.factor in {None, 1.0}:
        return say_change(change)
    apart = "further apart" if abs(change.factor or 1.0) > 1 else "closer together"
    before, after = change.before, change.after
    if before is None or after is None or say_value(before) == say_value(after):
        return f"values lie {apart} than before"
    return f"typical values moved from {say_value(before)} to {say_value(after)} and lie {apart}"


def describe_drift(pair: Pair) -> tuple[str | None, str | None]:
    """Return what happened to a column in one sentence, for those who read numbers and for everyone."""
    story = find_story(pair)
    return (None if story is None else say_change(story)), say_plainly(pair, story)


def say_rows_of(share: float) -> str:
    """Return a share of the rows as a natural frequency.

    >>> [say_rows_of(share) for share in (0, 0.05, 0.5, 0.63, 0.999)]
    ['no rows', 'about 1 in 20 rows', 'about half of the rows', 'about 6 in 10 rows', 'nearly all rows']
    """
    if share <= 0:
        return "no rows"
    odds = say_odds(share)
    return f"{odds} of the rows" if odds == "about half" else f"{odds} rows"


def find_gain(reference: Counts, current: Counts) -> Gain | None:
    """Return the range of values that gained the greatest share of all rows; None where none gained.

    Notes
    -----
    With D(x) the cumulative share now minus then, the range (a, b] that gained most has the greatest
    D(b) − D(a): one pass with the smallest D so far finds it among all pairs of points. Of ranges that gained
    the same the shortest is taken; shares are compared to 12 digits, for their last ones are the machine's.

    Examples
    --------
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> values = np.arange(100.0)
    >>> grid = build_number_grid(values)
    >>> find_gain(count_numbers(grid, values), count_numbers(grid, values + 40))
    Gain(low=99.0, high=None, before=0.0, now=0.4)
    """
    grid = reference.grid
    if not isinstance(grid, NumberGrid) or len(grid.points) == 0 or 0 in (reference.rows, current.rows):
        return None
    before, now = _accumulate(reference), _accumulate(current)
    grown = np.round(now - before, 12)
    least = np.minimum.accumulate(grown)
    end = int(np.argmax(grown - least))
    start = end - int(np.argmin(grown[end::-1]))
    if start == end:
        return None
    return Gain(
        low=None if start == 0 else float(grid.points[start - 1]),
        high=None if end == len(grid.points) + 1 else float(grid.points[end - 1]),
        before=round(float(before[end] - before[start]), 12),
        now=round(float(now[end] - now[start]), 12),
    )


def _accumulate(counts: Counts) -> NDArray[np.float64]:
    """Return the share of all rows below the first point, up to each point, and with a number at all."""
    below = counts.negative_infinite + np.cumsum(counts.cells)
    whole = int(below[-1]) + counts.positive_infinite
    return np.concatenate([[0.0], below[1::2], [whole]]) / counts.rows


def _say_range_gain(pair: Pair) -> str | None:
    gain = find_gain(pair.reference, pair.current)
    if gain is None:
        return None
    bounds = []
    if gain.low is not None:
        bounds.append(f"above {say_value(gain.low)}")
    if gain.high is not None:
        bounds.append(f"up to {say_value(gain.high)}")
    if len({bound.split()[-1] for bound in bounds}) < len(bounds) or not bounds:
        return None
    return _say_gain(f"values {' and '.join(bounds)} are", gain.before, gain.now)


def _say_gain(what: str, before: float, now: float) -> str | None:
    then, today = say_rows_of(before), say_rows_of(now)
    return None if then == today else f"{what} in {today} now, and used to be in {then}"


def _say_name_gain(pair: Pair, grid: CategoryGrid) -> str | None:
    if 0 in (pair.reference.rows, pair.current.rows):
        return None
    before, now = pair.reference.cells / pair.reference.rows, pair.current.cells / pair.current.rows
    cell = int(np.argmax(now - before))
    if now[cell] <= before[cell]:
        return None
    is_one = cell not in {grid.other_cell, grid.unseen_cell}
    what = f"`{name_cell(grid, cell)}` is" if is_one else f"{name_cell(grid, cell)} are"
    return _say_gain(what, float(before[cell]), float(now[cell]))


def _say_days(pair: Pair) -> str | None:
    """Return by how much dates moved: they are counted as ages at the end of the window."""
    middles = [_find_typical(counts) for counts in (pair.reference, pair.current)]
    if None in middles:
        return None
    before, now = (middle or 0.0 for middle in middles)
    days = round(abs(now - before))
    return f"typical dates lie {say_count(days, 'day')} from where they used to" if days else None


def _find_typical(counts: Counts) -> float | None:
    grid = counts.grid
    return find_middle(counts, grid) if isinstance(grid, NumberGrid) else None


def _find_share(change: Change) -> float | None:
    """Return the share of rows that a story is about, where a frequency makes it plainer."""
    share = change.share
    return share if share is not None and 0 < share < 1 and change.kind is not ChangeKind.RENAME else None
