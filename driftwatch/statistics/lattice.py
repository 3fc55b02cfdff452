"""The exact p-value of the two-sample Kolmogorov–Smirnov statistic, from counting lattice paths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

__all__ = ["count_exact_p_value"]

# Path counts are scaled down when they grow past this, long before a float overflows.
_LARGE = 1e200


def count_exact_p_value(distance: float, reference_rows: int, rows: int) -> float:
    """Return the chance that two samples without ties are at least `distance` apart.

    Parameters
    ----------
    distance
        The statistic D, 0 to 1.
    reference_rows, rows
        The sizes of the two samples, at least 1. The time taken grows with the smaller one times a
        vector of the larger one.

    Notes
    -----
    Every order of the pooled sample is a path from (0, 0) to (n, m) in unit steps, and all C(n+m, n) of
    them are equally likely. The paths that leave the band |i/n − j/m| < D are counted where they first
    leave it: a sum of positive terms, so small p-values keep their digits.

    References
    ----------
    J. L. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3,
    1958, pages 469–486.

    Examples
    --------
    >>> round(count_exact_p_value(1.0, 3, 3), 6)  # 2 of the C(6, 3) = 20 orders
    0.1
    """
    n, m = sorted((reference_rows, rows))
    reach = round(distance * n * m)
    if reach <= 0:
        return 1.0
    steps = np.arange(n + 1, dtype=np.int64) * m
    first = np.maximum(0, (steps - reach) // n + 1)
    last = np.minimum(m, -((-steps - reach) // n) - 1)
    leaving = _count_leaving(first.tolist(), last.tolist(), m)
    if not leaving:
        return 0.0
    i, j, log_paths = (np.concatenate(part) for part in zip(*leaving, strict=True))
    log_rest = _log_choose(n - i + m - j, n - i)
    return float(min(1.0, np.exp(log_paths + log_rest - _log_choose(n + m, n)).sum()))


def _count_leaving(
    first: list[int], last: list[int], m: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    """Return where paths first leave the band, and the logarithm of how many do so there."""
    leaving = []
    paths = np.ones(last[0] + 1)
    scale = 0.0
    for i in range(len(first)):
        if i:
            gone = min(first[i] - first[i - 1], len(paths))
            if gone > 0:
                leaving.append(_place(i, np.arange(first[i - 1], first[i - 1] + gone), paths[:gone], scale))
            paths = _step(paths[gone:], last[i] - first[i] + 1)
        if len(paths) == 0:
            break
        if last[i] < m:
            leaving.append(_place(i, np.array([last[i] + 1]), paths[-1:], scale))
        if paths[-1] > _LARGE:
            paths, scale = paths / _LARGE, scale + float(np.log(_LARGE))
    return leaving


def _step(paths: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    if len(paths) == 0 or width <= 0:
        return paths[:0]
    reached = np.zeros(width)
    reached[: len(paths)] = paths
    return np.cumsum(reached)


def _place(
    i: int, j: NDArray[np.int64], paths: NDArray[np.float64], scale: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    with np.errstate(divide="ignore"):
        return np.full(len(j), i, dtype=np.int64), j, np.log(paths) + scale


def _log_choose(total: NDArray[np.int64] | int, part: NDArray[np.int64] | int) -> NDArray[np.float64]:
    total, part = np.asarray(total), np.asarray(part)
    logs: NDArray[np.float64] = gammaln(total + 1) - gammaln(part + 1) - gammaln(total - part + 1)
    return logs
