from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from driftwatch.statistics.range_share import count_outside, range_share
from tests.support.columns import Pair, pair_numbers
from tests.support.strategies import number_pairs


@settings(deadline=None)
@given(number_pairs(max_points=3))
def test_a_coarse_grid_knows_the_range_exactly(rows: tuple[list[float], list[float], Pair]) -> None:
    reference, current, counts = rows

    outside = sum(value < min(reference) or value > max(reference) for value in current)

    assert range_share(*counts).value == pytest.approx(outside / len(current))
    assert count_outside(counts[1]) == outside


def test_infinite_rows_are_outside_and_missing_ones_are_no_rows() -> None:
    found = range_share(*pair_numbers([0, 1], [0.5, np.inf, -np.inf, np.nan]))

    assert found.value == pytest.approx(2 / 3)


def test_without_a_range_there_is_no_share() -> None:
    assert range_share(*pair_numbers([np.nan], [1.0])).value is None
