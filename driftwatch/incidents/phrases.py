"""What was found, each finding in one plain sentence with its numbers."""

from __future__ import annotations

import numpy as np

from driftwatch.incidents.derived_words import say_derived_change
from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.words import say_count, say_number, say_odds, say_percent, say_window
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid, NumberGrid, get_recipe
from driftwatch.profiles.window import Window

__all__ = [
    "find_middle",
    "name_cell",
    "say_breach",
    "say_chance",
    "say_column_missing",
    "say_extreme",
    "say_middle_change",
    "say_missing",
    "say_moved",
    "say_range",
    "say_repeated_keys",
    "say_repeated_window",
    "say_rows",
    "say_type_changed",
    "say_unseen",
    "say_usual",
    "say_value",
]

_KINDS = {"number": "as numbers", "time": "as times", "boolean": "as true or false", "category": "as names"}
_LONGEST_NAME = 60


def say_column_missing(column: str) -> str:
    """Return the sentence for a column that is not there any more."""
    return f"the column {column} is not there any more"


def say_type_changed(pair: Pair) -> str:
    """Return the sentence for values that cannot be read as what they are in the reference."""
    kind = _KINDS[pair.current.grid.kind]
    if pair.is_unreadable:
        return f"no value in {pair.column} can be read {kind} any more"
    share = say_percent(pair.current.unreadable / pair.present)
    return f"{share} of the values in {pair.column} cannot be read {kind}"


def say_missing(pair: Pair, share: float, usual: float) -> str:
    """Return the sentence for rows without a value; `usual` is their share in the reference."""
    rows = "no row has a value" if share == 1.0 else f"{say_percent(share)} of the rows have no value"
    return f"{rows} in {pair.column}, against {say_usual(usual)} {_without(share)}in the reference"


def _without(share: float) -> str:
    return "without one " if share == 1.0 else ""


def say_unseen(pair: Pair, share: float) -> str:
    """Return the sentence for values that the reference never had."""
    return f"{say_percent(share)} of the rows have a value in {pair.column} that the reference never had"


def say_range(pair: Pair, share: float) -> str:
    """Return the sentence for values beyond the reference's smallest and largest."""
    sums = pair.reference.sums
    if pair.reference.grid.kind == "time" or sums.minimum is None or sums.maximum is None:
        beyond = "the range of the reference"
    else:
        beyond = f"the reference's {say_value(sums.minimum)} to {say_value(sums.maximum)}"
    return f"{say_percent(share)} of the values in {pair.column} lie outside {beyond}{_say_furthest(pair)}"


def say_extreme(pair: Pair, value: float) -> str:
    """Return the sentence for a single value that is far from any in the reference."""
    sums = pair.reference.sums
    if sums.minimum is None or sums.maximum is None:
        return f"{pair.column} has a value of {say_value(value)}"
    usual = f"{say_value(sums.minimum)} to {say_value(sums.maximum)}"
    return f"{pair.column} has a value of {say_value(value)}, where the reference has {usual}"


def _say_furthest(pair: Pair) -> str:
    usual, found = pair.reference.sums, pair.current.sums
    if pair.reference.grid.kind == "time" or None in (usual.minimum, usual.maximum):
        return ""
    ends = []
    if found.minimum is not None and usual.minimum is not None and found.minimum < usual.minimum:
        ends.append(f"down to {say_value(found.minimum)}")
    if found.maximum is not None and usual.maximum is not None and found.maximum > usual.maximum:
        ends.append(f"up to {say_value(found.maximum)}")
    return f", {' and '.join(ends)}" if ends else ""


def say_moved(pair: Pair, moved: float, how: str | None = None) -> str:
    """Return the sentence for a distribution that changed: `how`, or what changed most."""
    moved_rows = f"at least {say_percent(moved)} of the rows moved in {pair.column}"
    recipe = get_recipe(pair.reference.grid)
    if recipe is not None:
        return f"{moved_rows}, {say_derived_change(recipe, pair.reference, pair.current)}"
    change = how or _say_change(pair)
    return f"{moved_rows}: {change}" if change else moved_rows


