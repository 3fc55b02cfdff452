"""What is scored of a monitor's windows: its columns on coarse grids, and the parts they are looked at in.

Coarse grids nest in the fine ones: their cells are sums of neighbouring cells, so that a distance on them
is a lower bound of the distance on the fine ones, and no row is read again.

*Why coarse:* a week of 200 columns has to be held and compared in milliseconds. With 128 quantiles a shift
is seen as well as with 4,096; what hides between two of them is less than 1 % of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from statistics import median

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid, Grid, get_recipe
from driftwatch.profiles.reference import Reference
from driftwatch.statistics.rates import liken_unseen

__all__ = [
    "MAX_COARSE_NAMES",
    "MAX_COARSE_POINTS",
    "VOLUME_PLACE",
    "Aspect",
    "Layout",
    "Part",
    "build_layout",
]

MAX_COARSE_POINTS = 128
"""Quantiles of the reference that scores are computed on."""
MAX_COARSE_NAMES = 50
"""Categories that are scored one by one; the others are scored together."""
VOLUME_PLACE = -2
"""Where the volume stands among the parts."""
_LEAST_EXPECTED = 5
"""Rows of a usual window that a category has to have to be scored by itself."""


class Aspect(StrEnum):
    """What is looked at in a column, or in a window as a whole."""

    DRIFT = "drift"  # How its values are distributed.
    MISSING = "missing"  # The share of missing values.
    BEYOND = "beyond"  # The share of values outside the reference's range, or of unseen categories.
    VOLUME = "volume"  # How many rows the window has.
    REPEATED = "repeated"  # The share of rows that repeat a key.


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Part:
    """One thing that is scored; `column` is "" for the window as a whole."""

    column: str
    aspect: Aspect


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """The order in which columns and parts are kept in arrays.

    `columns` are the P columns in order. `starts` are, for each column, the fine cells at which a coarse
    cell begins; `width` is the greatest number of coarse cells. `is_number` and `is_derived` have shape (P,):
    a derived column is nothing that is delivered, and only its drift is scored. `unseen_hits`
    and `unseen_rows`, both (P,), say what the reference knows of unseen categories, as hits among rows;
    0 rows where it knows nothing. Parts are the P drifts, the P missing shares, the P shares beyond, then
    volume and repeated keys.
    """

    columns: tuple[str, ...]
    starts: tuple[NDArray[np.int64], ...]
    is_number: NDArray[np.bool_]
    is_derived: NDArray[np.bool_]
    unseen_hits: NDArray[np.int64]
    unseen_rows: NDArray[np.int64]

    @property
    def width(self) -> int:
        """Return the greatest number of coarse cells that a column has."""
        return max((len(starts) for starts in self.starts), default=1)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Return the parts in order, 3P + 2 of them."""
        by_column = (
            Part(column=name, aspect=aspect)
            for aspect in (Aspect.DRIFT, Aspect.MISSING, Aspect.BEYOND)
            for name in self.columns
        )
        whole = (Part(column="", aspect=Aspect.VOLUME), Part(column="", aspect=Aspect.REPEATED))
        return (*by_column, *whole)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Return where each column stands among the columns."""
        return {name: place for place, name in enumerate(self.columns)}

    @cached_property
    def place(self) -> Mapping[Part, int]:
        """Return where each part stands."""
        return {part: place for place, part in enumerate(self.parts)}


def build_layout(reference: Reference) -> Layout:
    """Return the layout of everything that `reference` judges.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from driftwatch.profiles.build import build_reference
    >>> from driftwatch.profiles.columns import ColumnOptions
    >>> rows = pa.table({"amount": [1.0, 2.0, 2.0], "plan": ["a", "b", "a"]})
    >>> layout = build_layout(build_reference([(None, rows)], ColumnOptions()))
    >>> layout.columns, layout.width, len(layout.parts)
    (('amount', 'plan'), 5, 8)
    """
    names = tuple(reference.grids)
    total = reference.total.columns
    filled = [block.profile.rows for block in reference.blocks if block.profile.rows]
    usual = median(filled) if filled else 0
    starts = [_choose_starts(reference.grids[name], total[name], usual) for name in names]
    unseen = [_liken(reference.grids[name], total[name]) for name in names]
    return Layout(
        columns=names,
        starts=tuple(starts),
        is_number=np.array(
            [not isinstance(reference.grids[name], CategoryGrid) for name in names], dtype=bool
        ),
        is_derived=np.array([get_recipe(reference.grids[name]) is not None for name in names], dtype=bool),
        unseen_hits=np.array([hits for hits, _ in unseen], dtype=np.int64),
        unseen_rows=np.array([rows for _, rows in unseen], dtype=np.int64),
    )


def _liken(grid: Grid, counts: Counts) -> tuple[int, int]:
    if not isinstance(grid, CategoryGrid) or counts.values == 0:
        return 0, 0
    hits, rows = liken_unseen(grid, counts.values)
    return (hits, rows) if hits < rows else (0, 0)


def _choose_starts(grid: Grid, total: Counts, usual: float) -> NDArray[np.int64]:
    if isinstance(grid, CategoryGrid):
        return _choose_names(grid, total, usual)
    points = len(grid.points)
    through = np.cumsum(total.cells)[1::2]
    n = int(through[-1]) if points else 0
    if points <= MAX_COARSE_POINTS or n == 0:
        return np.arange(grid.cells, dtype=np.int64)
    targets = -(-np.arange(1, MAX_COARSE_POINTS + 1, dtype=np.int64) * n // MAX_COARSE_POINTS)
    chosen = np.unique(np.concatenate([[0], np.searchsorted(through, targets), [points - 1]]))
    at = 2 * chosen + 1
    return np.concatenate([[0], np.ravel(np.column_stack([at, at + 1]))]).astype(np.int64)


def _choose_names(grid: CategoryGrid, total: Counts, usual: float) -> NDArray[np.int64]:
    """Return the first cells of: each frequent name, all others together, the unseen ones."""
    rows = max(1, total.values)
    frequent = int(np.count_nonzero(total.cells[: len(grid.names)] * (usual / rows) >= _LEAST_EXPECTED))
    alone = min(frequent, MAX_COARSE_NAMES)
    return np.array([*range(alone), alone, grid.unseen_cell], dtype=np.int64)
