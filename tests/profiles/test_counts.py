from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwatch.profiles import counts as counting
from driftwatch.profiles.counts import Counts, count_names, count_numbers, empty_counts
from driftwatch.profiles.grid import CategoryGrid, NumberGrid, build_number_grid

LookUp = Callable[[NDArray[np.floating], NDArray[np.floating]], NDArray[np.int64]]

finite = st.integers(-50, 50).map(lambda x: x / 4)
anything = st.one_of(finite, st.sampled_from([np.nan, np.inf, -np.inf]))


def count_by_hand(grid: NumberGrid, values: NDArray[np.float64]) -> list[int]:
    points = grid.points.tolist()
    cells = [0] * grid.cells
    for value in values[np.isfinite(values)].tolist():
        below = sum(point < value for point in points)
        cells[2 * below + (value in points)] += 1
    return cells


def same(one: Counts, other: Counts) -> bool:
    alone = ("missing", "nan", "positive_infinite", "negative_infinite", "unreadable")
    return bool(np.array_equal(one.cells, other.cells)) and all(
        getattr(one, name) == getattr(other, name) for name in alone
    )


@given(
    st.lists(finite, min_size=1),
    st.lists(anything),
    st.sampled_from([counting._look_up_values, counting._look_up_points]),
)
def test_each_value_is_counted_in_the_cell_it_lies_in(
    reference: list[float], batch: list[float], look_up: LookUp
) -> None:
    grid = build_number_grid(np.array(reference), max_points=7)
    data = np.array(batch, dtype=np.float64)

    with pytest.MonkeyPatch.context() as patch:
        for way in ("_look_up_values", "_look_up_points"):  # Whichever is chosen by the number of rows.
            patch.setattr(counting, way, look_up)
        counts = count_numbers(grid, data)

    assert counts.cells.tolist() == count_by_hand(grid, data)
    assert counts.nan == np.count_nonzero(np.isnan(data))
    assert counts.positive_infinite == np.count_nonzero(data == np.inf)
    assert counts.negative_infinite == np.count_nonzero(data == -np.inf)
    assert counts.rows == len(data)


@given(st.lists(finite, min_size=1), st.lists(anything), st.lists(anything))
def test_counting_two_halves_and_adding_is_counting_the_whole(
    reference: list[float], one: list[float], two: list[float]
) -> None:
    grid = build_number_grid(np.array(reference))
    first, second = np.array(one, dtype=np.float64), np.array(two, dtype=np.float64)

    whole = count_numbers(grid, np.concatenate([second, first]))
    added = count_numbers(grid, first) + count_numbers(grid, second)

    assert same(whole, added)
    assert added.sums.total == pytest.approx(whole.sums.total)
    assert added.sums.squares == pytest.approx(whole.sums.squares)
    assert added.sums.below == pytest.approx(whole.sums.below)
    assert added.sums.above == pytest.approx(whole.sums.above)
    assert (added.sums.minimum, added.sums.maximum) == (whole.sums.minimum, whole.sums.maximum)


def test_adding_counts_of_nothing_changes_nothing() -> None:
    grid = build_number_grid(np.array([1.0, 2.0]))
    counts = count_numbers(grid, np.array([1.0, 9.0]), missing=3)

    total = counts + empty_counts(grid)

    assert same(total, counts)
    assert total.sums == counts.sums


def test_counts_on_different_grids_cannot_be_added() -> None:
    one = empty_counts(build_number_grid(np.array([1.0])))
    other = empty_counts(build_number_grid(np.array([2.0])))

    with pytest.raises(ValueError, match="different grids"):
        _ = one + other


def test_tails_are_summed_beyond_the_first_and_last_point() -> None:
    grid = build_number_grid(np.array([10.0, 20.0]))

    counts = count_numbers(grid, np.array([4.0, 7.0, 12.0, 25.0]))

    assert (counts.sums.below, counts.sums.above) == (9.0, 5.0)


def test_a_float32_batch_falls_on_the_points_of_its_float64_reference() -> None:
    tenths = np.arange(1, 1001) / 10
    grid = build_number_grid(tenths)

    counts = count_numbers(grid, tenths.astype(np.float32), precision="float32")

    assert counts.cells[1::2].tolist() == [1] * 1000
    assert counts.cells[0::2].sum() == 0


def test_a_float64_batch_falls_on_the_points_of_its_float32_reference() -> None:
    tenths = np.arange(1, 1001) / 10
    grid = build_number_grid(tenths.astype(np.float32), precision="float32")

    counts = count_numbers(grid, tenths)

    assert counts.cells[1::2].tolist() == [1] * 1000


def test_a_number_too_large_for_the_coarser_type_is_not_an_infinity() -> None:
    grid = build_number_grid(np.array([1.0], dtype=np.float32), precision="float32")

    counts = count_numbers(grid, np.array([1e300, -1e300]))

    assert (counts.positive_infinite, counts.negative_infinite) == (0, 0)
    assert counts.cells.tolist() == [1, 0, 1]


def test_names_are_counted_as_known_other_and_unseen() -> None:
    grid = CategoryGrid(names=("a", "b"), others=("rare",))

    counts = count_names(grid, ["b", "rare", "new"], np.array([5, 2, 1]), missing=4)

    assert counts.cells.tolist() == [0, 5, 2, 1]
    assert counts.rows == 12


def test_names_that_a_full_memory_cannot_tell_apart_are_other() -> None:
    grid = CategoryGrid(names=("a",), knows_all=False)

    counts = count_names(grid, ["new"], np.array([3]))

    assert counts.cells.tolist() == [0, 3, 0]


@pytest.mark.filterwarnings("error")
def test_sums_that_no_number_can_hold_are_infinite() -> None:
    grid = build_number_grid(np.array([1.0, 2.0, 3.0]))

    counts = count_numbers(grid, np.array([1.7e308, 1.7e308, -1.7e308, -1.7e308]))

    assert (counts.sums.below, counts.sums.above, counts.sums.squares) == (np.inf, np.inf, np.inf)
