"""Columns derived from the numbers of a batch, counted on grids like any other column.

Nothing else in the house knows that they are derived but those who judge what was delivered: a derived
column was not, so that it is judged by its distribution alone, and only where its carriers have values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.profiles.columns import ColumnOptions, get_column
from driftwatch.profiles.counts import Counts, count_numbers
from driftwatch.profiles.fitting import fit_recipes
from driftwatch.profiles.grid import Grid, NumberGrid, build_number_grid, get_recipe
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.recipes import Recipe, compute_values, standardise
from driftwatch.profiles.values import read_by_row

__all__ = ["build_derived_grids", "count_derived", "find_unjudged", "skip_derived"]

_MOST_ROWS = 1_000_000
_MOST_VALUES = 10_000_000
"""A reference with more rows, or more numbers in all, is fitted on an even sample of its rows."""
_ROWS_AT_ONCE = 65_536

Values = NDArray[np.float64]


def build_derived_grids(
    tables: Sequence[pa.Table], grids: Mapping[str, Grid], options: ColumnOptions
) -> dict[str, Grid]:
    """Return the grids of the columns derived from the number columns among `grids`, by their names.

    `tables` are the rows of the reference. No name is that of a column of theirs.

    >>> rows = pa.table({"a": [1.0, 2.0, 3.0, 4.0] * 25, "b": [1.0, 2.0, 3.0, 5.0] * 25})
    >>> own = {name: NumberGrid(points=np.array([1.0])) for name in ("a", "b")}
    >>> list(build_derived_grids([rows], own, ColumnOptions()))
    ['a × b', 'PCA 1', 'PCA last']
    """
    numbers = [name for name, grid in grids.items() if grid.kind == "number"]
    if len(numbers) < 2:
        return {}
    taken = {*grids, *(name for table in tables for name in table.column_names)}
    values = _sample_values(tables, numbers, options)
    fitted = fit_recipes(numbers, values)
    recipes = {_choose_name(wanted, taken): recipe for wanted, recipe in fitted.items()}
    kept = {name: recipe for name, recipe in recipes.items() if name not in options.exclude}
    return dict(_build_grids(kept, dict(zip(numbers, values.T, strict=True))))


def _choose_name(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted} ({number})"
    return name


def _sample_values(tables: Sequence[pa.Table], numbers: Sequence[str], options: ColumnOptions) -> Values:
    rows = sum(table.num_rows for table in tables)
    step = max(1, -(-rows // min(_MOST_ROWS, _MOST_VALUES // len(numbers))))
    sampled, seen = [], 0
    for table in tables:
        first = -seen % step
        columns = [_read_rows(table, name, options)[first::step] for name in numbers]
        sampled.append(np.column_stack(columns))
        seen += table.num_rows
    return np.concatenate(sampled)


def _build_grids(
    recipes: Mapping[str, Recipe], values: Mapping[str, Values]
) -> Iterator[tuple[str, NumberGrid]]:
    for name, computed in compute_values(recipes, _standardise_all(recipes, values)):
        grid = build_number_grid(computed[~np.isnan(computed)])
        yield name, replace(grid, recipe=recipes[name])


def _standardise_all(recipes: Mapping[str, Recipe], values: Mapping[str, Values]) -> dict[str, Values]:
    carriers = {carrier.column: carrier for recipe in recipes.values() for carrier in recipe.carriers}
    return {column: standardise(values[column], carrier) for column, carrier in carriers.items()}


def count_derived(grids: Mapping[str, Grid], table: pa.Table, options: ColumnOptions) -> dict[str, Counts]:
    """Return the rows of `table` counted on the derived columns among `grids`.

    A row without a value has none of the batch's columns that a product needs, or lacks a column that any
    derived one needs: it is counted as missing.
    """
    recipes = {name: recipe for name, grid in grids.items() if (recipe := get_recipe(grid))}
    if not recipes:
        return {}
    pieces = (table.slice(start, _ROWS_AT_ONCE) for start in range(0, table.num_rows, _ROWS_AT_ONCE))
    counted = [dict(_count_piece(grids, recipes, piece, options)) for piece in pieces]
    return {name: reduce(add, (counts[name] for counts in counted)) for name in recipes}


def _count_piece(
    grids: Mapping[str, Grid], recipes: Mapping[str, Recipe], table: pa.Table, options: ColumnOptions
) -> Iterator[tuple[str, Counts]]:
    present = set(table.column_names)
    possible = {name: recipe for name, recipe in recipes.items() if set(recipe.columns) <= present}
    carriers = {column for recipe in possible.values() for column in recipe.columns}
    rows = {column: _read_rows(table, column, options) for column in carriers}
    values = dict(compute_values(possible, _standardise_all(possible, rows)))
    for name in recipes:
        grid, computed = grids[name], values.get(name, np.empty(0))
        known = computed[~np.isnan(computed)]
        if isinstance(grid, NumberGrid):
            yield name, count_numbers(grid, known, missing=table.num_rows - len(known))


def _read_rows(table: pa.Table, name: str, options: ColumnOptions) -> Values:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    try:
        return read_by_row(get_column(table, name), options.missing)
    except (pa.ArrowException, DataError):
        return np.full(table.num_rows, np.nan)


def skip_derived(name: str, options: ColumnOptions) -> str | None:
    """Return why a derived column is not judged, as far as names tell; None when it may be."""
    if not options.derived:
        return "derived columns are switched off"
    return "excluded by the configuration" if name in options.exclude else None


def find_unjudged(profile: Profile) -> frozenset[str]:
    """Return the columns that cannot be judged: absent ones, and derived ones whose carriers have no values.

    What is wrong with a carrier is told of the carrier alone.
    """
    recipes = {
        name: recipe for name, counts in profile.columns.items() if (recipe := get_recipe(counts.grid))
    }
    carriers = {column for recipe in recipes.values() for column in recipe.columns}
    empty = {name for name in carriers & profile.columns.keys() if not profile.columns[name].values}
    gone = empty | profile.absent
    unsupported = {name for name, recipe in recipes.items() if not gone.isdisjoint(recipe.columns)}
    return profile.absent | unsupported
