"""The limit that a joint score must exceed, from the highest scores of clean windows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from driftwatch.calibration.scores import tail

__all__ = ["choose_limit", "limit_by_chance"]

_CAUTION = 0.15
"""How much further the limit lies for every factor of e by which the windows are too few."""


def choose_limit(highest: Sequence[float], windows: int, level: float) -> float:
    """Return the limit that a clean window exceeds with a chance of at most `level`.

    Parameters
    ----------
    highest
        The greatest scores of past windows, descending; not empty.
    windows
        How many past windows they are the greatest of, N.
    level
        0 to 1, exclusive.

    Returns
    -------
    float
        The k-th greatest score, k = ⌊level·(N + 1)⌋. Were the new window and the past ones drawn in any
        order with equal chance, it would be above that in at most a share `level` of cases. With fewer than
        1/level windows no score is rare enough: the greatest, with 15 % more for every factor of e missing.
        Never less than a single part would need by chance alone.

    References
    ----------
    V. Vovk, A. Gammerman and G. Shafer, "Algorithmic Learning in a Random World", 2005, chapter 2.

    Examples
    --------
    >>> choose_limit([5.0, 4.0, 3.0], 59, 1 / 20)
    3.0
    >>> round(choose_limit([5.0], 9, 1 / 20), 2)
    5.52
    """
    place = math.floor(level * (windows + 1) + 1e-9)
    least = limit_by_chance(1, level)
    if place >= 1:
        return max(least, highest[min(place, len(highest)) - 1])
    return max(least, highest[0] * (1 + _CAUTION * math.log(1 / (level * (windows + 1)))))


def limit_by_chance(parts: int, level: float) -> float:
    """Return the limit that the greatest of `parts` independent scores exceeds with a chance of `level`.

    For a reference that cannot tell how much is usual. The scores are then those of chance and an assumed
    wobble.

    >>> round(limit_by_chance(1, 0.0455), 2)
    2.0
    """
    wanted = math.log(level / max(1, parts))
    low, high = 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > wanted else (low, middle)
    return high