def say_repeated_keys(share: float, usual: float, *, exact: bool) -> str:
    """Return the sentence for rows whose key an earlier row had."""
    about = "" if exact else ", estimated from a sample of the keys"
    return (
        f"{say_percent(share)} of the rows repeat the key of an earlier row, "
        f"against {say_usual(usual)} in the reference{about}"
    )


def say_repeated_window(earlier: Window) -> str:
    """Return the sentence for a batch whose counts are those of an earlier one."""
    return f"the rows are those of {say_window(earlier)} again: the batch seems to have been delivered twice"


def say_rows(rows: int, usual: float) -> str:
    """Return the sentence for a number of rows that is unlike the reference's; `usual` is its median."""
    return f"{say_count(rows, 'row')} came where about {round(usual):,} are usual"


def say_breach(column: str | None, statistic: str, value: float, limit: float) -> str:
    """Return what was found and what an explicit limit allows."""
    of = f" of {column}" if column else ""
    found, allowed = say_number(value), say_number(limit)
    if found == allowed:
        found, allowed = f"{value:.6g}", f"{limit:.6g}"
    return f"{statistic}{of} is {found}, the limit is {allowed}"


def say_chance(column: str, statistic: str, value: float, *, chance: float, limit: float) -> str:
    """Return what was found, how often chance alone gives as much, and what p-value a rule allows."""
    # A chance too small for a float is 0, and still a chance.
    odds = say_odds(max(chance, 1e-9))
    return (
        f"{statistic} of {column} is {say_number(value)}, as large by chance alone in {odds} batches "
        f"(p-value {say_number(chance)}, the limit is {say_number(limit)})"
    )


def say_usual(share: float) -> str:
    """Return a share of the reference in words, none where it is 0."""
    return "none" if share == 0.0 else say_percent(share)


def say_value(value: float) -> str:
    """Return a value of a column: large numbers with all their digits before the point."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else say_number(value)


def _say_change(pair: Pair) -> str:
    grid = pair.reference.grid
    if isinstance(grid, CategoryGrid):
        return _say_name_change(pair, grid)
    return "" if grid.kind == "time" else say_middle_change(pair)


def say_middle_change(pair: Pair) -> str:
    """Return from where to where the middle value of a number column went; nothing where it did not move."""
    grid = pair.reference.grid
    if isinstance(grid, CategoryGrid):
        return ""
    before, now = find_middle(pair.reference, grid), find_middle(pair.current, grid)
    if before is None or now is None or before == now:
        return ""
    return f"the middle value went from {say_value(before)} to {say_value(now)}"


def find_middle(counts: Counts, grid: NumberGrid) -> float | None:
    """Return the median as far as the counts tell it; None without numbers.

    That is the point at or next to it, or where it lies beyond the reference's range, the mean of what does.
    """
    below = np.cumsum(counts.cells)
    if below[-1] == 0 or len(grid.points) == 0:
        return None
    cell = int(np.searchsorted(below * 2, below[-1], side="left"))
    first, last = float(grid.points[0]), float(grid.points[-1])
    if cell == 0:
        return first - counts.sums.below / int(counts.cells[0])
    if cell == len(counts.cells) - 1:
        return last + counts.sums.above / int(counts.cells[-1])
    return float(grid.points[cell // 2])


def _say_name_change(pair: Pair, grid: CategoryGrid) -> str:
    ours, theirs = pair.reference.cells, pair.current.cells
    if ours.sum() == 0 or theirs.sum() == 0:
        return ""
    before, now = ours / ours.sum(), theirs / theirs.sum()
    cell = int(np.argmax(np.abs(now - before)))
    usual, found = say_usual(float(before[cell])), say_usual(float(now[cell]))
    return f"{name_cell(grid, cell)} went from {usual} to {found} of the rows"


def name_cell(grid: CategoryGrid, cell: int) -> str:
    """Return what to call the values of a cell in a sentence."""
    if cell == grid.unseen_cell:
        return "values that the reference never had"
    return "the rarer values" if cell == grid.other_cell else _cut(grid.names[cell])


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
