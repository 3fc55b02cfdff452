from __future__ import annotations

import numpy as np
import pytest

from driftwatch.statistics.wasserstein import wasserstein
from driftwatch.statistics.wasserstein_scaled import MOST_SPREADS, wasserstein_scaled
from tests.support.columns import pair_numbers


@pytest.mark.parametrize(("shift", "scale", "population"), [(0.1, 1, 0.1), (0.5, 1, 0.5), (0, 1.5, 0.399)])
def test_normal_rows_are_measured_in_standard_deviations(
    shift: float, scale: float, population: float
) -> None:
    rng = np.random.default_rng(1)
    reference = rng.normal(70, 25, size=200_000)
    current = 70 + 25 * rng.normal(shift, scale, size=200_000)

    assert wasserstein_scaled(*pair_numbers(reference, current)).value == pytest.approx(population, abs=0.012)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_the_unit_of_the_column_does_not_matter(unit: float) -> None:
    rng = np.random.default_rng(2)
    reference, current = rng.normal(size=300), rng.normal(size=300) + 0.3

    found = wasserstein_scaled(*pair_numbers(reference * unit, current * unit)).value

    assert found == pytest.approx(wasserstein_scaled(*pair_numbers(reference, current)).value, rel=1e-6)


def test_where_half_of_the_reference_is_one_value_the_unit_is_the_standard_deviation() -> None:
    reference, current = [0.0] * 90 + [10.0] * 10, [0.0] * 80 + [10.0] * 20

    counts = pair_numbers(reference, current)

    assert wasserstein(*counts).value == pytest.approx(1)
    assert wasserstein_scaled(*counts).value == pytest.approx(1 / np.std(reference))


def test_any_move_of_a_constant_is_the_greatest() -> None:
    assert wasserstein_scaled(*pair_numbers([0.1] * 9, [0.1] * 8 + [0.1000001])).value == MOST_SPREADS


def test_one_outlier_in_the_reference_does_not_change_the_unit() -> None:
    rng = np.random.default_rng(3)
    reference, current = rng.normal(size=5000), rng.normal(size=5000) + 2

    units = []
    for side in (reference, np.append(reference, 1e4)):
        counts = pair_numbers(side, current)
        units.append((wasserstein(*counts).value or 0) / (wasserstein_scaled(*counts).value or 1))

    assert units[1] == pytest.approx(units[0], rel=0.001)
