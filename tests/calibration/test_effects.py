"""The second key: what is said to have moved at least has moved, with the certainty that is claimed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.calibration.effects import bound_growth, bound_names_moved, bound_numbers_moved
from driftwatch.statistics.moved_share import bound_moved_share
from tests.support.columns import pair_numbers


def test_equal_samples_moved_nothing() -> None:
    assert bound_numbers_moved(0.0, 0.01, alpha=0.01) == 0.0
    assert bound_names_moved(np.array([10, 90]), np.array([100, 900]), alpha=0.01) == 0.0
    assert bound_growth(10, 1000, 1, 100, alpha=0.01) == 0.0


@given(seed=st.integers(0, 10_000), shift=st.floats(0.0, 1.0))
def test_numbers_agree_with_the_statistic_on_full_grids(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    reference, current = pair_numbers(rng.normal(size=300), rng.normal(shift, 1.0, 200))
    apart = np.cumsum(current.cells) / 200 - np.cumsum(reference.cells) / 300

    found = bound_numbers_moved(float(np.max(np.abs(apart))), 1 / 300 + 1 / 200, alpha=0.01)

    assert found == pytest.approx(bound_moved_share(reference, current, alpha=0.01))


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_bound_on_numbers_is_seldom_too_high(shift: float) -> None:
    rng = np.random.default_rng(1)
    true, alpha, rounds = 2 * stats.norm.cdf(shift / 2) - 1, 0.05, 1500
    wrong = 0
    for _ in range(rounds):
        distance = float(stats.ks_2samp(rng.normal(size=400), rng.normal(shift, 1.0, 200)).statistic)
        wrong += bound_numbers_moved(distance, 1 / 400 + 1 / 200, alpha=alpha) > true

    assert wrong / rounds <= alpha


@pytest.mark.parametrize("after", [[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.3, 0.3, 0.4]])
def test_the_bound_on_names_is_seldom_too_high(after: list[float]) -> None:
    rng = np.random.default_rng(2)
    before, alpha, rounds = np.array([0.5, 0.3, 0.2]), 0.05, 1500
    true = float(np.max(np.abs(np.array(after) - before)))

    wrong = sum(
        bound_names_moved(rng.multinomial(500, before), rng.multinomial(200, after), alpha=alpha) > true
        for _ in range(rounds)
    )

    assert wrong / rounds <= alpha


@given(
    usual_hits=st.integers(0, 50),
    usual_rows=st.integers(50, 5000),
    hits=st.integers(0, 50),
    rows=st.integers(50, 500),
    alpha=st.sampled_from([0.05, 0.01, 1e-5]),
)
def test_growth_lies_between_two_exact_bounds(
    usual_hits: int, usual_rows: int, hits: int, rows: int, alpha: float
) -> None:
    low = stats.beta.ppf(alpha / 2, hits, rows - hits + 1) if hits else 0.0
    high = (
        stats.beta.ppf(1 - alpha / 2, usual_hits + 1, usual_rows - usual_hits)
        if usual_hits < usual_rows
        else 1.0
    )

    found = bound_growth(usual_hits, usual_rows, hits, rows, alpha=alpha)

    assert found == pytest.approx(max(0.0, low - high), abs=1e-9)


@pytest.mark.parametrize(("usual_rows", "rows"), [(0, 10), (10, 0), (0, 0)])
def test_without_rows_nothing_grew(usual_rows: int, rows: int) -> None:
    assert bound_growth(0, usual_rows, rows, rows, alpha=0.01) == 0.0


@given(seed=st.integers(0, 10_000))
def test_a_smaller_alpha_shows_less(seed: int) -> None:
    rng = np.random.default_rng(seed)
    usual, cells = rng.integers(0, 50, 4) + 1, rng.integers(0, 50, 4) + 1

    strict, lenient = (bound_names_moved(usual, cells, alpha=alpha) for alpha in (1e-6, 0.05))

    assert 0 <= strict <= lenient <= 1
