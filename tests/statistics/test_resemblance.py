from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.statistics.resemblance import chance_of_repeat
from tests.support.columns import count_category_rows, pair_numbers


@settings(deadline=None)
@given(weights=st.lists(st.integers(1, 9), min_size=2, max_size=4), rows=st.integers(1, 60))
def test_it_is_above_the_enumerated_chance_and_of_its_order(weights: list[int], rows: int) -> None:
    # So many reference rows that the shares are all but known.
    reference, _ = count_category_rows([weight * 10**9 for weight in weights], [1] * len(weights))

    found = chance_of_repeat(reference, rows)

    exact = _enumerate_chance([weight / sum(weights) for weight in weights], rows)
    assert exact <= found * (1 + 1e-9)
    # What is given away: that the totals of two batches with equal cells are also just `rows`.
    assert found <= exact * 2 * math.pi * (rows + 1) ** 1.5


def _enumerate_chance(shares: list[float], rows: int) -> float:
    """Return Σ P(x)² over all ways x to share out `rows`, as the coefficient of a product of polynomials."""
    squares = np.ones(1)
    for share in shares:
        terms = [(share**count / math.factorial(count)) ** 2 for count in range(rows + 1)]
        squares = np.convolve(squares, terms)[: rows + 1]
    return float(squares[rows]) * math.factorial(rows) ** 2


def test_it_is_above_the_simulated_chance_when_shares_are_hardly_known() -> None:
    rng = np.random.default_rng(4)
    shares = np.array([0.9, 0.07, 0.03])
    repeats = np.all(
        rng.multinomial(20, shares, 40_000) == rng.multinomial(20, shares, 40_000), axis=1
    ).mean()

    above = [
        chance_of_repeat(count_category_rows(rng.multinomial(200, shares), [1, 1, 1])[0], 20) >= repeats
        for _ in range(100)
    ]

    assert all(above)


@pytest.mark.parametrize(("reference_rows", "rows"), [(1000, 200), (50_000, 30), (50_000, 2000)])
def test_two_batches_of_measurements_are_never_equal_by_nature(reference_rows: int, rows: int) -> None:
    values = np.random.default_rng(5).normal(size=reference_rows)

    assert chance_of_repeat(pair_numbers(values, values)[0], rows) < 1e-6


@pytest.mark.parametrize("rows", [1, 100, 1_000_000])
def test_a_column_that_never_varies_repeats_for_certain(rows: int) -> None:
    assert chance_of_repeat(pair_numbers([7.0] * 5000, [7.0])[0], rows) == 1


def test_a_single_flag_in_few_rows_may_well_repeat() -> None:
    assert chance_of_repeat(count_category_rows([9900, 100], [1, 1])[0], 50) > 0.1


def test_without_rows_every_batch_is_like_every_other() -> None:
    reference, nothing = pair_numbers([1.0, 2.0], [])

    assert chance_of_repeat(reference, 0) == 1
    assert chance_of_repeat(nothing, 100) == 1
