from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.special import kolmogorov
from scipy.stats import ks_2samp

from driftwatch.statistics.ks import ks
from tests.support.columns import Pair, pair_numbers
from tests.support.oracles import measure_ks
from tests.support.strategies import number_pairs

CONOVER_X = [7.6, 8.4, 8.6, 8.7, 9.3, 9.9, 10.1, 10.6, 11.2]
CONOVER_Y = [5.2, 5.7, 5.9, 6.5, 6.8, 8.2, 9.1, 9.8, 10.8, 11.3, 11.5, 12.3, 12.5, 13.4, 14.6]
X = np.array([1.01, 2.01])
HUNDRED = np.linspace(1, 100, 100)
TENTHS = np.linspace(1, 100, 110)


@pytest.mark.parametrize(
    ("reference", "current", "distance", "p_value"),
    [
        (X, [1, 2, 3], 1 / 3, 1.0),
        (X - 0.02, [1, 2, 3], 2 / 3, 0.6),
        (HUNDRED, TENTHS + 20.1, 232 / 1100, 0.015739183865607353),
        (HUNDRED, TENTHS + 19.9, 229 / 1100, 0.017803803861026313),
    ],
)
def test_published_values_and_exact_p_values(
    reference: np.ndarray, current: np.ndarray, distance: float, p_value: float
) -> None:
    found = ks(*pair_numbers(reference, current))

    assert found.value == pytest.approx(distance, abs=1e-12)
    assert found.p_value == pytest.approx(p_value, rel=1e-9)
    assert found.low == found.value == found.high


@pytest.mark.parametrize(
    ("reference", "current", "distance"),
    [
        (np.repeat([2, 3, 5, 6], [3, 4, 5, 4]), np.repeat([3, 4, 6, 7], [3, 4, 5, 4]), 5 / 16),
        (np.repeat([2, 3, 5, 6], [3, 4, 10, 4]), np.repeat([3, 4, 6, 7], [10, 2, 10, 4]), 190 / 21 / 26),
        (CONOVER_X, CONOVER_Y, 0.4),
    ],
)
def test_published_values(reference: np.ndarray, current: np.ndarray, distance: float) -> None:
    assert ks(*pair_numbers(reference, current)).value == pytest.approx(distance, abs=1e-12)


@settings(deadline=None)
@given(number_pairs())
def test_every_distinct_reference_value_as_a_point_makes_it_exact(
    rows: tuple[list[float], list[float], Pair],
) -> None:
    reference, current, counts = rows

    found = ks(*counts)

    assert found.value == pytest.approx(measure_ks(reference, current), abs=1e-12)
    assert found.low == found.high


@settings(deadline=None)
@given(number_pairs(max_points=4))
def test_a_coarse_grid_encloses_the_exact_distance(rows: tuple[list[float], list[float], Pair]) -> None:
    reference, current, counts = rows
    exact = measure_ks(reference, current)

    found = ks(*counts)

    assert found.low is not None
    assert found.high is not None
    assert found.low - 1e-12 <= exact <= found.high + 1e-12
    inside = (counts[0].cells[0::2] / len(reference), counts[1].cells[0::2] / len(current))
    assert found.high - found.low <= np.minimum(*inside).max() + 1e-12


def test_the_interval_is_attained_and_so_cannot_be_narrower() -> None:
    # The points are 0, 2 and 5; 1 of the reference lies in the first gap, 3 and 4 in the second.
    reference = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    low_batch, high_batch = np.array([0, 0.5, 2, 2.5, 2.5, 5]), np.array([0, 1.5, 2, 4.5, 4.5, 5])
    distances = []

    for batch in (low_batch, high_batch):
        found = ks(*pair_numbers(reference, batch, max_points=2))
        distances.append((found.low, found.high, measure_ks(reference.tolist(), batch.tolist())))

    assert distances[0][:2] == distances[1][:2]
    assert max(exact for _, _, exact in distances) == pytest.approx(distances[0][1])


def test_p_values_of_many_rows_are_the_kolmogorov_limit() -> None:
    rng = np.random.default_rng(3)
    reference, current = rng.normal(size=4000), rng.normal(size=900) + 0.05

    found = ks(*pair_numbers(reference, current))

    assert found.value is not None
    limit = kolmogorov(np.sqrt(4000 * 900 / 4900) * found.value)
    assert found.p_value == pytest.approx(limit)
    assert found.p_value == pytest.approx(ks_2samp(reference, current, method="asymp").pvalue, rel=0.1)


def test_p_values_of_few_rows_with_ties_are_not_claimed_to_be_exact() -> None:
    tied = ks(*pair_numbers([1, 2, 2, 3], [1, 2, 3, 4]))

    assert tied.value is not None
    assert tied.p_value == pytest.approx(kolmogorov(np.sqrt(2) * tied.value))


@pytest.mark.parametrize("sentinel", [1e9, -999_999.0, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["reference", "current"])
def test_one_sentinel_does_not_hide_a_shift(sentinel: float, side: str) -> None:
    rng = np.random.default_rng(5)
    reference, current = rng.normal(size=5000), rng.normal(size=5000) + 2
    plain = ks(*pair_numbers(reference, current)).value
    odd_reference = np.append(reference, sentinel) if side == "reference" else reference
    odd_current = np.append(current, sentinel) if side == "current" else current

    found = ks(*pair_numbers(odd_reference, odd_current))

    assert found.value == pytest.approx(plain, abs=0.0005)


def test_infinite_rows_count_as_values_beyond_every_point() -> None:
    found = ks(*pair_numbers([1, 2, 3, 4], [1, 2, -np.inf, np.inf]))

    # As if they were −99 and 99.
    assert found.value == ks(*pair_numbers([1, 2, 3, 4], [1, 2, -99, 99])).value == 0.25


def test_nan_is_left_out() -> None:
    assert ks(*pair_numbers([1, 2, 3], [2, 3, 4, np.nan])) == ks(*pair_numbers([1, 2, 3], [2, 3, 4]))
