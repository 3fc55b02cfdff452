"""Counts that are moved to another grid are nearly those that the rows would have given there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.profiles.counts import count_names, count_numbers
from driftwatch.profiles.grid import NumberGrid, build_category_grid, build_number_grid
from driftwatch.profiles.regridding import move_counts
from driftwatch.statistics.ks import ks

NUMBERS = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=60).map(np.array)


@given(NUMBERS, NUMBERS)
def test_where_every_value_has_a_point_nothing_is_lost(own: np.ndarray, other: np.ndarray) -> None:
    grid = build_number_grid(other)
    counts = count_numbers(build_number_grid(own), own, missing=3)

    moved = move_counts(counts, grid)

    assert moved is not None
    expected = count_numbers(grid, own, missing=3)
    assert moved.cells.tolist() == expected.cells.tolist()
    assert moved.apart == expected.apart
    assert moved.sums.below == pytest.approx(expected.sums.below)
    assert moved.sums.above == pytest.approx(expected.sums.above)


def test_quantiles_are_moved_to_within_one_part_of_the_rows() -> None:
    rng = np.random.default_rng(5)
    own, other = rng.normal(size=20_000), rng.normal(0.3, size=20_000)
    coarse = build_number_grid(own, max_points=200)
    grid = build_number_grid(other, max_points=300)

    moved = move_counts(count_numbers(coarse, own), grid)

    assert moved is not None
    usual = count_numbers(grid, other)
    assert moved.rows == 20_000
    assert ks(usual, moved).value == pytest.approx(ks(usual, count_numbers(grid, own)).value, abs=1 / 200)


def test_names_go_to_their_cell_and_those_that_are_not_known_are_unseen() -> None:
    names = ["oslo", "rome", "cork"]
    own = build_category_grid(names, np.array([5, 3, 2]))
    other = build_category_grid(["rome", "oslo", "bonn"], np.array([9, 4, 1]), max_names=1)

    moved = move_counts(count_names(own, names, np.array([5, 3, 2])), other)

    assert moved is not None
    assert moved.cells.tolist() == [3, 5, 2]


def test_kinds_that_have_nothing_in_common_are_not_mixed() -> None:
    counts = count_numbers(NumberGrid(points=np.array([1.0])), np.array([1.0]))

    assert move_counts(counts, NumberGrid(points=np.array([1.0]), kind="time")) is None
    assert move_counts(counts, build_category_grid(["1"], np.array([1]))) is None


def test_an_empty_grid_takes_everything_into_its_one_cell() -> None:
    counts = count_numbers(NumberGrid(points=np.array([1.0])), np.array([0.0, 1.0, 5.0]))

    moved = move_counts(counts, NumberGrid(points=np.array([])))

    assert moved is not None
    assert moved.cells.tolist() == [3]
