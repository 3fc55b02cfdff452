from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.stats import wasserstein_distance

from driftwatch.profiles.counts import Counts, count_numbers
from driftwatch.profiles.grid import build_number_grid
from driftwatch.statistics.wasserstein import wasserstein
from tests.statistics.test_ks import CONOVER_X, CONOVER_Y
from tests.support.columns import Pair, pair_numbers
from tests.support.strategies import number_pairs


@pytest.mark.parametrize(
    ("reference", "current", "distance"),
    [
        ([0, 1, 3], [5, 6, 8], 5),
        (np.repeat([0, 1], [3, 1]), np.repeat([0, 1], [2, 2]), 0.25),
        (
            np.repeat([3.4, 3.9, 7.5, 7.8], [14, 9, 31, 72]),
            np.repeat([4.5, 1.4], [32, 35]),
            4.0781331438047861,
        ),
    ],
)
def test_published_values(reference: np.ndarray, current: np.ndarray, distance: float) -> None:
    assert wasserstein(*pair_numbers(reference, current)).value == pytest.approx(distance, abs=1e-12)


def test_the_samples_of_conover_where_every_value_is_a_point() -> None:
    grid = build_number_grid(np.array(CONOVER_X + CONOVER_Y))

    found = wasserstein(count_numbers(grid, np.array(CONOVER_X)), count_numbers(grid, np.array(CONOVER_Y)))

    assert found.value == pytest.approx(1.7244444444, abs=1e-10)


def test_the_samples_of_conover_on_the_grid_of_one_of_them() -> None:
    found = wasserstein(*pair_numbers(CONOVER_X, CONOVER_Y))

    assert found.low is not None
    assert found.high is not None
    assert found.low <= 1.7244444444 <= found.high
    assert found.high - found.low < 0.3


@settings(deadline=None)
@given(number_pairs(max_points=3))
def test_the_sides_may_be_swapped(rows: tuple[list[float], list[float], Pair]) -> None:
    _, _, (reference, current) = rows

    there, back = wasserstein(reference, current), wasserstein(current, reference)

    assert there.value == pytest.approx(back.value, rel=1e-9, abs=1e-6)


def test_where_all_rows_moved_one_way_a_coarse_grid_is_nearly_exact() -> None:
    rng = np.random.default_rng(6)
    reference = rng.normal(size=20_000)

    found = wasserstein(*pair_numbers(reference, reference + 0.4, max_points=16))

    assert found.low is not None
    assert found.high is not None
    assert found.value == pytest.approx(0.4, abs=0.001)
    assert found.low == pytest.approx(0.4, rel=1e-9)


def test_the_interval_is_narrow_on_the_usual_grid() -> None:
    rng = np.random.default_rng(7)
    reference, current = rng.gamma(2, size=50_000), rng.gamma(2, size=4000)

    found = wasserstein(*pair_numbers(reference, current))

    assert found.value == pytest.approx(wasserstein_distance(reference, current), abs=0.001)
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low < 0.01


def test_far_tails_are_exact() -> None:
    reference, current = np.arange(100.0), np.append(np.arange(99.0), 1_000_099.0)

    assert wasserstein(*pair_numbers(reference, current)).value == pytest.approx(10_000)


def test_large_offsets_do_not_break_the_interval() -> None:
    # Microseconds since 1970 of some days in 2013: their squares have long lost these digits.
    days = 1.36e15 + np.arange(40) * 8.64e10

    found = wasserstein(*pair_numbers(days, days + 8.64e10))

    assert found.low is not None
    assert found.high is not None
    assert found.value == pytest.approx(8.64e10, rel=1e-6)
    assert found.low <= 8.64e10 * (1 + 1e-9)
    assert found.high >= 8.64e10 * (1 - 1e-9)


def test_infinite_rows_are_left_out() -> None:
    plain = wasserstein(*pair_numbers([1, 2, 3], [2, 3, 5]))

    assert wasserstein(*pair_numbers([1, 2, 3, -np.inf], [2, 3, 5, np.inf, np.nan])) == plain


@pytest.mark.filterwarnings("ignore:overflow")
def test_sums_that_overflowed_give_no_value() -> None:
    found = wasserstein(*pair_numbers([0.0, 1.0], [1.7e308] * 4))

    assert found.value is None


def test_points_too_far_apart_for_a_float_give_no_value() -> None:
    assert wasserstein(*pair_numbers([1e308, -1e308], [1e308])).value is None


def test_counts_without_sums_give_no_value() -> None:
    reference, _ = pair_numbers([1, 2], [1, 2])
    bare = Counts(grid=reference.grid, cells=reference.cells)

    assert wasserstein(reference, bare).value is None


def test_a_float32_batch_of_the_same_tenths_has_not_moved() -> None:
    tenths = np.arange(1, 50) / 10
    grid = build_number_grid(tenths)
    current = count_numbers(grid, tenths.astype(np.float32), precision="float32")

    found = wasserstein(count_numbers(grid, tenths), current)

    assert found.value == 0
