"""The outline of a column: both sides' shares in a few places, for small pictures.

Pictures only: nothing is judged by an outline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid, NumberGrid

__all__ = ["Outline", "draw_outline"]

Shares = NDArray[np.float64]

_TAIL = 0.005
"""Share of each side that may lie beyond either end of the picture, so that no outlier flattens it."""
_GREATEST = 1e300
"""Values beyond it are drawn at it, so that no difference between two values overflows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """Shares of both sides in the same places, left to right.

    Numbers have places of equal width; `low` and `high` are their ends, and rows beyond them are in the
    outermost places. Categories have one place a name, most frequent first, then one for all other names
    and one for unseen ones; `low` and `high` are None.
    """

    reference: Shares
    current: Shares
    low: float | None = None
    high: float | None = None

    @property
    def highest(self) -> float:
        """Return the greatest share of any place: both sides are drawn to one scale."""
        return max(float(self.reference.max(initial=0)), float(self.current.max(initial=0)))


def draw_outline(reference: Counts, current: Counts | None, *, places: int = 12) -> Outline:
    """Return the outline of a column in at most `places` places; a side without values has shares of 0.

    >>> from driftwatch.profiles.counts import count_names
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> draw_outline(count_names(grid, ["a", "b"], np.array([3, 1])), None).reference.tolist()
    [0.75, 0.25, 0.0]
    """
    grid = reference.grid
    if isinstance(grid, CategoryGrid):
        return _outline_names(grid, reference, current, places)
    return _outline_numbers(grid, reference, current, places)


def _outline_names(grid: CategoryGrid, reference: Counts, current: Counts | None, places: int) -> Outline:
    alone = min(len(grid.names), places - 2)
    with_other = len(grid.names) > alone or bool(grid.others)

    def pool(counts: Counts | None) -> Shares:
        if counts is None:
            return np.zeros(alone + with_other + 1)
        cells = counts.cells
        other = [int(cells[alone:-1].sum())] if with_other else []
        return _share(np.array([*cells[:alone], *other, cells[-1]], dtype=np.float64))

    return Outline(reference=pool(reference), current=pool(current))


def _outline_numbers(grid: NumberGrid, reference: Counts, current: Counts | None, places: int) -> Outline:
    sides = [reference] if current is None else [reference, current]
    spots = [_place_cells(grid, counts) for counts in sides]
    ends = [_find_ends(at, counts.cells) for at, counts in zip(spots, sides, strict=True) if counts.values]
    if not ends:
        return Outline(reference=np.zeros(places), current=np.zeros(places))
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    width = (high - low) or 1.0
    shares = [
        _share(_fill_places((at - low) / width, counts.cells, places))
        for at, counts in zip(spots, sides, strict=True)
    ]
    return Outline(
        reference=shares[0],
        current=shares[1] if current is not None else np.zeros(places),
        low=low,
        high=high,
    )


def _place_cells(grid: NumberGrid, counts: Counts) -> Shares:
    """Return where the rows of each cell are drawn: points at themselves, gaps in their middle."""
    at = np.zeros(grid.cells)
    if grid.cells == 1:
        return at
    points = grid.points
    at[1::2] = points
    at[2:-1:2] = points[:-1] / 2 + points[1:] / 2
    below, above = max(1, int(counts.cells[0])), max(1, int(counts.cells[-1]))
    at[0] = points[0] - counts.sums.below / below
    at[-1] = points[-1] + counts.sums.above / above
    return np.clip(at, -_GREATEST, _GREATEST)


def _find_ends(at: Shares, cells: NDArray[np.int64]) -> tuple[float, float]:
    through = np.cumsum(cells)
    rows = through[-1]
    first = int(np.searchsorted(through, rows * _TAIL, side="right"))
    last = int(np.searchsorted(through, rows * (1 - _TAIL), side="left"))
    return float(at[min(first, len(at) - 1)]), float(at[min(last, len(at) - 1)])


def _fill_places(position: Shares, cells: NDArray[np.int64], places: int) -> Shares:
    place = np.clip(np.nan_to_num(position) * places, 0, places - 1).astype(np.int64)
    filled: Shares = np.bincount(place, weights=cells, minlength=places).astype(np.float64)
    return filled


def _share(rows: Shares) -> Shares:
    total = rows.sum()
    return rows / total if total else rows
