"""How far a window is from the reference in every part, beside how far chance alone would take it.

Everything is a squared distance with the one that chance explains:

* numbers: D², the squared Kolmogorov–Smirnov distance, beside m/nₑ;
* categories: the largest of (p − q)²/π(1 − π) over the cells, beside m/nₑ;
* rates (missing, out of range or unseen, repeated keys): the same of one share, where it grew;
* volume: the squared logarithm of rows over usual rows.

p is the window's share and q the reference's, π the share in both together, nₑ = nm/(n + m). m is what
`moments` measured: chance does not take a column of three values as far as one of thousands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtri

from driftwatch.calibration.layout import Layout
from driftwatch.calibration.tally import Tally

__all__ = ["Evidence", "blank_evidence", "measure"]

_SHARE_OF_EFFECT = 0.25
"""A share that changes by less than a quarter of the minimum effect is not counted as change."""
_MANY_HITS = 30
"""Hits from which a share is as good as normal."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """What one window shows on one scale.

    `distance`, shape (parts,), is squared; NaN where a part could not be measured. `chance`, shape (parts,),
    is one over the effective number of rows: m times it is the squared distance that chance explains.
    """

    distance: NDArray[np.float64]
    chance: NDArray[np.float64]


def blank_evidence(layout: Layout) -> Evidence:
    """Return the evidence of a window in which nothing could be measured."""
    nothing = np.full(len(layout.parts), math.nan)
    return Evidence(distance=nothing, chance=nothing)


def measure(
    layout: Layout, reference: Tally, current: Tally, *, usual_volume: float | None, minimum_effect: float
) -> Evidence:
    """Return how far `current` is from `reference`.

    Parameters
    ----------
    layout, reference, current
        The order of columns, and the two tallies in it. `current` must not be part of `reference`.
    usual_volume
        The rows a window of this season usually has; None leaves the volume out.
    minimum_effect
        A share of rows. Shares that change by less than a quarter of it count as hardly changed: without
        such a floor three missing values among thousands would be the strangest thing of the year.
    """
    n, m = reference.cells.sum(axis=1), current.cells.sum(axis=1)
    floor = (_SHARE_OF_EFFECT * minimum_effect) ** 2
    drift, chance = _measure_drift(layout, (reference.cells, n), (current.cells, m), floor)
    missing = _measure_rate((reference.missing, reference.rows), (current.missing, current.rows), floor)
    beyond = _measure_beyond(layout, (reference, n), (current, m), floor)
    missing[0][layout.is_derived] = beyond[0][layout.is_derived] = math.nan
    keys = _measure_rate(
        (np.array([reference.repeated]), np.array([reference.keyed])),
        (np.array([current.repeated]), np.array([current.keyed])),
        floor,
    )
    volume = _measure_volume(usual_volume, current.volume)
    groups = ((drift, chance), missing, beyond, volume, keys)
    return Evidence(
        distance=np.concatenate([distance for distance, _ in groups]),
        chance=np.concatenate([spread for _, spread in groups]),
    )


_Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def _find_chance(n: NDArray[np.int64], m: NDArray[np.int64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        chance: NDArray[np.float64] = 1 / n + 1 / m
    chance[(n <= 0) | (m <= 0)] = math.nan
    return chance


def _measure_drift(
    layout: Layout,
    reference: tuple[NDArray[np.int64], NDArray[np.int64]],
    current: tuple[NDArray[np.int64], NDArray[np.int64]],
    floor: float,
) -> _Pair:
    (usual, n), (cells, m) = reference, current
    chance = _find_chance(n, m)
    distance = np.full(len(n), math.nan)
    numbers = layout.is_number & np.isfinite(chance)
    if np.any(numbers):
        apart = np.cumsum(cells[numbers], axis=1) / m[numbers, np.newaxis]
        apart -= np.cumsum(usual[numbers], axis=1) / n[numbers, np.newaxis]
        distance[numbers] = np.maximum(apart.max(axis=1), -apart.min(axis=1)) ** 2
    names = ~layout.is_number & np.isfinite(chance)
    for place in np.flatnonzero(names):
        # Unseen categories have a part of their own: without a share in the reference they are no distance.
        size = len(layout.starts[place]) - 1
        distance[place] = _measure_names(usual[place, :size], cells[place, :size], chance[place], floor)
    return distance, chance


def _measure_names(usual: NDArray[np.int64], cells: NDArray[np.int64], chance: float, floor: float) -> float:
    n, m = int(usual.sum()), int(cells.sum())
    if n == 0 or m == 0:
        return math.nan
    apart = cells / m - usual / n
    both = (cells + usual) / (n + m)
    return float(np.max(apart**2 / (both * (1 - both) + floor / chance)))


def _measure_rate(
    reference: tuple[NDArray[np.int64], NDArray[np.int64]],
    current: tuple[NDArray[np.int64], NDArray[np.int64]],
    floor: float,
) -> _Pair:
    (usual_hits, n), (hits, m) = reference, current
    chance = _find_chance(n, m)
    with np.errstate(invalid="ignore", divide="ignore"):
        growth = np.maximum(hits / m - usual_hits / n, 0.0)
        both = (hits + usual_hits) / (n + m)
        distance = growth**2 / (both * (1 - both) + floor / chance)
    rare = (growth > 0) & (hits + usual_hits < _MANY_HITS) & np.isfinite(chance)
    if np.any(rare):
        exact = _find_rare(hits[rare], usual_hits[rare], m[rare] / (m[rare] + n[rare]))
        distance[rare] = np.minimum(distance[rare], exact**2 * chance[rare])
    distance[np.isnan(chance)] = math.nan
    return distance, chance


def _find_rare(
    hits: NDArray[np.int64], usual_hits: NDArray[np.int64], part: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how many standard deviations of a normal law are as rare as so many hits.

    `part` is the window's part of all rows. Of all hits each fell into the window with that chance, so that
    the number there is binomial: the conditional test of two Poisson rates (J. Przyborowski and H.
    Wilenski, Biometrika 31, 1940). *Why:* one hit where .1 was expected is no three standard deviations.
    """
    tail = betainc(hits, usual_hits + 1, part)
    return np.maximum(0.0, -ndtri(np.minimum(tail, 1.0) / 2))


def _measure_beyond(
    layout: Layout,
    reference: tuple[Tally, NDArray[np.int64]],
    current: tuple[Tally, NDArray[np.int64]],
    floor: float,
) -> _Pair:
    (usual, n), (cells, m) = reference, current
    last = np.array([len(starts) - 1 for starts in layout.starts], dtype=np.int64)
    every = np.arange(len(last))
    hits, usual_hits = cells.cells[every, last], usual.cells[every, last]
    hits = hits + np.where(layout.is_number, cells.cells[:, 0], 0)
    # Two of the gaps around n values lie beyond them (S. S. Wilks, 1941): as if one had been hit.
    usual_hits = usual_hits + np.where(layout.is_number, usual.cells[:, 0] + (n > 0), 0)
    known = np.where(layout.is_number, n, np.where(n > 0, layout.unseen_rows, 0))
    predicted = np.where(layout.is_number, usual_hits, layout.unseen_hits)
    return _measure_rate((predicted, known), (hits, m), floor)


def _measure_volume(usual: float | None, rows: int) -> _Pair:
    if not usual or rows <= 0:
        return np.array([math.nan]), np.array([math.nan])
    return np.array([math.log(rows / usual) ** 2]), np.array([1 / rows])
