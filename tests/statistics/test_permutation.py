from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from driftwatch.profiles.counts import Counts, count_numbers, empty_counts
from driftwatch.profiles.grid import NumberGrid
from driftwatch.statistics import entry, permutation
from driftwatch.statistics.catalogue import Statistic
from driftwatch.statistics.permutation import permute_p_value
from tests.support.columns import count_category_rows, pair_categories, pair_numbers
from tests.support.strategies import category_counts, category_grids, number_counts, number_grids

KS, CHI_SQUARE, TV = (entry(name).function for name in ("ks", "chi_square", "total_variation"))


def draw_tied(name: str, rng: np.random.Generator, rows: int) -> NDArray[np.float64]:
    if name == "bernoulli":
        return (rng.random(rows) < 0.3).astype(float)
    if name == "zero_inflated":
        return np.where(rng.random(rows) < 0.97, 0.0, rng.lognormal(size=rows).round(2))
    return rng.poisson(2, rows).astype(float)


@pytest.mark.parametrize("name", ["bernoulli", "zero_inflated", "poisson"])
def test_it_rejects_as_often_as_it_says_where_the_table_of_ks_is_blind(name: str) -> None:
    rng = np.random.default_rng(21)
    shuffled, tabled = [], []

    for _ in range(400):
        counts = pair_numbers(draw_tied(name, rng, 5000), draw_tied(name, rng, 500))
        shuffled.append(permute_p_value(*counts, KS, draws=99, rng=rng))
        tabled.append(KS(*counts).p_value or 0.0)

    # Three standard errors of a share of .05 among 400 are .033.
    assert 0.017 < np.mean(np.array(shuffled) <= 0.05) < 0.083
    assert np.mean(np.array(tabled) <= 0.05) < 0.02


def test_it_agrees_with_going_through_every_split() -> None:
    ours, theirs = [1.0, 1.0, 2.0, 3.0, 5.0], [2.0, 3.0, 3.0, 4.0]
    counts = pair_numbers([*ours], [*theirs])
    pooled = np.array(ours + theirs)
    observed = stats.ks_2samp(ours, theirs).statistic
    splits = [
        stats.ks_2samp(np.delete(pooled, chosen), pooled[list(chosen)]).statistic
        for chosen in combinations(range(9), 4)
    ]
    truth = np.mean(np.array(splits) >= observed - 1e-12)

    found = permute_p_value(*counts, KS, draws=9999, rng=np.random.default_rng(3))

    assert found == pytest.approx(truth, abs=4 * np.sqrt(truth * (1 - truth) / 9999))


def test_it_agrees_with_fisher_on_a_table_of_two_by_two() -> None:
    counts = count_category_rows([12, 3], [17, 16])
    # Both sides of the table, the published p-value: see statistics.md, "Acceptance values".
    found = permute_p_value(*counts, CHI_SQUARE, draws=9999, rng=np.random.default_rng(4))

    assert found == pytest.approx(0.1074, abs=0.015)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_all_draws_at_once_give_what_one_after_another_gives(data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        numbers = data.draw(number_grids())
        ours, theirs = data.draw(number_counts(numbers)), data.draw(number_counts(numbers))
        functions = [KS]
    else:
        names = data.draw(category_grids())
        ours, theirs = data.draw(category_counts(names)), data.draw(category_counts(names))
        functions = [CHI_SQUARE, TV]

    for function in functions:

        def slowly(reference: Counts, current: Counts, function=function) -> Statistic:  # type: ignore[no-untyped-def]
            found: Statistic = function(reference, current)
            return found

        quick, slow = (
            permute_p_value(ours, theirs, one, draws=40, rng=np.random.default_rng(5))
            for one in (function, slowly)
        )

        assert quick == slow


@pytest.mark.parametrize("name", ["ks", "psi", "total_variation", "jensen_shannon", "hellinger"])
def test_numbers_that_moved_have_the_smallest_p_value_there_is(name: str) -> None:
    rng = np.random.default_rng(6)
    counts = pair_numbers(rng.normal(size=500), rng.normal(size=200) + 1)

    assert permute_p_value(*counts, entry(name).function, draws=99, rng=rng) == 0.01


def test_the_same_state_gives_the_same_p_value() -> None:
    rng = np.random.default_rng(7)
    counts = pair_numbers(rng.integers(0, 9, 300), rng.integers(0, 9, 100))

    first, second = (permute_p_value(*counts, KS, rng=np.random.default_rng(8)) for _ in range(2))

    assert first == second


def test_stopping_early_keeps_the_level_and_saves_the_draws() -> None:
    rng = np.random.default_rng(9)
    found = []

    for _ in range(500):
        counts = pair_numbers(rng.poisson(2, 400), rng.poisson(2, 200))
        found.append(permute_p_value(*counts, KS, draws=199, enough=10, rng=rng))

    # 10 hits within 199 draws and p ≤ .05 are the same thing, so that stopping early decides nothing.
    assert 0.02 < np.mean(np.array(found) <= 0.05) < 0.08
    assert all(p > 0.05 or p * 200 == pytest.approx(round(p * 200)) for p in found)


def test_what_is_enough_is_counted_draw_by_draw_and_not_block_by_block() -> None:
    counts = pair_numbers([0.0, 1.0], [0.0, 1.0])

    # Every draw reaches a distance of 0.
    assert permute_p_value(*counts, KS, draws=999, enough=10, rng=np.random.default_rng(1)) == 1.0


def test_infinite_rows_are_shuffled_and_missing_ones_stay() -> None:
    grid = NumberGrid(points=np.array([0.0]))
    usual = count_numbers(grid, np.zeros(50), missing=50)
    broken = count_numbers(grid, np.full(50, np.inf))

    assert permute_p_value(usual, broken, KS, draws=99, rng=np.random.default_rng(1)) == 0.01
    assert permute_p_value(usual, usual, entry("missing_share").function, rng=np.random.default_rng(1)) == 1.0


def test_more_rows_than_can_be_drawn_without_replacement_are_drawn_with_it() -> None:
    usual = np.array([1_000_000_000, 500_000_000, 250_000_000])
    drawn = np.array([20_000_000, 10_000_000, 5_000_000])

    quiet = permute_p_value(
        *count_category_rows(usual, drawn + np.array([900, -900, 0])), TV, rng=np.random.default_rng(1)
    )
    loud = permute_p_value(
        *count_category_rows(usual, drawn + np.array([30_000, 0, 0])), TV, rng=np.random.default_rng(1)
    )

    assert quiet > 0.05
    assert loud == 0.001


def test_drawing_is_split_where_a_table_would_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = count_category_rows([40, 30, 20], [10, 20, 30])
    whole = permute_p_value(*counts, TV, draws=300, rng=np.random.default_rng(2))

    monkeypatch.setattr(permutation, "_MOST_HELD", 7)

    assert permute_p_value(*counts, TV, draws=300, rng=np.random.default_rng(2)) == whole


def test_without_values_nothing_can_be_shown() -> None:
    usual, _ = pair_numbers([1, 2], [1])

    assert permute_p_value(usual, empty_counts(usual.grid), KS, rng=np.random.default_rng(1)) == 1.0


def test_what_cannot_be_shuffled_is_refused() -> None:
    ours, theirs = pair_numbers([1, 2], [1, 2])
    other, _ = pair_categories("ab", "ab")

    with pytest.raises(ValueError, match="different grids"):
        permute_p_value(ours, other, TV, rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match="at least 1 draw"):
        permute_p_value(ours, theirs, KS, draws=0, rng=np.random.default_rng(1))
