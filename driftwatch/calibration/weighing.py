"""A window's evidence weighed: its scores on both scales, the limits, and what is above them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.calibration import Calibration
from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.moments import Moments
from driftwatch.calibration.scores import score

__all__ = ["RED_LINE", "Scale", "Weighed", "weigh"]

RED_LINE = 3.0
"""Scores beyond so many limits are told even when the budget is spent."""


class Scale(StrEnum):
    """Over how much time counts are added before they are compared."""

    SHORT = "short"  # One window.
    LONG = "long"  # One season cycle that ends with the window.


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighed:
    """What a window's scores come to.

    `short` and `long` are the weighted scores, shape (parts,), `short_limit` and `long_limit` what they must
    exceed. `score` and `limit` are those of the scale that is further out.
    """

    short: NDArray[np.float64]
    long: NDArray[np.float64]
    short_limit: float
    long_limit: float

    @property
    def scale(self) -> Scale:
        """Return the scale that is further out."""
        short = self.short.max(initial=0.0) / self.short_limit
        long = self.long.max(initial=0.0) / self.long_limit
        return Scale.SHORT if short >= long else Scale.LONG

    @property
    def score(self) -> float:
        """Return the joint score, 0 and up."""
        return float((self.short if self.scale is Scale.SHORT else self.long).max(initial=0.0))

    @property
    def limit(self) -> float:
        """Return the limit of the joint score."""
        return self.short_limit if self.scale is Scale.SHORT else self.long_limit

    @property
    def above_short(self) -> NDArray[np.bool_]:
        """Return which parts are above the limit in this window alone, shape (parts,)."""
        return np.asarray(self.short > self.short_limit)

    @property
    def above(self) -> NDArray[np.bool_]:
        """Return which parts are above the limit of either scale, shape (parts,)."""
        return np.asarray(self.above_short | (self.long > self.long_limit))


def weigh(
    calibration: Calibration,
    moments: Moments,
    evidence: tuple[Evidence, Evidence],
    *,
    level: float,
    fallback: float,
) -> Weighed:
    """Return the scores of a window, short and long `evidence`, and its limits at `level`.

    At level 0 the budget is spent: only what is three times beyond the limit at `fallback` is above.
    """
    short, long = (
        score(found.distance, found.chance, null.wobble, moments) * (calibration.weights * null.calm)
        for found, null in zip(evidence, (calibration.short, calibration.long), strict=True)
    )
    limits = calibration.find_limits(level)
    if not all(math.isfinite(limit) for limit in limits):
        spent = calibration.find_limits(fallback)
        limits = (RED_LINE * spent[0], RED_LINE * spent[1])
    return Weighed(short=short, long=long, short_limit=limits[0], long_limit=limits[1])
