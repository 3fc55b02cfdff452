from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from driftwatch.statistics.hellinger import hellinger
from driftwatch.statistics.psi import psi
from tests.support.columns import count_category_rows, pair_numbers


def test_two_shares_by_hand() -> None:
    found = hellinger(*count_category_rows([25, 75], [36, 64]))

    # 1 − (√.25·√.36 + √.75·√.64)
    assert found.value == pytest.approx(math.sqrt(1 - (0.5 * 0.6 + math.sqrt(0.75) * 0.8)))


@pytest.mark.parametrize(("shift", "population"), [(0.1, 0.035), (0.2, 0.069), (0.5, 0.171)])
def test_normal_rows_give_the_population_value(shift: float, population: float) -> None:
    # Evenly spaced quantiles stand for a sample without noise.
    reference = norm.ppf((np.arange(100_000) + 0.5) / 100_000)

    found = hellinger(*pair_numbers(reference, reference + shift))

    assert found.value == pytest.approx(population, abs=0.0006)


def test_its_square_is_an_eighth_of_psi_for_small_changes() -> None:
    counts = count_category_rows([50_000, 50_000], [50_500, 49_500])
    distance, index = hellinger(*counts).value, psi(*counts).value

    assert distance is not None
    assert index is not None
    assert index == pytest.approx(8 * distance**2, rel=1e-3)
