"""The share of rows outside the range of the reference."""

from __future__ import annotations

from driftwatch.profiles.counts import Counts
from driftwatch.statistics.catalogue import NUMBERS, Statistic, statistic

__all__ = ["count_outside", "range_share"]


@statistic(kinds=NUMBERS)
def range_share(reference: Counts, current: Counts) -> Statistic:
    """Share of the batch's numbers below the reference's smallest or above its largest, 0 to 1.

    Infinite rows are outside; missing, NaN and unreadable rows are left out. `value` is None without
    numbers, and when the reference had none.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import NumberGrid
    >>> grid = NumberGrid(points=np.array([1.0, 2.0]))
    >>> usual = count_numbers(grid, np.array([1.0, 2.0]))
    >>> range_share(usual, count_numbers(grid, np.array([0.5, 1.5, 2.0, np.inf]))).value
    0.5
    """
    numbers = current.values + current.negative_infinite + current.positive_infinite
    if numbers == 0 or len(reference.cells) == 1:
        return Statistic(value=None)
    return Statistic(value=count_outside(current) / numbers)


def count_outside(counts: Counts) -> int:
    """Return how many rows lie below the first or above the last point, infinite ones included.

    >>> import numpy as np
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import NumberGrid
    >>> count_outside(count_numbers(NumberGrid(points=np.array([1.0, 2.0])), np.array([0.5, 1.5, np.inf])))
    2
    """
    beyond = counts.negative_infinite + counts.positive_infinite
    if len(counts.cells) == 1:
        return beyond
    return int(counts.cells[0]) + int(counts.cells[-1]) + beyond
