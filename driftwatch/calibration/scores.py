"""The size-free score: how strange a part of a window is, on one scale for all parts and all sizes.

A squared distance is divided by what chance and the part's own ordinary wobble explain, and read as the
number of standard deviations that a normal law would need to be as strange: 2 is seen once in 22 windows,
3 once in 370, 4 once in 16,000, were the wobble known and normal. Limits do not rest on that: they come from
the scores of past windows.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammainccinv, gammaln, log_ndtr, ndtri_exp

from driftwatch.calibration.moments import Moments

__all__ = ["score", "unscore"]

_DEEP = -600.0
_TRIED, _ROUNDS = 22, 12
"""Distances that are tried at once, and how often: each time 21 times as exactly."""


def score(
    distance: NDArray[np.float64],
    chance: NDArray[np.float64],
    wobble: NDArray[np.float64],
    moments: Moments,
) -> NDArray[np.float64]:
    """Return the scores, 0 and up without bound; 0 where a part could not be measured.

    Parameters
    ----------
    distance, chance
        As in `Evidence`; shape (parts,) or (windows, parts).
    wobble
        The squared distance that the part is usually moved beyond chance, shape (parts,).
    moments
        The law of chance alone.

    Notes
    -----
    r = distance/(m·chance + wobble). Chance gives r·ν a χ² law with the part's own ν; a wobble is one step
    to a side, ν = 1. Mixed, ν is that of a law with the mixed variance (Welch and Satterthwaite). Larger
    distances always score higher.

    References
    ----------
    F. E. Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics
    Bulletin 2, 1946.

    Examples
    --------
    >>> one = np.ones(1)
    >>> score(np.array([9.0]), one, np.zeros(1), Moments(mean=one, freedom=one)).round(6).tolist()
    [3.0]
    """
    explained = moments.mean * chance + wobble
    freedom = _mix_freedom(moments.mean * chance / explained, moments.freedom)
    with np.errstate(invalid="ignore"):
        found = _to_sigmas(_log_tail(freedom, distance / explained))
    return np.where(np.isnan(found), 0.0, found)


def unscore(limit: float, chance: float, wobble: float, mean: float, freedom: float) -> float:
    """Return the squared distance that would have scored `limit` in one part.

    >>> round(unscore(3.0, 1.0, 0.0, 1.0, 1.0), 6)
    9.0
    """
    least = tail(limit)
    if limit <= 0 or least <= _DEEP:
        return _search(limit, chance, wobble, mean, freedom)
    explained = mean * chance + wobble
    mixed = float(_mix_freedom(np.array(mean * chance / explained), np.array(freedom)))
    return explained * float(gammainccinv(mixed / 2, math.exp(least))) * 2 / mixed


def _search(limit: float, chance: float, wobble: float, mean: float, freedom: float) -> float:
    """Return the squared distance that would have scored `limit` where the tail has no inverse."""
    one = np.ones(_TRIED)
    moments = Moments(mean=mean * one, freedom=freedom * one)

    def find_first(distances: NDArray[np.float64]) -> int:
        """Return the place of the first of ascending distances that reaches the limit, else of the last."""
        reached = score(distances, chance * one, wobble * one, moments) >= limit
        return int(np.argmax(reached)) if np.any(reached) else _TRIED - 1

    tried = np.append(0.0, 4.0 ** np.arange(_TRIED - 1))
    for _ in range(_ROUNDS):
        last = max(1, find_first(tried))
        tried = np.linspace(tried[last - 1], tried[last], _TRIED)
    return float(tried[-1])


def _mix_freedom(part: NDArray[np.float64], freedom: NDArray[np.float64]) -> NDArray[np.float64]:
    mixed: NDArray[np.float64] = 1 / (part**2 / freedom + (1 - part) ** 2)
    # Where a little wobble meets much chance the sum has more freedom than either; one side bounds it.
    return np.clip(mixed, 1.0, np.maximum(freedom, 1.0))


def _log_tail(freedom: NDArray[np.float64], ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of the chance that a scaled χ² exceeds `ratio` times its mean."""
    half, at = freedom / 2, freedom * ratio / 2
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        near = np.log(gammaincc(half, at))
        # Far out the tail is its first term; the factor of the rest goes to 1.
        far = (half - 1) * np.log(at) - at - gammaln(half) - np.log1p(-np.minimum((half - 1) / at, 0.99))
    return np.asarray(np.where(near > _DEEP, near, np.minimum(far, _DEEP)))


def _to_sigmas(log_tail: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(0.0, -ndtri_exp(np.minimum(log_tail, 0.0) - math.log(2))))


def tail(sigmas: float) -> float:
    """Return the logarithm of the chance of a normal law to be at least so many standard deviations off.

    >>> round(math.exp(tail(2.0)), 4)
    0.0455
    """
    return float(log_ndtr(-sigmas)) + math.log(2)
