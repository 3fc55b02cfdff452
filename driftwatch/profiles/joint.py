"""Two columns counted together: how the rows of each name of one spread over the cells of the other.

Marginal counts, which are all that is stored, cannot say which rows carry a change; joint ones can. They are
made by reading rows once more, and hold no row either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.profiles.columns import ColumnOptions, get_column
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid, Grid, NumberGrid
from driftwatch.profiles.values import code_names, read_by_row

__all__ = [
    "APART",
    "Divide",
    "JointCounts",
    "Layout",
    "Target",
    "build_divide",
    "build_target",
    "count_joint",
]

APART = 3
"""Groups that come after the names of a column: its rarer names, those never seen before, and none at all."""

_NAMES = 50
_QUANTILES = 12
_HEAVY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """A column whose change is to be explained, and the coarse grid that its rows are counted on.

    Its cells are those of the grid, and one more for rows without a value.
    """

    column: str
    grid: Grid

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.grid.cells + 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Divide:
    """A column whose names divide the rows into groups: one a name, then the `APART` others."""

    column: str
    grid: CategoryGrid

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self.grid.names) + APART


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """What is counted together: every target with every divide, but none with itself."""

    targets: tuple[Target, ...]
    divides: tuple[Divide, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that have to be read."""
        names = [*(one.column for one in self.targets), *(one.column for one in self.divides)]
        return tuple(dict.fromkeys(names))

    @property
    def pairs(self) -> Iterator[tuple[Target, Divide]]:
        """Every target with every divide, in order."""
        return (
            (target, divide)
            for target in self.targets
            for divide in self.divides
            if target.column != divide.column
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointCounts:
    """How many rows were counted, and for each pair of a layout the rows by group and cell: (groups, cells).

    Counts of other rows on the same layout add up.
    """

    rows: int
    tables: tuple[NDArray[np.int64], ...]

    def __add__(self, other: JointCounts) -> JointCounts:
        """Return the counts of the rows of both."""
        tables = (ours + theirs for ours, theirs in zip(self.tables, other.tables, strict=True))
        return JointCounts(rows=self.rows + other.rows, tables=tuple(tables))


def build_target(column: str, usual: Counts) -> Target:
    """Return a column on a coarse grid of its reference's `usual` counts.

    Numbers have a dozen quantiles and the values that hold a twentieth of the rows each: on few cells chance
    looks less like a change. Names are the 50 most frequent.
    """
    grid = usual.grid
    if isinstance(grid, CategoryGrid):
        return Target(column=column, grid=_trim(grid))
    return Target(column=column, grid=NumberGrid(points=_choose_points(grid, usual), kind=grid.kind))


def _choose_points(grid: NumberGrid, usual: Counts) -> NDArray[np.float64]:
    total = int(usual.cells.sum())
    if total == 0 or len(grid.points) == 0:
        return grid.points[:0]
    below = np.cumsum(usual.cells)
    ranks = np.arange(1, _QUANTILES + 1) * total / (_QUANTILES + 1)
    chosen = np.searchsorted(below, ranks) // 2
    heavy = np.flatnonzero(usual.cells[1::2] >= _HEAVY * total)
    ends = [0, len(grid.points) - 1]
    places = np.unique(np.concatenate([chosen, heavy, ends]).clip(0, len(grid.points) - 1))
    chosen_points: NDArray[np.float64] = grid.points[places]
    return chosen_points


def build_divide(column: str, grid: CategoryGrid) -> Divide:
    """Return a column by whose 50 most frequent names rows are divided."""
    return Divide(column=column, grid=_trim(grid))


def _trim(grid: CategoryGrid) -> CategoryGrid:
    return CategoryGrid(
        names=grid.names[:_NAMES],
        others=(*grid.names[_NAMES:], *grid.others),
        knows_all=grid.knows_all,
        kind=grid.kind,
    )


def count_joint(layout: Layout, table: pa.Table, options: ColumnOptions) -> JointCounts:
    """Return the rows of `table` counted; a column that is not there or cannot be read has no value anywhere.

    >>> from driftwatch.profiles.grid import build_number_grid
    >>> grid = build_number_grid(np.array([1.0, 2.0]))
    >>> layout = Layout(
    ...     targets=(Target(column="x", grid=grid),),
    ...     divides=(Divide(column="c", grid=CategoryGrid(names=("a",))),),
    ... )
    >>> rows = pa.table({"x": [1.0, 3.0, None], "c": ["a", "b", "a"]})
    >>> count_joint(layout, rows, ColumnOptions()).tables[0].tolist()
    [[0, 1, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0]]
    """
    cells = {one.column: _code(table, one.column, one.grid, options) for one in layout.targets}
    groups = {one.column: _code(table, one.column, one.grid, options) for one in layout.divides}
    return JointCounts(
        rows=table.num_rows,
        tables=tuple(
            np.bincount(
                groups[divide.column] * target.cells + cells[target.column],
                minlength=divide.groups * target.cells,
            ).reshape(divide.groups, target.cells)
            for target, divide in layout.pairs
        ),
    )


def _code(table: pa.Table, name: str, grid: Grid, options: ColumnOptions) -> NDArray[np.int64]:
    """Return the cell of every row on `grid`; the one after the last where there is no value."""
    nothing = grid.cells
    if name not in table.column_names:
        return np.full(table.num_rows, nothing, dtype=np.int64)
    try:
        column = get_column(table, name)
        if isinstance(grid, CategoryGrid):
            return code_names(column, grid, options.missing)
        values = read_by_row(column, options.missing)
    except (pa.ArrowException, DataError):
        return np.full(table.num_rows, nothing, dtype=np.int64)
    found = np.searchsorted(grid.points, values, "left") + np.searchsorted(grid.points, values, "right")
    return np.where(np.isnan(values), nothing, found).astype(np.int64)
