"""The null of one scale: how much every part wobbles by itself, and the highest scores of clean windows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from driftwatch.calibration.moments import Moments
from driftwatch.calibration.scores import score

__all__ = ["Null", "Past", "build_null", "find_calm", "find_wobble"]

_TRIMMED = 0.05
"""The share of windows at either end that does not count for the wobble."""
_TRIMMED_FOR_EVENTS = 0.1
_LEAST_WOBBLE_OF_VOLUME = 0.1**2
"""Rows that come and go by a tenth are no change, however steady they were."""
_EVENTS = 10
"""At most a tenth of the windows are taken for events."""
_RARE = 50
_TOLERATED = 1.5
_LEAST_KNOWN = 20
"""Windows from which a part can be known to be restless."""
_KEPT = 64
"""Scores that are kept: a limit is never set by one further down."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """The windows that a null is built from, oldest first, on one scale.

    `distance` and `chance` have shape (windows, parts), as in `Evidence`; `held`, of the same shape, marks
    what is held out.
    """

    distance: NDArray[np.float64]
    chance: NDArray[np.float64]
    held: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Null:
    """What is usual on one scale.

    `wobble`, shape (parts,), is the squared distance a part is moved by beyond chance, `calm`, of the same
    shape and up to 1, what its scores are multiplied by. `highest` are the greatest joint scores of the
    `windows` past ones, descending.
    """

    wobble: NDArray[np.float64]
    calm: NDArray[np.float64]
    highest: tuple[float, ...]
    windows: int


def build_null(past: Past, moments: Moments, weights: NDArray[np.float64]) -> Null:
    """Return the null of `past`.

    Parameters
    ----------
    past
        Windows that were not held out, and reference blocks against the rest of the reference.
    moments
        The law of chance alone.
    weights
        What the scores of each part are multiplied by, shape (parts,).
    """
    distance = np.where(past.held, math.nan, past.distance)
    distance = np.where(_find_events(distance, past.chance, moments, weights), math.nan, distance)
    wobble = find_wobble(distance, past.chance, moments)
    scores = score(distance, past.chance, wobble, moments)
    calm = find_calm(np.where(np.isfinite(distance), scores, math.nan))
    measured = np.any(np.isfinite(distance), axis=1)
    joint = -np.sort(-(scores * (weights * calm)).max(axis=1, initial=0.0)[measured])
    return Null(wobble=wobble, calm=calm, highest=tuple(joint[:_KEPT].tolist()), windows=len(joint))


def _find_events(
    distance: NDArray[np.float64],
    chance: NDArray[np.float64],
    moments: Moments,
    weights: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which parts of which windows were events: a few that lie over twice beyond all others.

    *Why:* what happened once and passed is no measure of what is ordinary. Left in, a fault would have to
    be worse than the last one to be told, and a dirty block of a reference would blind it for months.
    """
    wobble = find_wobble(distance, chance, moments, trimmed=_TRIMMED_FOR_EVENTS)
    scores = score(distance, chance, wobble, moments) * weights
    joint = -np.sort(-scores.max(axis=1, initial=0.0))
    most = max(2, len(joint) // _EVENTS)
    beyond = np.flatnonzero(joint[:most] > 2 * np.append(joint[1:], 0.0)[:most])
    if len(beyond) == 0 or beyond[-1] + 1 >= len(joint):
        return np.zeros(distance.shape, dtype=bool)
    return np.asarray(scores > joint[beyond[-1] + 1])


def find_wobble(
    distance: NDArray[np.float64],
    chance: NDArray[np.float64],
    moments: Moments,
    *,
    trimmed: float = _TRIMMED,
) -> NDArray[np.float64]:
    """Return, for each part, the mean squared distance beyond chance of the past windows, at least 0.

    That of the volume, the last part but one, is at least a tenth squared.

    `distance` and `chance` have shape (windows, parts); NaN does not count. A share `trimmed` of the windows
    at either end is left out, so that single days of storm do not make a column look restless.
    """
    excess = np.sort(distance - moments.mean * chance, axis=0)  # NaN sorts to the end.
    known = np.count_nonzero(np.isfinite(excess), axis=0)
    cut = (known * trimmed).astype(np.int64)
    place = np.arange(excess.shape[0])[:, np.newaxis]
    counted = (place >= cut) & (place < known - cut)
    total = np.where(counted, excess, 0.0).sum(axis=0)
    wobble = np.maximum(0.0, total / np.maximum(1, known - 2 * cut))
    wobble[-2] = max(wobble[-2], _LEAST_WOBBLE_OF_VOLUME)
    return np.asarray(wobble)


def find_calm(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the scores of each part are to be multiplied by so that a restless one drowns no other.

    `scores` has shape (windows, parts), NaN where a part was not measured. A part whose rare scores are more
    than half as high again as a normal law's gets less: rain, which comes in bursts, would set the limit of
    a steady column too. A rare score is the k-th highest, k = 2 + N/50; never the very highest, so that a
    single storm in the past changes nothing.
    """
    known = np.count_nonzero(np.isfinite(scores), axis=0)
    ordered = -np.sort(-np.where(np.isfinite(scores), scores, -math.inf), axis=0)
    place = np.minimum(2 + known // _RARE, np.maximum(1, known))
    rare = ordered[np.maximum(0, place - 1), np.arange(scores.shape[1])]
    usual = -ndtri(place / (2.0 * (known + 1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        calm = _TOLERATED * usual / rare
    return np.asarray(np.where((known >= _LEAST_KNOWN) & (rare > _TOLERATED * usual), calm, 1.0))
