from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwatch.profiles.counts import empty_counts
from driftwatch.statistics.detectable import (
    convert_share,
    convert_sigmas,
    rows_needed,
    smallest_change,
    smallest_growth,
    smallest_share,
)
from driftwatch.statistics.moved_share import bound_moved_share
from tests.support.columns import count_category_rows, pair_numbers

Draw = Callable[[np.random.Generator, int, float], NDArray[np.float64]]

sizes = st.integers(1, 10**7)
levels = st.floats(0.001, 0.5)


def share_shown(draw: Draw, rows: tuple[int, int], alpha: float, beyond: float) -> float:
    rng = np.random.default_rng(17)
    shown = [
        bound_moved_share(*pair_numbers(draw(rng, rows[0], 0.0), draw(rng, rows[1], 1.0)), alpha=alpha)
        > beyond
        for _ in range(300)
    ]
    return float(np.mean(shown))


@pytest.mark.parametrize(
    ("rows", "alpha", "beyond"),
    [
        ((2000, 200), 0.01, 0.0),
        ((2000, 200), 0.001, 0.02),
        ((500, 500), 0.05, 0.02),
        ((3000, 60), 0.01, 0.02),
    ],
)
def test_the_smallest_share_is_shown_in_four_of_five_batches_whatever_moves(
    rows: tuple[int, int], alpha: float, beyond: float
) -> None:
    share = smallest_share(*rows, alpha=alpha, beyond=beyond)

    def draw_ones(rng: np.random.Generator, size: int, moved: float) -> NDArray[np.float64]:
        return (rng.random(size) < 0.5 + (moved - 0.5) * share).astype(float)

    def draw_normal(rng: np.random.Generator, size: int, moved: float) -> NDArray[np.float64]:
        return rng.normal(size=size) + moved * convert_share(share)

    def draw_less(rng: np.random.Generator, size: int, moved: float) -> NDArray[np.float64]:
        return rng.normal(size=size) + moved * convert_share(0.6 * share)

    # Three standard errors of a share of .8 among 300 are .07.
    assert 0.73 <= share_shown(draw_ones, rows, alpha, beyond) <= 0.87
    assert share_shown(draw_normal, rows, alpha, beyond) >= 0.8
    assert share_shown(draw_less, rows, alpha, beyond) <= 0.6


@pytest.mark.parametrize(
    ("usual", "rows", "beyond"),
    [(0.5, (2000, 300), 0.0), (0.5, (400, 400), 0.02), (0.1, (2000, 300), 0.02), (0.02, (5000, 200), 0.0)],
)
def test_the_smallest_growth_of_a_name_is_shown_in_four_of_five_batches(
    usual: float, rows: tuple[int, int], beyond: float
) -> None:
    rng = np.random.default_rng(18)
    rest = (1 - usual) * np.array([0.5, 0.3, 0.2])
    each = 0.01 / (4 * 6)
    growth = smallest_growth(usual, *rows, alpha=each, beyond=beyond)
    now = (1 - usual - growth) * np.array([0.5, 0.3, 0.2])

    shown = [
        bound_moved_share(
            *count_category_rows(
                rng.multinomial(rows[0], [usual, *rest]), rng.multinomial(rows[1], [usual + growth, *now])
            ),
            alpha=0.01,
        )
        > beyond
        for _ in range(600)
    ]

    assert 0.73 <= np.mean(shown) <= 0.9


def test_what_a_column_can_show_follows_its_kind() -> None:
    numbers, _ = pair_numbers(np.arange(1000.0), [1.0])
    names, _ = count_category_rows([520, 300, 180], [1, 0, 0])

    assert smallest_change(numbers, 100, alpha=0.01) == smallest_share(1000, 100, alpha=0.01)
    assert smallest_change(names, 100, alpha=0.01) == smallest_growth(0.52, 1000, 100, alpha=0.01 / 20)


def test_a_column_of_many_rare_names_shows_less_growth_than_one_of_two_names() -> None:
    two, _ = count_category_rows([5000, 5000], [1, 0])
    many, _ = count_category_rows([100] * 100, [1] * 100)

    assert smallest_change(many, 300, alpha=0.01) < smallest_change(two, 300, alpha=0.01)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_next_to_no_rows_show_nothing(rows: int) -> None:
    numbers, names = pair_numbers([1.0, 2.0], [1.0])[0], count_category_rows([1, 1], [1, 0])[0]

    assert smallest_share(1000, rows, alpha=0.001) == 1
    assert smallest_share(0, 1000, alpha=0.001) == 1
    assert smallest_change(numbers, rows, alpha=0.001) == 1
    assert smallest_change(empty_counts(numbers.grid), 1000, alpha=0.001) == 1
    assert smallest_change(empty_counts(names.grid), 1000, alpha=0.001) == 1
    assert smallest_growth(0.25, 1000, rows, alpha=0.001) == 0.75
    assert smallest_growth(1.0, 1000, 1000, alpha=0.001) == 0


@given(n=sizes, m=sizes, alpha=levels, beyond=st.floats(0, 0.3))
def test_more_rows_never_show_less(n: int, m: int, alpha: float, beyond: float) -> None:
    here = smallest_share(n, m, alpha=alpha, beyond=beyond)

    assert beyond <= here <= 1
    assert smallest_share(n, 2 * m, alpha=alpha, beyond=beyond) <= here
    assert smallest_share(2 * n, m, alpha=alpha, beyond=beyond) <= here
    assert smallest_share(n, m, alpha=alpha / 2, beyond=beyond) >= here
    assert smallest_share(n, m, alpha=alpha, beyond=beyond, power=0.3) <= here


@given(share=st.floats(0.01, 0.99), n=sizes, alpha=levels)
def test_the_rows_needed_are_the_fewest_that_show_it(share: float, n: int, alpha: float) -> None:
    rows = rows_needed(share, alpha=alpha, reference_rows=n)

    if rows is None:
        assert smallest_share(n, 10**12, alpha=alpha) > share
    else:
        assert smallest_share(n, rows, alpha=alpha) <= share
        assert rows == 1 or smallest_share(n, rows - 1, alpha=alpha) > share


@pytest.mark.parametrize(("sigmas", "share"), [(0.05, 0.020), (0.1, 0.040), (0.2, 0.080), (0.316, 0.126)])
def test_shares_and_standard_deviations_are_those_of_the_table(sigmas: float, share: float) -> None:
    assert convert_sigmas(sigmas) == pytest.approx(share, abs=0.0006)
    assert convert_share(convert_sigmas(sigmas)) == pytest.approx(sigmas)
    assert convert_sigmas(-sigmas) == convert_sigmas(sigmas)


@pytest.mark.parametrize(("alpha", "power"), [(0, 0.8), (1, 0.8), (0.01, 0), (0.01, 1)])
def test_an_impossible_level_is_refused(alpha: float, power: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        smallest_share(100, 100, alpha=alpha, power=power)
    with pytest.raises(ValueError, match="between 0 and 1"):
        smallest_growth(0.1, 100, 100, alpha=alpha, power=power)
