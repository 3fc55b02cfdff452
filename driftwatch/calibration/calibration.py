"""The calibration: everything a window's scores are judged by, and how much of the promise it can keep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.baseline import Baseline, BlockEvidence
from driftwatch.calibration.budget import Budget
from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.layout import Layout
from driftwatch.calibration.limits import choose_limit, limit_by_chance
from driftwatch.calibration.null import Null, Past, build_null
from driftwatch.profiles.window import Window

__all__ = [
    "LEAST_WINDOWS",
    "Calibration",
    "CalibrationState",
    "Scored",
    "calibrate",
    "count_history",
    "find_weights",
]

LEAST_WINDOWS = 8
"""Past windows without which nothing is known of what is usual."""
_ASSUMED_WOBBLE = 0.03
"""τ₀: the distance that a column is assumed to move by where nothing is known."""
_LONGEST_DAYS = 365
_MOST_WINDOWS = 10_000
"""More of them say little that is new, and take seconds to be read and compared."""
_SCALES = 2


class CalibrationState(StrEnum):
    """How much of the promise a calibration can keep."""

    CALIBRATED = "calibrated"  # As many past windows as the promise needs.
    PROVISIONAL = "provisional"  # Fewer: the limit is put further out than any of them.
    UNCALIBRATED = "uncalibrated"  # Too few to know what is usual: limits are assumed.


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """A past window as the null sees it; `held`, shape (parts,), marks what is held out."""

    window: Window
    short: Evidence
    long: Evidence
    held: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """What windows are judged by: the null of each scale.

    `missing` is how many more windows the promise needs, 0 where it is calibrated. `inherited` of the windows
    were judged against an earlier reference.
    """

    state: CalibrationState
    short: Null
    long: Null
    weights: NDArray[np.float64]
    missing: int = 0
    inherited: int = 0

    def find_limits(self, level: float) -> tuple[float, float]:
        """Return the limits of both scales at a `level` for both together; infinite at level 0."""
        if level <= 0:
            return math.inf, math.inf
        return self._find_limit(self.short, level), self._find_limit(self.long, level)

    def _find_limit(self, null: Null, level: float) -> float:
        if self.state is CalibrationState.UNCALIBRATED or not null.highest:
            return limit_by_chance(len(self.weights), level / _SCALES)
        return choose_limit(null.highest, null.windows, level / _SCALES)

    def say(self) -> str:
        """Return the state in words, as `calibration` shows it.

        It is the state alone where nothing is to be added.
        """
        said = self.state.value
        if self.state is CalibrationState.PROVISIONAL:
            said += f" ({self.missing} more {'window' if self.missing == 1 else 'windows'} needed)"
        return f"{said}, {self.inherited} windows inherited" if self.inherited else said


def find_weights(layout: Layout, budget: Budget) -> NDArray[np.float64]:
    """Return what the score of each part is multiplied by, shape (parts,)."""
    return np.array([budget.weights.get(part.column, 1.0) for part in layout.parts])


def count_history(budget: Budget) -> int:
    """Return how many of the newest windows count: those of one year, or what the promise needs.

    Never more than 10,000: a promise that needs more stays provisional.

    >>> count_history(Budget())
    365
    """
    year = math.ceil(_LONGEST_DAYS * 86_400 / budget.window.total_seconds())
    return min(_MOST_WINDOWS, max(budget.needed, year))


def calibrate(
    baseline: Baseline, blocks: Sequence[BlockEvidence], history: Sequence[Scored], budget: Budget
) -> Calibration:
    """Return the calibration that the reference's blocks and the windows since give.

    Parameters
    ----------
    baseline, blocks
        The reference, and each of its blocks against the others.
    history
        Windows that were judged, oldest first, the newest year of them.
    budget
        What was promised.
    """
    weights = find_weights(baseline.layout, budget)
    count = len(blocks) + len(history)
    provisional = count < budget.needed
    short = _build(baseline, [one.short for one in blocks], history, [one.short for one in history])
    long = _build(baseline, [one.long for one in blocks], history, [one.long for one in history])
    if count < LEAST_WINDOWS:
        return _assume(baseline, weights, budget.needed - count)
    nulls = [build_null(past, baseline.moments, weights) for past in (short, long)]
    if nulls[1].windows < LEAST_WINDOWS:
        # A cycle or two of sliding sums, each nearly the one before it, say nothing of what is rare.
        nulls[1] = replace(nulls[1], highest=nulls[0].highest, windows=nulls[0].windows)
    state = CalibrationState.PROVISIONAL if provisional else CalibrationState.CALIBRATED
    return Calibration(
        state=state,
        short=nulls[0],
        long=nulls[1],
        weights=weights,
        missing=max(0, budget.needed - count),
    )


def _build(
    baseline: Baseline, blocks: Sequence[Evidence], history: Sequence[Scored], found: Sequence[Evidence]
) -> Past:
    parts = len(baseline.layout.parts)
    both = [*blocks, *found]
    held = [*(np.zeros(parts, dtype=bool) for _ in blocks), *(one.held for one in history)]
    return Past(
        distance=np.array([one.distance for one in both]).reshape(-1, parts),
        chance=np.array([one.chance for one in both]).reshape(-1, parts),
        held=np.array(held, dtype=bool).reshape(-1, parts),
    )


def _assume(baseline: Baseline, weights: NDArray[np.float64], missing: int) -> Calibration:
    columns = len(baseline.layout.columns)
    # A share of a half that moves by τ₀ is 2 τ₀ of its own standard deviation.
    wobble = np.full(len(weights), (2 * _ASSUMED_WOBBLE) ** 2)
    wobble[:columns][baseline.layout.is_number] = _ASSUMED_WOBBLE**2
    wobble[-2] = 0.5**2
    null = Null(wobble=wobble, calm=np.ones(len(weights)), highest=(), windows=0)
    return Calibration(
        state=CalibrationState.UNCALIBRATED, short=null, long=null, weights=weights, missing=missing
    )
