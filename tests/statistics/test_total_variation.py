from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from driftwatch.statistics.total_variation import total_variation
from tests.support.columns import count_category_rows, pair_numbers


@pytest.mark.parametrize(("shift", "population"), [(0.1, 0.040), (0.2, 0.079), (0.5, 0.197)])
def test_normal_rows_give_the_population_value(shift: float, population: float) -> None:
    # Evenly spaced quantiles stand for a sample without noise.
    reference = norm.ppf((np.arange(100_000) + 0.5) / 100_000)

    found = total_variation(*pair_numbers(reference, reference + shift))

    assert found.value == pytest.approx(population, abs=0.0006)


def test_it_is_the_share_that_would_have_to_move() -> None:
    assert total_variation(*count_category_rows([50, 30, 20], [40, 25, 35])).value == pytest.approx(0.15)
