"""A batch of one column as counts on a grid; two of them on the same grid add up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.grid import CategoryGrid, Grid, NumberGrid, Precision

__all__ = ["Counts", "Sums", "count_names", "count_numbers", "empty_counts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Additive sums over the finite values of a column, beside its cells.

    `below` is Σ(g1 − x) over values under the first point and `above` is Σ(x − gK) over values past the
    last one: with them Wasserstein's tails are exact. `minimum` and `maximum` are None without values.
    """

    total: float = 0.0
    squares: float = 0.0
    below: float = 0.0
    above: float = 0.0
    minimum: float | None = None
    maximum: float | None = None

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            total=self.total + other.total,
            squares=self.squares + other.squares,
            below=self.below + other.below,
            above=self.above + other.above,
            minimum=min((x for x in (self.minimum, other.minimum) if x is not None), default=None),
            maximum=max((x for x in (self.maximum, other.maximum) if x is not None), default=None),
        )


@dataclass(frozen=True, slots=True, weakref_slot=True, kw_only=True, eq=False)
class Counts:
    """How many rows of a batch fell into each cell of `grid`.

    `cells` has shape (grid.cells,) and is never changed; `values` is its sum: finite numbers, or names. Rows
    without a usable value are counted apart, each on its own: `missing` (null), `nan`, `positive_infinite`,
    `negative_infinite`, and `unreadable` (a value of another type, such as text in a number column). `rows`
    is the sum of all of them.
    """

    grid: Grid
    cells: NDArray[np.int64]
    missing: int = 0
    nan: int = 0
    positive_infinite: int = 0
    negative_infinite: int = 0
    unreadable: int = 0
    sums: Sums = field(default_factory=Sums)
    values: int = field(init=False)

    def __post_init__(self) -> None:
        if self.cells.shape != (self.grid.cells,):
            raise ValueError(f"{self.cells.shape[0]} counts do not fit a grid of {self.grid.cells} cells")
        # Every statistic asks for it.
        object.__setattr__(self, "values", int(self.cells.sum()))

    @property
    def rows(self) -> int:
        """Return how many rows were counted, usable or not."""
        return self.values + sum(self.apart)

    @property
    def apart(self) -> tuple[int, int, int, int, int]:
        """Return the rows without a usable value: missing, NaN, +inf, −inf and unreadable ones."""
        return self.missing, self.nan, self.positive_infinite, self.negative_infinite, self.unreadable

    def __add__(self, other: Counts) -> Counts:
        if self.grid is not other.grid and self.grid.fingerprint != other.grid.fingerprint:
            raise ValueError("counts on different grids cannot be added")
        return Counts(
            grid=self.grid,
            cells=self.cells + other.cells,
            missing=self.missing + other.missing,
            nan=self.nan + other.nan,
            positive_infinite=self.positive_infinite + other.positive_infinite,
            negative_infinite=self.negative_infinite + other.negative_infinite,
            unreadable=self.unreadable + other.unreadable,
            sums=self.sums + other.sums,
        )


def empty_counts(grid: Grid) -> Counts:
    """Return the counts of no rows at all: adding them changes nothing."""
    return Counts(grid=grid, cells=np.zeros(grid.cells, dtype=np.int64))


def count_numbers(
    grid: NumberGrid,
    values: NDArray[np.floating],
    *,
    missing: int = 0,
    unreadable: int = 0,
    precision: Precision = "float64",
) -> Counts:
    """Return the counts of `values` (any float type; NaN and ±inf allowed) on `grid`.

    `precision` is the float type the batch came in. Values and points are compared in the coarser of it
    and the grid's: cast up, tenths stored as float32 would fall beside their float64 points.

    >>> grid = NumberGrid(points=np.array([1.0, 2.0]))
    >>> count_numbers(grid, np.array([1.0, 1.5, 7.0, np.nan])).cells.tolist()
    [0, 1, 1, 0, 1]
    """
    coarse = np.dtype(min(grid.precision, precision, key=lambda name: np.dtype(name).itemsize))
    points, batch = _round_to(grid.points, coarse), _round_to(values, coarse)
    ordered = np.sort(batch)  # NaN sorts to the end, the infinities to both ends of the rest.
    finite_from = int(np.searchsorted(ordered, -np.inf, side="right"))
    finite_to = int(np.searchsorted(ordered, np.inf, side="left"))
    not_nan = int(np.searchsorted(ordered, np.inf, side="right"))
    finite = ordered[finite_from:finite_to]
    return Counts(
        grid=grid,
        cells=_count_cells(points, finite),
        missing=missing,
        nan=len(ordered) - not_nan,
        positive_infinite=not_nan - finite_to,
        negative_infinite=finite_from,
        unreadable=unreadable,
        sums=_sum_values(points, finite.astype(np.float64, copy=False)),
    )


