"""The share of rows without a value."""

from __future__ import annotations

from driftwatch.profiles.counts import Counts
from driftwatch.statistics.catalogue import Statistic, statistic

__all__ = ["missing_share"]


@statistic()
def missing_share(reference: Counts, current: Counts) -> Statistic:  # noqa: ARG001 - The reference has its own share.
    """Share of the batch's rows that are missing or NaN, 0 to 1.

    It speaks of the batch alone: what is usual is for the limit to say. `value` is None without rows.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import NumberGrid
    >>> grid = NumberGrid(points=np.array([1.0]))
    >>> batch = count_numbers(grid, np.array([1.0, np.nan]), missing=2)
    >>> missing_share(batch, batch).value
    0.75
    """
    rows = current.rows
    return Statistic(value=(current.missing + current.nan) / rows if rows else None)
