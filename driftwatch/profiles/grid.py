"""The grid of a column: what its values are counted on.

A number grid with points g1 < … < gK has 2K+1 cells: gap, point, gap, …, point, gap. The cell of a
value x is `searchsorted(g, x, "left") + searchsorted(g, x, "right")`. A category grid has one cell for
each of its names, then one for other names of the reference, then one for names it never saw.

*Why points and gaps:* bins that are closed on one side under-estimate KS, by up to 0.20 on small
references. With every distinct reference value as a point, KS from counts is exact, ties included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.recipes import Recipe

__all__ = [
    "MAX_NAMES",
    "MAX_POINTS",
    "MAX_REMEMBERED",
    "CategoryGrid",
    "Grid",
    "Kind",
    "NumberGrid",
    "Precision",
    "build_category_grid",
    "build_number_grid",
    "get_recipe",
]

Kind = Literal["number", "category", "boolean", "time"]
Precision = Literal["float16", "float32", "float64"]

MAX_POINTS = 4096
"""Quantiles a number grid keeps: KS is then known to 1/4096 = 0.00025."""
MAX_NAMES = 1000
"""Categories with a cell of their own."""
MAX_REMEMBERED = 100_000
"""Reference names remembered in all, so that `other` and `unseen` can be told apart."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NumberGrid:
    """Points of a number or time column: strictly increasing and finite, float64.

    `precision` is the reference's own float type: a coarser batch is counted on the points rounded to
    the batch's type, a finer batch is rounded to the reference's (see `profiles.columns`). `recipe` says how
    a derived column is computed; None for a column of the rows.
    """

    points: NDArray[np.float64]
    kind: Literal["number", "time"] = "number"
    precision: Precision = "float64"
    recipe: Recipe | None = None

    def __post_init__(self) -> None:
        if self.points.ndim != 1 or not np.all(np.isfinite(self.points)) or _falls(self.points):
            raise ValueError("the points of a grid must be finite and strictly increasing")

    @property
    def cells(self) -> int:
        """Return the number of cells, 2K+1 for K points."""
        return 2 * len(self.points) + 1

    @cached_property
    def fingerprint(self) -> str:
        """Return 64 hex digits that differ when the kind, the precision or any point differs."""
        head = f"{self.kind}|{self.precision}|".encode()
        return hashlib.sha256(head + self.points.astype("<f8").tobytes()).hexdigest()


def _falls(points: NDArray[np.float64]) -> bool:
    # Compared, not subtracted: the difference of two finite values may be infinite.
    return bool(np.any(points[1:] <= points[:-1]))


@dataclass(frozen=True, kw_only=True, eq=False)
class CategoryGrid:
    """Names of a category or boolean column, most frequent first.

    `others` are further reference names, remembered so that they are not called unseen. When the
    reference had more names than are remembered, `knows_all` is False and the unseen share is unknown.
    `singletons` and `doubletons` count the reference names that occur once and twice: the Good–Turing
    estimate of how much unseen a batch brings by chance alone needs them.
    """

    names: tuple[str, ...]
    others: tuple[str, ...] = ()
    knows_all: bool = True
    singletons: int = 0
    doubletons: int = 0
    kind: Literal["category", "boolean"] = "category"

    @property
    def cells(self) -> int:
        """Return the number of cells: one a name, then `other`, then `unseen`."""
        return len(self.names) + 2

    @property
    def other_cell(self) -> int:
        """Return the index of the cell for remembered names beyond the cap."""
        return len(self.names)

    @property
    def unseen_cell(self) -> int:
        """Return the index of the cell for names the reference does not remember."""
        return len(self.names) + 1

    @property
    def unseen_unknown(self) -> str | None:
        """Return why unseen names cannot be told from those of the reference; None where they can."""
        return None if self.knows_all else f"the reference has more than {MAX_REMEMBERED:,} names"

    @cached_property
    def cell_of(self) -> Mapping[str, int]:
        """Return the cell of every known name; a name that is not in it is unseen."""
        cells = dict.fromkeys(self.others, self.other_cell)
        cells.update({name: cell for cell, name in enumerate(self.names)})
        return cells

    @cached_property
    def fingerprint(self) -> str:
        """Return 64 hex digits that differ when the kind or any name differs."""
        digest = hashlib.sha256(f"{self.kind}|{self.knows_all}|{len(self.names)}".encode())
        for name in (*self.names, *self.others):
            data = name.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little") + data)
        return digest.hexdigest()


Grid = NumberGrid | CategoryGrid


def get_recipe(grid: Grid) -> Recipe | None:
    """Return how a derived column is computed; None for a column of the rows."""
    return grid.recipe if isinstance(grid, NumberGrid) else None


def build_number_grid(
    values: NDArray[np.floating],
    *,
    kind: Literal["number", "time"] = "number",
    precision: Precision = "float64",
    max_points: int = MAX_POINTS,
    is_sorted: bool = False,
) -> NumberGrid:
    """Return the grid of finite reference `values`: every distinct one, or quantiles of them.

    With more than `max_points` distinct values the points are the minimum and, for k = 1 … K, the
    smallest value whose cumulative count reaches ⌈kn/K⌉, repeats removed: both extremes and every value
    with mass ≥ 1/K are among them, and strictly between two neighbours lies less than 1/K of the reference.
    Pass `is_sorted=True` when the values are in ascending order already.

    >>> build_number_grid(np.array([3.0, 1.0, 2.0, 2.0])).points.tolist()
    [1.0, 2.0, 3.0]
    >>> build_number_grid(np.arange(1000.0), max_points=4).points.tolist()
    [0.0, 249.0, 499.0, 749.0, 999.0]
    """
    ordered = values if is_sorted else np.sort(values)
    points = _distinct_sorted(ordered)
    if len(points) > max_points:
        # ⌈kn/K⌉ in whole numbers: a float product would round some ranks up.
        ranks = -(-np.arange(1, max_points + 1, dtype=np.int64) * len(ordered) // max_points)
        points = _distinct_sorted(np.concatenate([ordered[:1], ordered[ranks - 1]]))
    # Adding 0.0 turns −0.0 into 0.0, so that equal points have equal fingerprints.
    return NumberGrid(points=points.astype(np.float64) + 0.0, kind=kind, precision=precision)


def _distinct_sorted(ordered: NDArray[np.floating]) -> NDArray[np.floating]:
    if len(ordered) == 0:
        return ordered
    keep: NDArray[np.bool_] = np.append(True, ordered[1:] != ordered[:-1])
    return ordered[keep]


def build_category_grid(
    names: Sequence[str],
    counts: NDArray[np.int64],
    *,
    max_names: int = MAX_NAMES,
    max_remembered: int = MAX_REMEMBERED,
) -> CategoryGrid:
    """Return the grid of distinct reference `names`, each seen `counts` times, most frequent first.

    Names of equal count stand in alphabetical order, so that the same reference gives the same grid.

    >>> build_category_grid(["b", "a", "c"], np.array([5, 5, 9])).names
    ('c', 'a', 'b')
    """
    by_frequency = sorted(zip(names, counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    ordered = [name for name, _ in by_frequency]
    return CategoryGrid(
        names=tuple(ordered[:max_names]),
        others=tuple(ordered[max_names:max_remembered]),
        knows_all=len(ordered) <= max_remembered,
        singletons=int(np.count_nonzero(counts == 1)),
        doubletons=int(np.count_nonzero(counts == 2)),
    )
