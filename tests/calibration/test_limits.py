"""Limits keep their level: by counting where there are windows enough, further out where there are not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.calibration.limits import choose_limit, limit_by_chance


@pytest.mark.parametrize("windows", [59, 120, 364])
@pytest.mark.parametrize("draw", ["exponential", "lognormal", "standard_cauchy"])
def test_exchangeable_windows_exceed_the_limit_no_more_often_than_promised(windows: int, draw: str) -> None:
    rng = np.random.default_rng(windows)
    level, rounds = 1 / 60, 4000
    scores = 10 + np.abs(getattr(rng, draw)(size=(rounds, windows + 1)))

    above = [
        row[-1] > choose_limit(sorted(row[:-1].tolist(), reverse=True)[:64], windows, level) for row in scores
    ]

    # Four standard errors, for the promise is exact: k of N + 1 places.
    assert np.mean(above) <= level + 4 * math.sqrt(level / rounds)
    assert np.mean(above) >= math.floor(level * (windows + 1)) / (windows + 1) - 4 * math.sqrt(level / rounds)


def test_a_dependent_past_does_not_matter_as_long_as_any_order_is_as_likely() -> None:
    rng = np.random.default_rng(3)
    level, windows, rounds = 1 / 30, 89, 4000
    scores = 5 + np.abs(rng.normal(size=(rounds, 1)) + 0.3 * rng.normal(size=(rounds, windows + 1)))

    above = [
        row[-1] > choose_limit(sorted(row[:-1].tolist(), reverse=True), windows, level) for row in scores
    ]

    assert np.mean(above) <= level + 4 * math.sqrt(level / rounds)


@given(
    highest=st.lists(st.floats(0.0, 50.0), min_size=1, max_size=64),
    windows=st.integers(1, 400),
    level=st.floats(1e-4, 0.49),
)
def test_a_stricter_level_never_lowers_the_limit(highest: list[float], windows: int, level: float) -> None:
    ordered = sorted(highest, reverse=True)

    assert choose_limit(ordered, windows, level / 2) >= choose_limit(ordered, windows, level)


@given(
    highest=st.lists(st.floats(0.0, 50.0), min_size=1, max_size=64),
    windows=st.integers(1, 400),
    level=st.floats(1e-4, 0.49),
)
def test_a_limit_is_never_lower_than_chance_alone_would_need(
    highest: list[float], windows: int, level: float
) -> None:
    limit = choose_limit(sorted(highest, reverse=True), windows, level)

    assert limit >= limit_by_chance(1, level)


def test_with_too_few_windows_the_limit_lies_beyond_all_of_them() -> None:
    assert choose_limit([9.0, 8.0], 58, 1 / 60) > 9.0
    assert choose_limit([9.0, 8.0], 59, 1 / 60) == 9.0
    assert choose_limit([9.0, 8.0], 29, 1 / 60) == pytest.approx(9.0 * (1 + 0.15 * math.log(2)))


def test_what_was_not_kept_is_never_asked_for() -> None:
    highest = np.linspace(20.0, 10.0, 64).tolist()

    assert choose_limit(highest, 10_000, 1 / 60) == 10.0


@pytest.mark.parametrize(("parts", "level"), [(1, 0.05), (20, 1 / 60), (602, 1 / 60), (602, 1 / 300)])
def test_the_limit_by_chance_is_shared_by_all_parts(parts: int, level: float) -> None:
    expected = float(stats.norm.isf(level / parts / 2))

    assert limit_by_chance(parts, level) == pytest.approx(expected, rel=1e-9)


def test_independent_scores_exceed_the_limit_by_chance_as_often_as_promised() -> None:
    rng = np.random.default_rng(4)
    highest = np.abs(rng.normal(size=(20_000, 60))).max(axis=1)

    assert np.mean(highest > limit_by_chance(60, 0.05)) == pytest.approx(0.05, abs=0.006)
