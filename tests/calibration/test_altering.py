from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.calibration.altering import (
    drop_counts,
    flood_counts,
    measure_spread,
    move_counts,
    spread_values,
    widen_values,
)
from driftwatch.profiles.counts import Counts, count_names, count_numbers
from driftwatch.profiles.grid import CategoryGrid, build_number_grid

NUMBERS = st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=60)
SHARES = st.floats(0.01, 1.0)


def count(values: list[float]) -> Counts:
    array = np.array(values)
    return count_numbers(build_number_grid(array[: max(2, len(values) // 2)]), array, missing=3)


@given(NUMBERS)
def test_a_shift_of_nothing_changes_no_cell(values: list[float]) -> None:
    before = count(values)

    after = move_counts(before, lambda found: found + 0.0)

    assert after.cells.tolist() == before.cells.tolist()


@given(NUMBERS, SHARES)
def test_no_row_is_made_and_none_is_lost(values: list[float], share: float) -> None:
    before = count(values)

    for after in (
        move_counts(before, lambda found: found + 7.0),
        move_counts(before, lambda found: widen_values(found, 2.0)),
        flood_counts(before, share, -999.0),
        drop_counts(before, share),
    ):
        assert after.rows == before.rows


@given(NUMBERS, SHARES)
def test_as_many_rows_lose_their_value_as_were_asked_for(values: list[float], share: float) -> None:
    before = count(values)

    after = drop_counts(before, share)

    assert after.missing - before.missing == round(before.values * share)


def test_a_flood_lands_where_its_value_belongs() -> None:
    grid = CategoryGrid(names=("a", "b"))
    before = count_names(grid, ["a", "b"], np.array([600, 400]))

    assert flood_counts(before, 0.5, "b").cells.tolist() == [300, 700, 0, 0]
    assert flood_counts(before, 0.5, "new").cells.tolist() == [300, 200, 0, 500]
    assert drop_counts(before, 0.5).missing == 500


def test_the_unit_of_a_shift_is_that_of_normal_data() -> None:
    values = np.random.default_rng(1).normal(10.0, 3.0, 20_000)
    counts = count_numbers(build_number_grid(values), values)

    assert measure_spread(counts) == pytest.approx(3.0, rel=0.03)
    assert float(np.mean(spread_values(counts))) == pytest.approx(10.0, abs=0.1)


def test_a_category_has_no_values_to_move() -> None:
    counts = count_names(CategoryGrid(names=("a",)), ["a"], np.array([5]))

    with pytest.raises(TypeError, match="neither shifted nor scaled"):
        move_counts(counts, lambda values: values)


@given(st.lists(st.integers(0, 20).map(float), min_size=2, max_size=60), st.floats(-3, 3))
def test_whole_numbers_stay_whole(values: list[float], by: float) -> None:
    whole = np.arange(-5.0, 30.0)
    before = count_numbers(build_number_grid(whole), np.array(values))

    after = move_counts(before, lambda found: found + by)

    assert after.values == before.values
    assert not np.any(after.cells[2:-2:2]), "nothing lies between two whole numbers"


def test_so_many_whole_numbers_become_the_next_that_their_mean_moves_by_the_shift() -> None:
    before = count_numbers(build_number_grid(np.arange(6.0)), np.repeat([0.0, 3.0], [900, 100]))

    after = move_counts(before, lambda found: found + 0.2)

    assert after.sums.total / after.values == pytest.approx(0.3 + 0.2, abs=0.005)
    assert after.cells[1] == pytest.approx(720, abs=3)
    assert after.cells[7] == pytest.approx(80, abs=3)
