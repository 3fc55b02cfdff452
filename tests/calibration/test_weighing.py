"""A window on the scales: which parts are above which limit, and what is left when the budget is spent."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.calibration.calibration import Calibration, CalibrationState
from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.moments import Moments
from driftwatch.calibration.null import Null
from driftwatch.calibration.weighing import RED_LINE, Scale, Weighed, weigh

_LEVEL = 1 / 30
_LIMIT = 3.0
"""What the past windows of `make_calibration` set at the level of one page in 30 windows."""


def make_calibration(
    parts: int = 3, *, weights: list[float] | None = None, calm: list[float] | None = None
) -> Calibration:
    null = Null(
        wobble=np.zeros(parts),
        calm=np.array(calm or [1.0] * parts),
        highest=tuple(np.linspace(4.0, 2.0, 13).tolist()),
        windows=419,  # The 7th of them is the limit at 1/60: 3.0.
    )
    return Calibration(
        state=CalibrationState.CALIBRATED,
        short=null,
        long=null,
        weights=np.array(weights or [1.0] * parts),
    )


def show(*sigmas: float) -> Evidence:
    """Evidence of parts that are so many standard deviations off."""
    return Evidence(distance=np.array(sigmas) ** 2, chance=np.ones(len(sigmas)))


def weigh_parts(
    calibration: Calibration,
    short: Evidence,
    long: Evidence | None = None,
    *,
    level: float = _LEVEL,
) -> Weighed:
    parts = len(calibration.weights)
    moments = Moments(mean=np.ones(parts), freedom=np.ones(parts))
    both = (short, long or show(*[0.0] * parts))
    return weigh(calibration, moments, both, level=level, fallback=_LEVEL / 5)


def test_only_what_is_beyond_the_limit_is_above() -> None:
    found = weigh_parts(make_calibration(), show(2.99, 3.01, 0.0))

    assert found.short_limit == pytest.approx(_LIMIT)
    assert found.above.tolist() == found.above_short.tolist() == [False, True, False]
    assert found.score == pytest.approx(3.01)
    assert found.limit == pytest.approx(_LIMIT)


def test_a_season_cycle_may_be_above_where_no_window_is() -> None:
    found = weigh_parts(make_calibration(), show(1.0, 0.0, 0.0), show(0.0, 0.0, 5.0))

    assert found.above.tolist() == [False, False, True]
    assert not found.above_short.any()
    assert found.scale is Scale.LONG
    assert found.score == pytest.approx(5.0)


@given(short=st.floats(0.0, 10.0), long=st.floats(0.0, 10.0))
def test_the_scale_that_is_further_out_is_told(short: float, long: float) -> None:
    found = weigh_parts(make_calibration(1), show(short), show(long))

    assert found.score == pytest.approx(max(short, long), abs=1e-6)
    assert bool(found.above.any()) is (found.score > found.limit)


def test_importance_multiplies_and_calm_divides() -> None:
    calibration = make_calibration(weights=[2.0, 1.0, 0.0], calm=[1.0, 0.5, 1.0])

    found = weigh_parts(calibration, show(1.6, 5.0, 100.0))

    assert found.short == pytest.approx([3.2, 2.5, 0.0])
    assert found.above.tolist() == [True, False, False]


def test_what_was_not_measured_is_above_nothing() -> None:
    blank = Evidence(distance=np.full(3, math.nan), chance=np.full(3, math.nan))

    found = weigh_parts(make_calibration(), blank, blank)

    assert found.short.tolist() == [0.0, 0.0, 0.0]
    assert not found.above.any()


def test_when_the_budget_is_spent_only_what_is_far_beyond_the_red_line_is_told() -> None:
    calibration = make_calibration()
    limit = calibration.find_limits(_LEVEL / 5)[0]

    found = weigh_parts(
        calibration, show(_LIMIT + 1, RED_LINE * limit - 0.1, RED_LINE * limit + 0.1), level=0.0
    )

    assert found.short_limit == pytest.approx(RED_LINE * limit)
    assert found.above.tolist() == [False, False, True]
    assert math.isfinite(found.limit)


def test_a_window_of_no_parts_scores_nothing() -> None:
    found = weigh_parts(make_calibration(0), show())

    assert (found.score, found.above.tolist()) == (0.0, [])
