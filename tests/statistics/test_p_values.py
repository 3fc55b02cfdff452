from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import NumberGrid
from driftwatch.statistics import entry
from driftwatch.statistics.p_values import STATISTICS_WITH_P_VALUE, coarsen_pair, find_p_value
from tests.support.columns import Pair, count_category_rows, pair_categories, pair_numbers
from tests.support.strategies import number_counts, number_grids


def find(name: str, counts: Pair, limit: float = 0.01) -> float:
    return find_p_value(name, *counts, entry(name).function(*counts), limit=limit)


@pytest.mark.parametrize("name", STATISTICS_WITH_P_VALUE)
def test_equal_counts_give_an_equal_p_value(name: str) -> None:
    if name == "chi_square":
        counts, again = (count_category_rows([40, 3, 1], [30, 1, 4]) for _ in range(2))
    else:
        rng = np.random.default_rng(1)
        ours, theirs = rng.normal(size=300).round(1), rng.normal(size=100).round(1)
        counts, again = (pair_numbers(ours, theirs) for _ in range(2))

    assert find(name, counts) == find(name, again)


def test_small_samples_without_ties_have_the_exact_p_value_of_ks() -> None:
    counts = pair_numbers([1.01, 2.01, 3.01], [10.0, 11.0, 12.0])

    assert find("ks", counts) == pytest.approx(0.1)


def test_large_samples_without_ties_have_that_of_the_table() -> None:
    rng = np.random.default_rng(2)
    counts = pair_numbers(rng.normal(size=3000), rng.normal(size=1000))

    assert find("ks", counts) == entry("ks").function(*counts).p_value


def test_a_column_of_zeros_and_ones_that_changed_is_found_though_the_table_is_blind() -> None:
    ours, theirs = np.repeat([0.0, 1.0], [3500, 1500]), np.repeat([0.0, 1.0], [314, 186])
    counts = pair_numbers(ours, theirs)
    tabled = entry("ks").function(*counts).p_value
    assert tabled is not None

    found = find("ks", counts, limit=0.002)

    # Fisher's exact test of the same table, both sides.
    assert found < 0.002
    assert tabled > 0.01


def test_a_distance_beyond_the_table_needs_no_shuffling() -> None:
    counts = pair_numbers(np.repeat([0.0, 1.0], 500), np.repeat([0.0, 1.0], [5, 995]))

    assert find("ks", counts, limit=0.001) == entry("ks").function(*counts).p_value


@pytest.mark.parametrize(
    ("ours", "theirs", "is_tabled"), [([100, 90, 80], [30, 20, 40], True), ([100, 90, 2], [30, 20, 1], False)]
)
def test_chi_square_is_shuffled_where_few_rows_are_expected(
    ours: list[int], theirs: list[int], *, is_tabled: bool
) -> None:
    counts = count_category_rows(ours, theirs)

    assert (find("chi_square", counts) == entry("chi_square").function(*counts).p_value) == is_tabled


@pytest.mark.parametrize("limit", [0.001, 0.01, 0.3])
def test_the_limit_can_be_reached(limit: float) -> None:
    rng = np.random.default_rng(3)
    counts = pair_categories(rng.choice(list("abcd"), 2000), rng.choice(list("aabcd"), 1000))

    assert find("total_variation", counts, limit=limit) <= limit / 5


def test_clean_pairs_fall_below_the_limit_as_rarely_as_it_says() -> None:
    rng = np.random.default_rng(4)
    found = {name: [] for name in ("psi", "ks")}  # type: dict[str, list[float]]

    for _ in range(200):
        counts = pair_numbers(rng.geometric(0.4, 800), rng.geometric(0.4, 300))
        for name, values in found.items():
            values.append(find(name, counts, limit=0.1))

    for values in found.values():
        assert 0.03 < np.mean(np.array(values) <= 0.1) < 0.17


def test_without_values_nothing_can_be_shown() -> None:
    assert find("psi", pair_numbers([1.0, 2.0], [np.nan])) == 1.0


@given(data=st.data(), most=st.integers(1, 6))
def test_coarser_counts_are_sums_of_the_finer_ones(data: st.DataObject, most: int) -> None:
    grid = data.draw(number_grids())
    fine = data.draw(number_counts(grid)), data.draw(number_counts(grid))

    coarse = coarsen_pair(*fine, max_points=most)

    assert coarse[0].grid is coarse[1].grid
    for before, after in zip(fine, coarse, strict=True):
        assert (before.rows, before.values) == (after.rows, after.values)
        check_sums(before, after)


def check_sums(fine: Counts, coarse: Counts) -> None:
    assert isinstance(fine.grid, NumberGrid)
    assert isinstance(coarse.grid, NumberGrid)
    for point in coarse.grid.points:
        at_fine = int(np.searchsorted(fine.grid.points, point))
        at_coarse = int(np.searchsorted(coarse.grid.points, point))
        assert coarse.cells[2 * at_coarse + 1] == fine.cells[2 * at_fine + 1]
        assert coarse.cells[: 2 * at_coarse + 1].sum() == fine.cells[: 2 * at_fine + 1].sum()


def test_names_and_small_grids_stay_as_they_are() -> None:
    names, numbers = count_category_rows([1, 2], [3, 4]), pair_numbers([1.0, 2.0], [1.0])

    assert coarsen_pair(*names, max_points=1) == names
    assert coarsen_pair(*numbers, max_points=2) == numbers
