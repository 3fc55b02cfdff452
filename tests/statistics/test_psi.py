from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from driftwatch.statistics.psi import psi
from tests.support.columns import count_category_rows, pair_categories, pair_numbers


def test_one_outlier_does_not_hide_a_shift_of_one_standard_deviation() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=20_000), rng.normal(size=5000) + 1

    plain = psi(*pair_numbers(reference, current)).value
    with_outlier = psi(*pair_numbers(reference, np.append(current, 1e6))).value

    assert plain == pytest.approx(0.926, abs=0.06)
    assert with_outlier == pytest.approx(plain, abs=0.01)


@pytest.mark.parametrize(
    ("shift", "scale", "population"),
    [(0.1, 1, 0.0096), (0.316, 1, 0.096), (0.5, 1, 0.238), (1, 1, 0.926), (0, 1.25, 0.064), (0, 2, 0.491)],
)
def test_normal_rows_give_the_population_value(shift: float, scale: float, population: float) -> None:
    # Evenly spaced quantiles stand for a sample without noise.
    reference = norm.ppf((np.arange(100_000) + 0.5) / 100_000)

    found = psi(*pair_numbers(reference, reference * scale + shift))

    assert found.value == pytest.approx(population, rel=0.01, abs=0.0001)


def test_half_and_half_against_six_and_four_tenths() -> None:
    found = psi(*count_category_rows([5 * 10**8, 5 * 10**8], [6 * 10**8, 4 * 10**8]))

    assert found.value == pytest.approx(0.040546511, abs=1e-8)


@pytest.mark.parametrize(
    ("bins", "reference_rows", "rows", "mean", "q95"),
    [
        (10, 100_000, 100, 0.087, 0.168),
        (10, 100_000, 200, 0.045, 0.086),
        (10, 100_000, 1000, 0.0091, 0.0173),
        (20, 100_000, 100, 0.172, 0.281),
        (20, 100_000, 200, 0.091, 0.150),
        (50, 100_000, 500, 0.094, 0.132),
        (50, 1000, 1000, 0.096, 0.130),
        (10, 100_000, 5000, 0.0019, 0.0035),
    ],
)
def test_without_drift_it_has_the_measured_mean_and_quantiles(
    bins: int, reference_rows: int, rows: int, mean: float, q95: float
) -> None:
    values = _draw_without_drift(bins, reference_rows, rows)

    assert values.mean() == pytest.approx(mean, rel=0.04)
    assert np.quantile(values, 0.95) == pytest.approx(q95, rel=0.05)


def test_what_chance_adds_is_taken_off() -> None:
    rng = np.random.default_rng(4)
    found = [
        psi(*pair_numbers(rng.normal(size=5000), rng.normal(size=1000))).debiased or 0 for _ in range(400)
    ]

    # The mean of 400 values whose standard deviation is √(2·9)·(1/5000 + 1/1000) = .0051.
    assert np.mean(found) == pytest.approx(0, abs=4 * 0.0051 / 20)


@settings(deadline=None)
@given(
    shares=st.lists(st.integers(1, 50), min_size=2, max_size=12),
    volumes=st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)),
)
def test_equal_shares_at_any_volumes_stay_below_what_chance_gives(
    shares: list[int], volumes: tuple[int, int]
) -> None:
    reference, current = ([count * volume for count in shares] for volume in volumes)

    found = psi(*count_category_rows(reference, current))

    assert found.debiased is not None
    # One bin, or two empty ones beside it, leave nothing to differ.
    assert found.debiased < 0 or found.value == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=8))
def test_names_with_enough_rows_may_swap_sides(cells: list[tuple[int, int]]) -> None:
    # A thousand more on each side keeps every name in a bin of its own, whichever side is the reference.
    one, other = ([count + 1000 for count in side] for side in zip(*cells, strict=True))

    there, back = psi(*count_category_rows(one, other)).value, psi(*count_category_rows(other, one)).value

    assert there == pytest.approx(back, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("rows", [50, 200, 5000])
def test_an_empty_bin_follows_from_the_rows_and_not_from_an_epsilon(rows: int) -> None:
    found = psi(*pair_categories(["a"] * rows, ["a"] * (rows // 2) + ["z"] * (rows // 2)))

    # Half of the rows against half a row in a bin where the reference has none.
    p, q = np.array([rows + 0.5, 0.5]) / (rows + 1), np.array([rows / 2 + 0.5] * 2) / (rows + 1)
    assert found.value == pytest.approx(float(np.sum((p - q) * np.log(p / q))))


def _draw_without_drift(bins: int, reference_rows: int, rows: int) -> np.ndarray:
    rng = np.random.default_rng([bins, rows])
    shares = np.full(bins, 1 / bins)
    # Where five rows are just expected, a drawn reference would leave some names without a bin.
    exact = np.full(bins, reference_rows // bins)
    values = []
    for _ in range(6000):
        reference = exact if rows == 5 * bins else rng.multinomial(reference_rows, shares)
        values.append(psi(*count_category_rows(reference, rng.multinomial(rows, shares))).value)
    return np.array(values)
