"""How far the number of rows is from the usual one."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from driftwatch.statistics.catalogue import Statistic

__all__ = ["volume"]


def volume(usual_rows: Sequence[int], rows: int) -> Statistic:
    """Return how far `rows` is from the median of the reference's blocks, as a part of that median.

    Parameters
    ----------
    usual_rows
        The rows of each block of the reference; empty blocks are left out.
    rows
        The rows of the window, 0 or more.

    Returns
    -------
    Statistic
        `value` 0 (as usual) and upwards without bound; 1 for no rows at all or for twice the usual ones.
        None when there are no blocks with rows to say what is usual.

    Examples
    --------
    >>> volume([100, 0, 120, 80], 25).value
    0.75
    """
    usual = [count for count in usual_rows if count > 0]
    if not usual:
        return Statistic(value=None)
    middle = median(usual)
    return Statistic(value=abs(rows - middle) / middle)
