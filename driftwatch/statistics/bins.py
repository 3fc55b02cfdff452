"""The bins that PSI, total variation, Jensen–Shannon and Hellinger of a column are taken on.

*Why from the reference alone:* bins that look at the batch too are ruined by it. With equal-width bins
over both, one value of 1e6 hides a shift of a whole standard deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.statistics.cumulative import accumulate_cells, remember

__all__ = ["BINS", "MAX_CATEGORIES", "Edges", "bin_counts", "compare_shares", "list_edges", "list_own"]

BINS = 10
"""Quantile bins of a number column."""
MAX_CATEGORIES = 50
"""Categories that get a bin of their own."""
_LEAST_EXPECTED = 5
"""Rows to expect in a category for it to get a bin of its own; below, its share is mostly noise."""

Bins = NDArray[np.int64]
Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """The ends of a bin of numbers; None for no end. `with_low` and `with_high`: that end is in it."""

    low: float | None
    high: float | None
    with_low: bool = False
    with_high: bool = False


def bin_counts(reference: Counts, current: Counts) -> tuple[Bins, Bins]:
    """Return how many rows of each side lie in each bin; two arrays of one length, at least 1.

    Numbers have 10 bins, cut where the reference reaches 1/10, 2/10, … of its rows. A point that holds
    a tenth of them or more is a bin of its own, apart from what lies below the first and above the last
    such point; fewer bins result where such points are heavy, and a few more where they lie scattered.
    Infinite rows are in the outermost bins.

    Categories have one bin for each of the (at most 50) most frequent names of which at least 5 rows are
    to be expected on the smaller side, then one for the other names of the reference, then one for
    unseen names. The bins never depend on what the batch holds, only on how many rows it has.

    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> usual, late = np.arange(1.0, 21.0), np.array([0.0, 19.5, 30.0])
    >>> grid = build_number_grid(usual)
    >>> [bins.tolist() for bins in bin_counts(count_numbers(grid, usual), count_numbers(grid, late))]
    [[2, 2, 2, 2, 2, 2, 2, 2, 2, 2], [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]]
    """
    if isinstance(reference.grid, CategoryGrid):
        return _bin_names(reference, current)
    return _bin_both(reference, current)


def list_edges(reference: Counts) -> list[Edges]:
    """Return the ends of each bin that a number column has in `bin_counts`.

    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> values = np.array([1.0] * 20 + [2.0, 3.0])
    >>> [(one.low, one.with_low, one.high, one.with_high)
    ...  for one in list_edges(count_numbers(build_number_grid(values), values))]
    [(None, False, 1.0, False), (1.0, True, 1.0, True), (1.0, False, None, False)]
    """
    points = getattr(reference.grid, "points", ())
    cuts = [0, *_cut_quantiles(reference).tolist(), reference.grid.cells]
    edges = []
    for start, end in pairwise(cuts):
        # An odd cell is a point; an even one lies between the points on both sides of it.
        low = None if start == 0 else float(points[(start - 1) // 2])
        high = None if end == reference.grid.cells else float(points[(end - 1) // 2])
        edges.append(Edges(low=low, high=high, with_low=start % 2 == 1, with_high=end % 2 == 0))
    return edges


def list_own(reference: Counts, current: Counts) -> list[int]:
    """Return the cells of the categories that have a bin of their own in `bin_counts`, in its order."""
    own: list[int] = _find_own(reference, current).tolist()
    return own


def compare_shares(reference: Counts, current: Counts) -> tuple[Shares, Shares] | None:
    """Return the shares that total variation, Jensen–Shannon and Hellinger compare.

    Numbers are compared on their bins, categories on every category. None when a side has no values.

    >>> from driftwatch.profiles.counts import count_names
    >>> grid = CategoryGrid(names=("a", "b"))
    >>> usual = count_names(grid, ["a", "b"], np.array([3, 1]))
    >>> [side.tolist() for side in compare_shares(usual, count_names(grid, ["b", "z"], np.array([1, 1])))]
    [[0.75, 0.25, 0.0, 0.0], [0.0, 0.5, 0.0, 0.5]]
    """
    return _share_both(reference, current)


# One statistic after the other asks for the same two.
@lru_cache(maxsize=8)
def _share_both(reference: Counts, current: Counts) -> tuple[Shares, Shares] | None:
    if isinstance(reference.grid, CategoryGrid):
        ours, theirs = reference.cells, current.cells
    else:
        ours, theirs = bin_counts(reference, current)
    n, m = int(ours.sum()), int(theirs.sum())
    if n == 0 or m == 0:
        return None
    return ours / n, theirs / m


@lru_cache(maxsize=8)
def _bin_both(reference: Counts, current: Counts) -> tuple[Bins, Bins]:
    cuts = _cut_quantiles(reference)
    return _bin_numbers(reference, cuts), _bin_numbers(current, cuts)


@remember
def _cut_quantiles(reference: Counts) -> NDArray[np.int64]:
    """Return the boundaries between cells (see `Cumulative`) at which the bins of `reference` meet."""
    cumulative = accumulate_cells(reference)
    if cumulative is None:
        return np.empty(0, dtype=np.int64)
    below, rows = cumulative.below, cumulative.rows
    # Whole numbers: ten times the count reaches q times the rows exactly where the share reaches q/10.
    quantiles = np.searchsorted(below * BINS, rows * np.arange(1, BINS), side="left")
    atoms = 1 + 2 * np.flatnonzero(reference.cells[1::2] * BINS >= rows)
    cuts = set(quantiles.tolist()) | set((atoms + 1).tolist())
    for atom in atoms.tolist():
        before = max((cut for cut in cuts if cut <= atom), default=0)
        if before == 0 or below[atom] > below[before]:
            cuts.add(atom)
    return np.array(sorted(cut for cut in cuts if 0 < cut < len(below) - 1), dtype=np.int64)


def _bin_numbers(counts: Counts, cuts: NDArray[np.int64]) -> Bins:
    cumulative = accumulate_cells(counts)
    if cumulative is None:
        return np.zeros(len(cuts) + 1, dtype=np.int64)
    edges = np.empty(len(cuts) + 2, dtype=np.int64)
    edges[0], edges[-1] = 0, cumulative.rows
    edges[1:-1] = cumulative.below[cuts]
    return np.diff(edges)


def _bin_names(reference: Counts, current: Counts) -> tuple[Bins, Bins]:
    own = _find_own(reference, current)
    return _pool_names(reference.cells, own), _pool_names(current.cells, own)


def _find_own(reference: Counts, current: Counts) -> NDArray[np.intp]:
    names = len(reference.cells) - 2
    n, m = reference.values, current.values
    frequent = np.argsort(-reference.cells[:names], kind="stable")[:MAX_CATEGORIES]
    expected = reference.cells[frequent] * (min(n, m) / n if n else 0.0)
    return frequent[expected >= _LEAST_EXPECTED]


def _pool_names(cells: Bins, own: NDArray[np.intp]) -> Bins:
    alone, unseen = cells[own], cells[-1]
    return np.concatenate([alone, [cells.sum() - alone.sum() - unseen, unseen]])
