from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.profiles.grid import NumberGrid, build_category_grid, build_number_grid

values = st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 3)), min_size=1, max_size=300)


@given(values, st.integers(1, 40))
def test_a_grid_never_has_more_points_than_allowed_plus_the_minimum(numbers: list[float], most: int) -> None:
    grid = build_number_grid(np.array(numbers), max_points=most)

    assert len(grid.points) <= most + 1
    assert grid.points[0] == min(numbers)
    assert grid.points[-1] == max(numbers)


@given(values, st.integers(1, 40))
def test_less_than_one_kth_of_the_reference_lies_strictly_between_two_points(
    numbers: list[float], most: int
) -> None:
    data = np.array(numbers)
    grid = build_number_grid(data, max_points=most)

    inside = [
        np.count_nonzero((data > low) & (data < high))
        for low, high in zip(grid.points[:-1], grid.points[1:], strict=True)
    ]

    assert all(count < len(data) / most for count in inside) or len(grid.points) == len(np.unique(data))


@given(values, st.integers(2, 40))
def test_every_value_with_mass_of_at_least_one_kth_is_a_point(numbers: list[float], most: int) -> None:
    data = np.array(numbers)
    grid = build_number_grid(data, max_points=most)

    distinct, counts = np.unique(data, return_counts=True)

    assert set(distinct[counts >= len(data) / most].tolist()) <= set(grid.points.tolist())


def test_negative_zero_and_zero_are_one_point() -> None:
    one = build_number_grid(np.array([-0.0, 1.0]))
    other = build_number_grid(np.array([0.0, 1.0]))

    assert one.fingerprint == other.fingerprint


def test_points_must_be_finite_and_increase() -> None:
    with pytest.raises(ValueError, match="strictly increasing"):
        NumberGrid(points=np.array([1.0, 1.0]))
    with pytest.raises(ValueError, match="finite"):
        NumberGrid(points=np.array([1.0, np.inf]))


def test_names_beyond_the_cap_are_remembered_and_beyond_that_unseen_is_unknown() -> None:
    names = [f"n{place}" for place in range(10)]

    grid = build_category_grid(names, np.arange(10, 0, -1), max_names=3, max_remembered=5)

    assert grid.names == ("n0", "n1", "n2")
    assert grid.others == ("n3", "n4")
    assert not grid.knows_all


def test_singletons_and_doubletons_are_counted_over_all_names() -> None:
    grid = build_category_grid(["a", "b", "c", "d"], np.array([1, 2, 1, 9]), max_names=1)

    assert (grid.singletons, grid.doubletons) == (2, 1)


def test_grids_differ_in_fingerprint_when_a_name_differs() -> None:
    one = build_category_grid(["a", "bc"], np.array([2, 1]))
    other = build_category_grid(["ab", "c"], np.array([2, 1]))

    assert one.fingerprint != other.fingerprint
