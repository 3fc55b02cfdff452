"""The p-value of a column's statistic: from a table where that is right, from shuffled counts elsewhere."""

from __future__ import annotations

import hashlib
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import NumberGrid
from driftwatch.statistics.catalogue import Statistic, entry
from driftwatch.statistics.ks import has_ties
from driftwatch.statistics.permutation import permute_p_value

__all__ = ["LEAST_P_VALUE", "STATISTICS_WITH_P_VALUE", "coarsen_pair", "find_p_value"]

STATISTICS_WITH_P_VALUE: Final = (
    "chi_square",
    "hellinger",
    "jensen_shannon",
    "ks",
    "psi",
    "total_variation",
)
"""The statistics that compare distributions by their cells alone."""
LEAST_P_VALUE: Final = 0.001
"""The smallest p-value that can be asked for: a smaller one needs more than 10,000 shuffles."""

# Shuffles that reach the statistic among as many as are made for a p-value at the limit.
_HITS = 10
# Shuffling takes a tenth of a microsecond for each cell and draw.
_MOST_POINTS = 512
_LEAST_EXPECTED = 5


def find_p_value(name: str, reference: Counts, current: Counts, found: Statistic, *, limit: float) -> float:
    """Return the chance of a statistic at least as large as `found` where nothing has changed.

    Parameters
    ----------
    name
        One of `STATISTICS_WITH_P_VALUE`.
    reference, current
        Counts on the same grid, and what the statistic called `name` has found in them.
    limit
        The p-value that decides, `LEAST_P_VALUE` to below 1: as many shuffles are made as resolve it.

    Returns
    -------
    float
        Above 0 (0 by a table that underflows), at most 1; equal counts give an equal p-value. 1 where the
        statistic has no value.

    Notes
    -----
    Kolmogorov–Smirnov: its own p-value where it is exact or below the limit, for with ties the table errs to
    the side of the larger chance only. Chi-square: its own where every count to be expected is at least 5.
    Otherwise `permute_p_value`, ⌈10/limit⌉ − 1 shuffles, fewer where it is clear that the limit is not
    reached. They are seeded with the counts. Numbers are shuffled on at most 512 quantiles of the pooled
    rows; the statistic is taken on these too.

    Examples
    --------
    Whether a column of zeros and ones has changed cannot be told from the table of Kolmogorov–Smirnov:

    >>> from driftwatch.profiles.counts import count_numbers
    >>> grid = NumberGrid(points=np.array([0.0, 1.0]))
    >>> usual = count_numbers(grid, np.repeat([0.0, 1.0], [500, 500]))
    >>> more = count_numbers(grid, np.repeat([0.0, 1.0], [40, 60]))
    >>> found = entry("ks").function(usual, more)
    >>> round(found.p_value, 2), find_p_value("ks", usual, more, found, limit=0.05) < 0.1
    (0.32, True)
    """
    if found.value is None:
        return 1.0
    if found.p_value is not None and _is_trusted(name, reference, current, found.p_value <= limit):
        return found.p_value
    ours, theirs = coarsen_pair(reference, current, max_points=_MOST_POINTS)
    return permute_p_value(
        ours,
        theirs,
        entry(name).function,
        draws=math.ceil(_HITS / limit) - 1,
        enough=_HITS,
        rng=np.random.default_rng(_seed_counts(ours, theirs)),
    )


def _is_trusted(name: str, reference: Counts, current: Counts, is_low: bool) -> bool:
    if name == "ks":
        return is_low or not has_ties(reference, current)
    totals = reference.cells + current.cells
    fewest = int(totals[totals > 0].min())
    fewer, rows = min(reference.values, current.values), reference.values + current.values
    return fewer * fewest >= _LEAST_EXPECTED * rows


def _seed_counts(reference: Counts, current: Counts) -> int:
    digest = hashlib.sha256()
    for side in (reference, current):
        ends = np.array([side.negative_infinite, side.positive_infinite], dtype="<i8")
        digest.update(side.cells.astype("<i8").tobytes() + ends.tobytes())
    return int.from_bytes(digest.digest()[:16], "little")


def coarsen_pair(reference: Counts, current: Counts, *, max_points: int) -> tuple[Counts, Counts]:
    """Return counts of numbers on at most `max_points` of their points; names as they are.

    The points are quantiles of the pooled rows: which rows are whose has no part in choosing them, and a
    value with a share of 1/max_points or more keeps its point. The sums are left out.

    >>> from driftwatch.profiles.counts import count_numbers
    >>> grid = NumberGrid(points=np.arange(1.0, 9.0))
    >>> usual = count_numbers(grid, grid.points)
    >>> ours, theirs = coarsen_pair(usual, usual, max_points=4)
    >>> ours.grid.points.tolist(), ours.cells.tolist()
    ([2.0, 4.0, 6.0, 8.0], [1, 1, 1, 1, 1, 1, 1, 1, 0])
    """
    grid = reference.grid
    if not isinstance(grid, NumberGrid) or len(grid.points) <= max_points:
        return reference, current
    pooled = np.cumsum(reference.cells + current.cells)
    rows = int(pooled[-1])
    ranks = -(-np.arange(1, max_points + 1) * rows // max_points)
    # The cell a quantile lies in, or the point after its gap.
    kept = np.unique(np.minimum(np.searchsorted(pooled, ranks, side="left") // 2, len(grid.points) - 1))
    coarse = NumberGrid(points=grid.points[kept], kind=grid.kind, precision=grid.precision)
    starts = np.sort(np.concatenate([[0], 2 * kept + 1, 2 * kept + 2]))
    return _add_cells(reference, coarse, starts), _add_cells(current, coarse, starts)


def _add_cells(counts: Counts, grid: NumberGrid, starts: NDArray[np.intp]) -> Counts:
    edges = np.append(starts, len(counts.cells))
    below = np.concatenate([[0], np.cumsum(counts.cells)])
    return Counts(
        grid=grid,
        cells=np.diff(below[edges]),
        missing=counts.missing,
        nan=counts.nan,
        positive_infinite=counts.positive_infinite,
        negative_infinite=counts.negative_infinite,
        unreadable=counts.unreadable,
    )
