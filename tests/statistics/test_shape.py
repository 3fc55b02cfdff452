from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.profiles.counts import empty_counts
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.statistics.shape import Shape, build_shape
from tests.support.columns import pair_categories, pair_numbers
from tests.support.strategies import numbers


def shape_of(reference: list[float], current: list[float], max_points: int = 4096) -> Shape:
    found = build_shape(pair_numbers(reference, current, max_points=max_points)[1])
    assert found is not None
    return found


@given(reference=numbers(), current=numbers(), most=st.sampled_from([4, 4096]))
def test_shares_are_exact_at_the_points_of_the_grid(
    reference: list[float], current: list[float], most: int
) -> None:
    shape = shape_of(reference, current, most)
    points = pair_numbers(reference, current, max_points=most)[0].grid.points  # type: ignore[union-attr]
    rows = np.array(current)

    # Values nearer than a billionth part count as the same.
    assert shape.share_through(points) == pytest.approx(
        [np.mean(rows <= point) for point in points], abs=1e-6
    )
    assert shape.share_below(points) == pytest.approx([np.mean(rows < point) for point in points], abs=1e-6)


@given(reference=numbers(), current=numbers(), share=st.floats(0.01, 0.99))
def test_quantiles_and_shares_are_the_two_sides_of_one_thing(
    reference: list[float], current: list[float], share: float
) -> None:
    shape = shape_of(reference, current, 6)

    at = np.array([shape.find_quantile(share)])

    assert shape.share_below(at)[0] - 1e-6 <= share <= shape.share_through(at)[0] + 1e-6
    assert np.all(np.diff(shape.values) > 0)


@given(reference=numbers(), current=numbers())
def test_the_ends_are_those_of_the_rows(reference: list[float], current: list[float]) -> None:
    shape = shape_of(reference, current)

    assert (shape.minimum, shape.maximum) == (min(current), max(current))
    assert shape.mean == pytest.approx(np.mean(current))
    assert np.all(shape.share_below(np.array([shape.values[0], -1e300])) == 0)
    assert np.all(shape.share_through(np.array([shape.values[-1], 1e300])) == 1)


def test_what_lies_beyond_the_grid_is_spread_around_its_mean() -> None:
    even, one = shape_of([0, 1], [11.0, 12, 13, 14, 15]), shape_of([0, 1], [9.0, 9, 9])

    assert even.outside == one.outside == 1
    assert even.find_quantile(0.5) == pytest.approx(13)
    assert [one.find_quantile(share) for share in (0.01, 0.5, 1)] == [9, 9, 9]


def test_rows_next_to_a_point_are_beside_it_even_where_floats_end() -> None:
    low = 2.0**60
    shape = shape_of([low, 2 * low], [np.nextafter(low, 0), low, np.nextafter(2 * low, np.inf)])

    assert np.all(np.diff(shape.values) > 0)
    assert shape.outside == pytest.approx(2 / 3)


def test_the_deviation_is_that_of_the_rows_and_none_of_a_constant() -> None:
    assert shape_of([0, 1], [1.0, 2, 3, 4]).deviation == pytest.approx(np.std([1, 2, 3, 4]))
    assert shape_of([0, 1], [1e6 + 0.1] * 7).deviation == 0


def test_without_numbers_there_is_no_shape() -> None:
    usual, _ = pair_numbers([1.0], [1.0])
    names, _ = pair_categories("ab", "ab")

    assert build_shape(empty_counts(usual.grid)) is None
    assert build_shape(pair_numbers([np.nan], [1.0])[1]) is None
    assert isinstance(names.grid, CategoryGrid)
    assert build_shape(names) is None