def _round_to(values: NDArray[np.floating], dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
    if values.dtype == dtype:
        return values
    with np.errstate(over="ignore"):
        rounded = values.astype(dtype)
    if dtype.itemsize < values.dtype.itemsize:
        # A finite value too large for the coarser type stays finite: it is not an infinity of the source.
        overflowed = np.isinf(rounded) & np.isfinite(values)
        if np.any(overflowed):
            rounded[overflowed] = np.copysign(np.finfo(dtype).max, rounded[overflowed])
    return rounded


def _count_cells(points: NDArray[np.floating], ordered: NDArray[np.floating]) -> NDArray[np.int64]:
    # The shorter list is looked up in the longer; tests/benchmarks/test_counting.py shows where they meet.
    if len(ordered) <= len(points):
        return _look_up_values(points, ordered)
    return _look_up_points(points, ordered)


def _look_up_values(points: NDArray[np.floating], ordered: NDArray[np.floating]) -> NDArray[np.int64]:
    cell = np.searchsorted(points, ordered, side="left") + np.searchsorted(points, ordered, side="right")
    return np.bincount(cell, minlength=2 * len(points) + 1).astype(np.int64, copy=False)


def _look_up_points(points: NDArray[np.floating], ordered: NDArray[np.floating]) -> NDArray[np.int64]:
    below = np.searchsorted(ordered, points, side="left")
    through = np.searchsorted(ordered, points, side="right")
    cells = np.empty(2 * len(points) + 1, dtype=np.int64)
    cells[1::2] = through - below
    cells[0::2] = np.append(below, len(ordered)) - np.insert(through, 0, 0)
    return cells


def _sum_values(points: NDArray[np.floating], ordered: NDArray[np.float64]) -> Sums:
    if len(ordered) == 0:
        return Sums()
    below = above = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        if len(points):
            first, last = float(points[0]), float(points[-1])
            under = ordered[: int(np.searchsorted(ordered, first, side="left"))]
            over = ordered[int(np.searchsorted(ordered, last, side="right")) :]
            below, above = float(np.sum(first - under)), float(np.sum(over - last))
        # Not np.dot: its threads fight with ours over the processor, which tripled the time of a comparison.
        total, squares = float(np.sum(ordered)), float(np.einsum("i,i->", ordered, ordered))
    return Sums(
        total=total,
        squares=squares if math.isfinite(squares) else math.inf,
        below=below,
        above=above,
        minimum=float(ordered[0]),
        maximum=float(ordered[-1]),
    )


def count_names(
    grid: CategoryGrid,
    names: list[str],
    counts: NDArray[np.int64],
    *,
    missing: int = 0,
    unreadable: int = 0,
) -> Counts:
    """Return the counts of distinct `names`, each seen `counts` times, on `grid`.

    >>> grid = CategoryGrid(names=("a", "b"))
    >>> count_names(grid, ["a", "z"], np.array([3, 1])).cells.tolist()
    [3, 0, 0, 1]
    """
    unseen = grid.unseen_cell if grid.knows_all else grid.other_cell
    cell = np.fromiter((grid.cell_of.get(name, unseen) for name in names), dtype=np.int64, count=len(names))
    cells = np.zeros(grid.cells, dtype=np.int64)
    np.add.at(cells, cell, counts)
    return Counts(grid=grid, cells=cells, missing=missing, unreadable=unreadable)
