from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, kstwo

from driftwatch.statistics.lattice import count_exact_p_value


@settings(max_examples=100, deadline=None)
@given(n=st.integers(1, 30), m=st.integers(1, 30), data=st.data())
def test_the_p_value_counts_the_orders_of_the_pooled_sample(n: int, m: int, data: st.DataObject) -> None:
    reach = data.draw(st.integers(1, n * m))

    found = count_exact_p_value(reach / (n * m), n, m)

    assert found == pytest.approx(float(1 - Fraction(_count_inside(n, m, reach), comb(n + m, n))), rel=1e-10)


def _count_inside(n: int, m: int, reach: int) -> int:
    """Return in whole numbers how many paths stay within |i/n − j/m| < reach/(nm)."""

    @cache
    def count(i: int, j: int) -> int:
        if i < 0 or j < 0 or abs(i * m - j * n) >= reach:
            return 0
        return 1 if i == j == 0 else count(i - 1, j) + count(i, j - 1)

    return count(n, m)


@pytest.mark.parametrize(
    ("n", "m", "shift"), [(5, 9, 1.0), (60, 60, 0.3), (100, 110, 0.1), (150, 230, 0.6), (13, 3000, 0.5)]
)
def test_the_p_value_is_the_one_of_scipy(n: int, m: int, shift: float) -> None:
    rng = np.random.default_rng(n)
    expected = ks_2samp(rng.normal(size=n), rng.normal(size=m) + shift, method="exact")

    assert count_exact_p_value(expected.statistic, n, m) == pytest.approx(expected.pvalue, rel=1e-8)


@pytest.mark.parametrize(("n", "m"), [(3, 3), (5, 8), (20, 20), (4, 10_000)])
def test_samples_wholly_apart_have_two_orders_of_all(n: int, m: int) -> None:
    assert count_exact_p_value(1.0, n, m) == pytest.approx(2 / comb(n + m, n), rel=1e-9)


def test_tiny_p_values_keep_their_digits() -> None:
    # Two of all orders, where one minus the other orders would be lost in rounding.
    assert count_exact_p_value(1.0, 150, 200) == pytest.approx(2 / comb(350, 150), rel=1e-8)


def test_the_sides_may_be_swapped() -> None:
    assert count_exact_p_value(0.3, 40, 70) == count_exact_p_value(0.3, 70, 40)


def test_it_is_near_the_one_sample_law_against_a_huge_reference() -> None:
    assert count_exact_p_value(0.2, 40, 200_000) == pytest.approx(float(kstwo.sf(0.2, 40)), rel=0.01)
