"""The two sides of a column as what pictures are drawn from: few places, and the greatest gap exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.charts.values import Bin, Category, Curves, Gap, Step
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid, NumberGrid
from driftwatch.statistics.bins import Edges, bin_counts, list_edges, list_own
from driftwatch.statistics.cumulative import Cumulative, accumulate_cells
from driftwatch.statistics.psi import divide_psi

__all__ = ["OTHER", "UNSEEN", "list_bins", "list_categories", "measure_curves"]

OTHER: Final = "other names"
"""What the categories of the reference are called that are not listed."""
UNSEEN: Final = "unseen names"
"""What categories are called that the reference does not know."""

_TAIL: Final = 0.005
"""Share of each side that may lie beyond either end of the picture, so that no outlier flattens it."""

Floats = NDArray[np.float64]


def measure_curves(reference: Counts, current: Counts, *, most: int = 80) -> Curves | None:
    """Return both distribution functions at `most` values or a few more; None where a side has no numbers.

    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> usual = np.arange(1.0, 5.0)
    >>> grid = build_number_grid(usual)
    >>> curves = measure_curves(count_numbers(grid, usual), count_numbers(grid, usual + 2))
    >>> curves.gap
    Gap(value=2.0, reference=0.5, current=0.0, is_below=False)
    """
    ours, theirs = accumulate_cells(reference), accumulate_cells(current)
    grid = reference.grid
    if ours is None or theirs is None or not isinstance(grid, NumberGrid) or len(grid.points) == 0:
        return None
    # The boundary after a point: the share that is at most the point.
    usual, now = ours.shares[2::2], theirs.shares[2::2]
    first, last = _find_ends(usual, now)
    gap, nearest = _find_gap(grid.points, ours, theirs)
    chosen = _choose(usual + now, first, last, most)
    if first <= nearest <= last:
        chosen = np.union1d(chosen, [nearest])
    return Curves(
        steps=[
            Step(value=float(grid.points[at]), reference=float(usual[at]), current=float(now[at]))
            for at in chosen.tolist()
        ],
        gap=gap,
        known=len(grid.points),
        below=float(now[first - 1]) if first else float(theirs.shares[1]),
        above=1.0 - float(now[last]),
    )


def _find_ends(usual: Floats, now: Floats) -> tuple[int, int]:
    """Return the first and the last point to draw: hardly anything of either side lies beyond them."""
    low, high = np.maximum(usual, now), np.minimum(usual, now)
    first = int(np.searchsorted(low, _TAIL, side="left"))
    last = int(np.searchsorted(high, 1 - _TAIL, side="left"))
    return min(first, len(usual) - 1), min(last, len(usual) - 1)


def _find_gap(points: Floats, ours: Cumulative, theirs: Cumulative) -> tuple[Gap, int]:
    """Return the greatest distance at any boundary between cells, and the place of the point beside it."""
    apart = np.abs(ours.shares - theirs.shares)
    # Before the first boundary lie infinite rows alone, and after the last one too.
    at = 1 + int(np.argmax(apart[1:-1]))
    at = max((at, 0, len(apart) - 1), key=lambda place: apart[place])
    nearest = min(max(at - 1, 0) // 2, len(points) - 1)
    gap = Gap(
        value=float(points[nearest]),
        reference=float(ours.shares[at]),
        current=float(theirs.shares[at]),
        is_below=at == 0 or (at % 2 == 1 and at < 2 * len(points)),
    )
    return gap, nearest


def _choose(heights: Floats, first: int, last: int, most: int) -> NDArray[np.int64]:
    """Return places from `first` to `last` between which the curves rise by about as much each time."""
    if last - first < most:
        return np.arange(first, last + 1, dtype=np.int64)
    wanted = np.linspace(heights[first], heights[last], most)
    rising = first + np.searchsorted(heights[first : last + 1], wanted, side="left")
    return np.unique(np.clip(rising, first, last)).astype(np.int64)


def list_bins(reference: Counts, current: Counts) -> list[Bin]:
    """Return the bins that PSI is taken on, and what each adds to it, without those that nothing lies in."""
    ours, theirs = bin_counts(reference, current)
    parts = divide_psi(reference, current)
    n, m = max(1, int(ours.sum())), max(1, int(theirs.sum()))
    return [
        Bin(
            label=label,
            reference=float(ours[place] / n),
            current=float(theirs[place] / m),
            contribution=float(parts[place]),
        )
        for place, label in enumerate(_name_bins(reference, current))
        if ours[place] or theirs[place]
    ]


def _name_bins(reference: Counts, current: Counts) -> list[str]:
    grid = reference.grid
    if isinstance(grid, CategoryGrid):
        return [*(grid.names[place] for place in list_own(reference, current)), OTHER, UNSEEN]
    edges = list_edges(reference)
    # As many digits as it takes for no two bins to be called the same.
    spelled = ([_name_edges(one, digits) for one in edges] for digits in range(3, 18))
    return next((found for found in spelled if len(set(found)) == len(found)), _number(len(edges)))


def _number(count: int) -> list[str]:
    return [f"bin {place + 1}" for place in range(count)]


def _name_edges(edges: Edges, digits: int) -> str:
    """Return a bin in words.

    >>> _name_edges(Edges(low=1.0, high=2.5, with_high=True), 3), _name_edges(Edges(low=None, high=1.0), 3)
    ('above 1 up to 2.5', 'below 1')
    """
    if edges.low is not None and edges.low == edges.high:
        return f"exactly {edges.low:.{digits}g}"
    low = "" if edges.low is None else f"{'from' if edges.with_low else 'above'} {edges.low:.{digits}g}"
    high = "" if edges.high is None else f"{'up to' if edges.with_high else 'below'} {edges.high:.{digits}g}"
    return " ".join(part for part in (low, high) if part) or "every value"


def list_categories(reference: Counts, current: Counts, *, most: int = 20) -> list[Category]:
    """Return the shares of categories: those that changed most, by their usual frequency, then all others.

    Beyond `most` names the others of the reference stand together, and so do those that it does not know. A
    column that is not of names has none.
    """
    grid = reference.grid
    if not isinstance(grid, CategoryGrid):
        return []
    usual, now = _share(reference), _share(current)
    names = len(grid.names)
    changed = np.argsort(-np.abs(now[:names] - usual[:names]), kind="stable")[:most]
    shown = sorted(changed.tolist())
    listed = [
        Category(name=grid.names[at], reference=float(usual[at]), current=float(now[at])) for at in shown
    ]
    return [*listed, *_pool(grid, usual, now, shown)]


def _pool(grid: CategoryGrid, usual: Floats, now: Floats, shown: Sequence[int]) -> list[Category]:
    rest = np.ones(len(usual), dtype=np.bool_)
    rest[list(shown)] = False
    rest[grid.unseen_cell] = False
    pooled = [
        Category(
            name=OTHER, reference=float(usual[rest].sum()), current=float(now[rest].sum()), is_pooled=True
        ),
        Category(
            name=UNSEEN,
            reference=float(usual[grid.unseen_cell]),
            current=float(now[grid.unseen_cell]),
            is_pooled=True,
        ),
    ]
    has_other = len(grid.names) > len(shown) or bool(grid.others)
    return pooled if has_other else pooled[1:]


def _share(counts: Counts) -> Floats:
    shares: Floats = counts.cells / max(1, counts.values)
    return shares
