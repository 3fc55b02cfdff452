"""The null of one scale: how much every part wobbles by itself, and the highest scores of clean windows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.moments import Moments
from driftwatch.calibration.scores import score

__all__ = ["Null", "Past", "build_null", "find_wobble"]

_TRIMMED = 0.05
"""The share of windows at either end that does not count for the wobble."""
_KEPT = 64
"""Scores that are kept: a limit is never set by one further down."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """The windows that a null is built from, oldest first, on one scale.

    `distance` and `chance` have shape (windows, parts), as in `Evidence`; `held`, of the same shape, marks
    what is held out. `in_reference`, shape (windows,), marks blocks of the reference.
    """

    distance: NDArray[np.float64]
    chance: NDArray[np.float64]
    held: NDArray[np.bool_]
    in_reference: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Null:
    """What is usual on one scale.

    `wobble`, shape (parts,), is the squared distance a part is moved by beyond chance. `highest` are the
    greatest joint scores of the `windows` past ones, descending.
    """

    wobble: NDArray[np.float64]
    highest: tuple[float, ...]
    windows: int


def build_null(past: Past, moments: Moments, weights: NDArray[np.float64], *, provisional: bool) -> Null:
    """Return the null of `past`.

    Parameters
    ----------
    past
        Windows that were not held out, and reference blocks against the rest of the reference.
    moments
        The law of chance alone.
    weights
        What the scores of each part are multiplied by, shape (parts,).
    provisional
        Whether there are too few windows to keep the promise. Then a block of the reference that scores
        over twice the next highest does not count: it is more likely dirty than usual.
    """
    distance = np.where(past.held, math.nan, past.distance)
    wobble = find_wobble(distance, past.chance, moments)
    scores = score(distance, past.chance, wobble, moments) * weights
    measured = np.any(np.isfinite(distance), axis=1)
    joint = scores.max(axis=1, initial=0.0)[measured]
    of_reference = past.in_reference[measured]
    order = np.argsort(-joint, kind="stable")
    joint, of_reference = joint[order], of_reference[order]
    if provisional and len(joint) > 1 and of_reference[0] and joint[0] > 2 * joint[1]:
        joint = joint[1:]
    return Null(wobble=wobble, highest=tuple(joint[:_KEPT].tolist()), windows=len(joint))


def find_wobble(
    distance: NDArray[np.float64], chance: NDArray[np.float64], moments: Moments
) -> NDArray[np.float64]:
    """Return, for each part, the mean squared distance beyond chance of the past windows, at least 0.

    `distance` and `chance` have shape (windows, parts); NaN does not count. A twentieth of the windows at
    either end is left out, so that single days of storm do not make a column look restless.
    """
    excess = np.sort(distance - moments.mean * chance, axis=0)  # NaN sorts to the end.
    known = np.count_nonzero(np.isfinite(excess), axis=0)
    cut = (known * _TRIMMED).astype(np.int64)
    place = np.arange(excess.shape[0])[:, np.newaxis]
    counted = (place >= cut) & (place < known - cut)
    total = np.where(counted, excess, 0.0).sum(axis=0)
    return np.asarray(np.maximum(0.0, total / np.maximum(1, known - 2 * cut)))
