"""How far chance takes each part from the reference, known before any window is seen."""

from __future__ import annotations

from dataclasses import dataclass

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
    rng = np.random.default_rng(_SEED)
    mean, freedom = np.ones(len(layout.parts)), np.ones(len(layout.parts))
    normals = rng.standard_normal((_DRAWS, layout.width))
    for place in range(len(layout.columns)):
        drawn = _draw(layout, total, place, normals)
        if drawn is not None and (middle := float(drawn.mean())) > 0:
            mean[place] = middle
            freedom[place] = min(_MOST, max(1.0, 2 * middle**2 / max(float(drawn.var()), 1e-12)))
    return Moments(mean=mean, freedom=freedom)


def _draw(
    layout: Layout, total: Tally, place: int, normals: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    size = len(layout.starts[place]) - (0 if layout.is_number[place] else 1)
    cells = total.cells[place, :size]
    cells = cells[cells > 0]
    if len(cells) < 2:
        return None
    shares = cells / cells.sum()
    steps = normals[:, : len(cells)] * np.sqrt(shares)
    bridge = steps - shares * steps.sum(axis=1, keepdims=True)
    if layout.is_number[place]:
        return np.asarray(np.max(np.abs(np.cumsum(bridge, axis=1)), axis=1) ** 2)
    return np.asarray(np.max(bridge**2 / (shares * (1 - shares)), axis=1))
