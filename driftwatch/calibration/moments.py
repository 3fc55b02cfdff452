"""How far chance takes each part from the reference, known before any window is seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.layout import Layout
from driftwatch.calibration.tally import Tally

__all__ = ["Moments", "find_moments"]

_DRAWS = 2_000
_MOST = 2.0
"""Degrees of freedom that a part is given at most.

A steady column's distance has more of them, a restless one's has one. Given all of theirs, steady columns
would be seen on a shift of half the size, and restless ones only on twice the usual: measured, 2 sees each
kind as early as it can be without the other paying for it.
"""
_SEED = 20_130_208
"""Fixed, so that the same reference has the same moments wherever and whenever it is read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """The law of nₑ times the squared distance of each part when nothing has changed.

    `mean`, shape (parts,), and `freedom`, shape (parts,): it is spread like a χ² of so many degrees of
    freedom that is scaled to this mean.
    """

    mean: NDArray[np.float64]
    freedom: NDArray[np.float64]


def find_moments(layout: Layout, total: Tally) -> Moments:
    """Return the moments of every part for a reference with the counts `total`.

    Notes
    -----
    Numbers: nₑD² is the squared supremum of a Brownian bridge at the cumulative shares of the cells; with
    every value different its mean is π²/12 = .8225. Categories: the largest of squared standard normals
    with the covariance of shares. Both are drawn 2,000 times from a fixed seed. Rates have one degree of
    freedom and mean 1.

    References
    ----------
    J. L. Doob, "Heuristic approach to the Kolmogorov–Smirnov theorems", Annals of Mathematical Statistics
    20, 1949.
    """
    mean, freedom = np.ones(len(layout.parts)), np.ones(len(layout.parts))
    for place in range(len(layout.columns)):
        size = len(layout.starts[place]) - (0 if layout.is_number[place] else 1)
        cells = total.cells[place, :size]
        law = _find_law(cells[cells > 0].tobytes(), layout.is_number[place], layout.width)
        if law is not None:
            mean[place], freedom[place] = law
    return Moments(mean=mean, freedom=freedom)


# Columns without ties have the same shares, and a reference is made ready more than once.
@lru_cache(maxsize=4096)
def _find_law(counted: bytes, is_number: bool, width: int) -> tuple[float, float] | None:
    """Return mean and degrees of freedom of a part with these filled cells; None where nothing varies."""
    cells = np.frombuffer(counted, dtype=np.int64)
    if len(cells) < 2:
        return None
    normals = _draw_normals(width)[: len(cells)]
    drawn = _draw_numbers(cells, normals) if is_number else _draw_names(cells, normals)
    middle = float(drawn.mean())
    if middle <= 0:
        return None
    return middle, min(_MOST, max(1.0, 2 * middle**2 / max(float(drawn.var()), 1e-12)))


@lru_cache(maxsize=4)
def _draw_normals(width: int) -> NDArray[np.float64]:
    """Return standard normals, shape (width, draws): what is summed over cells runs along the first axis."""
    drawn = np.random.default_rng(_SEED).standard_normal((_DRAWS, width))
    return np.ascontiguousarray(drawn.T)


def _draw_numbers(cells: NDArray[np.int64], normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return squared suprema of bridges over the shares of `cells`, shape (draws,)."""
    shares = cells / cells.sum()
    walks = normals * np.sqrt(shares)[:, None]
    np.cumsum(walks, axis=0, out=walks)
    walks -= np.cumsum(shares)[:, None] * walks[-1]
    return np.asarray(np.maximum(walks.max(axis=0), -walks.min(axis=0)) ** 2)


def _draw_names(cells: NDArray[np.int64], normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest of the squared, standardised changes of the shares of `cells`, shape (draws,)."""
    shares = (cells / cells.sum())[:, None]
    steps = normals * np.sqrt(shares)
    changes = steps - shares * steps.sum(axis=0)
    return np.asarray(np.max(changes**2 / (shares * (1 - shares)), axis=0))
