from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from driftwatch.statistics.chi_square import chi_square
from tests.support.columns import count_category_rows, pair_categories


@pytest.mark.parametrize(
    ("reference", "current", "value", "p_value"),
    [
        ([10, 10, 20], [20, 20, 20], 2.7777777778, 0.24935220877729619),
        ([12, 3], [17, 16], None, 0.0614),
    ],
)
def test_published_values(
    reference: list[int], current: list[int], value: float | None, p_value: float
) -> None:
    found = chi_square(*count_category_rows(reference, current))

    assert value is None or found.value == pytest.approx(value, abs=1e-10)
    assert found.p_value == pytest.approx(p_value, abs=5e-5 if value is None else 1e-14)


def test_many_categories_agree_with_scipy() -> None:
    rng = np.random.default_rng(0)
    table = rng.poisson(60, size=(2, 30))

    found = chi_square(*count_category_rows(table[0].tolist(), table[1].tolist()))

    expected = chi2_contingency(table, correction=False)
    assert found.value == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)


def test_a_constant_category_has_the_p_value_one() -> None:
    assert chi_square(*pair_categories(["a"] * 10, ["a"] * 5)).p_value == 1


def test_one_unseen_row_in_a_hundred_thousand_proves_nothing() -> None:
    found = chi_square(
        *pair_categories(["a"] * 50_000 + ["b"] * 50_000, ["a"] * 50_000 + ["b"] * 49_999 + ["z"])
    )

    assert found.p_value is not None
    assert found.p_value > 0.5


def test_a_tenth_unseen_rows_prove_much() -> None:
    found = chi_square(*pair_categories(["a"] * 1000, ["a"] * 90 + ["z"] * 10))

    assert found.p_value is not None
    assert found.p_value < 1e-6


@pytest.mark.parametrize(
    ("totals", "rows"),
    [([6, 5, 4, 3, 3, 2, 1], 8), ([40, 30, 5, 3, 1, 1], 20), ([3] * 30, 45), ([200, 5, 1], 60)],
)
def test_p_values_of_sparse_tables_are_those_of_permutations(totals: list[int], rows: int) -> None:
    rng = np.random.default_rng(0)
    drawn = rng.multivariate_hypergeometric(totals, rows, size=4000, method="marginals")
    values, p_values = [], []

    for current in drawn:
        found = chi_square(*count_category_rows((np.array(totals) - current).tolist(), current.tolist()))
        values.append(found.value or 0.0)
        p_values.append(found.p_value or 0.0)

    order = np.argsort(values)
    for share in (0.2, 0.05, 0.01):
        place = order[-int(share * len(order))]
        by_permutation = np.mean(np.array(values) >= values[place] - 1e-9)
        assert p_values[place] == pytest.approx(by_permutation, rel=0.35, abs=0.01)
