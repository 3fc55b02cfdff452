"""The share of rows with a value of another type."""

from __future__ import annotations

from driftwatch.profiles.counts import Counts
from driftwatch.statistics.catalogue import Statistic, statistic

__all__ = ["unreadable_share"]


@statistic()
def unreadable_share(reference: Counts, current: Counts) -> Statistic:  # noqa: ARG001 - The reference has its own share.
    """Share of the batch's rows whose value cannot be read as the column's type, 0 to 1.

    It speaks of the batch alone: what is usual is for the limit to say. `value` is None without rows.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import NumberGrid
    >>> grid = NumberGrid(points=np.array([1.0]))
    >>> batch = count_numbers(grid, np.array([1.0, 1.0, 1.0]), unreadable=1)
    >>> unreadable_share(batch, batch).value
    0.25
    """
    rows = current.rows
    return Statistic(value=current.unreadable / rows if rows else None)
