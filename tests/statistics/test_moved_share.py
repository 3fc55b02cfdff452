from __future__ import annotations

import math

import numpy as np
import pytest

from driftwatch.profiles.counts import count_names, empty_counts
from driftwatch.profiles.grid import build_category_grid
from driftwatch.statistics.moved_share import bound_moved_share, moved_share
from driftwatch.statistics.unseen_share import unseen_share
from tests.support.columns import count_category_rows, pair_categories, pair_numbers


def test_the_constant_at_five_percent_is_the_published_one() -> None:
    reference = np.arange(10_000.0)

    found = bound_moved_share(*pair_numbers(reference, reference + 3000, max_points=10_000), alpha=0.05)

    assert found == pytest.approx(0.3 - 1.358 * math.sqrt(2 / 10_000), abs=1e-5)


@pytest.mark.parametrize(
    ("shift", "distance", "coverage"), [(0.0, 0.0, 0.95), (0.1, 0.040, 0.95), (0.316, 0.126, 0.95)]
)
def test_it_is_rarely_above_the_truth_for_numbers(shift: float, distance: float, coverage: float) -> None:
    rng = np.random.default_rng(8)
    bounds = [
        bound_moved_share(*pair_numbers(rng.normal(size=2000), rng.normal(size=500) + shift), alpha=0.05)
        for _ in range(400)
    ]

    assert np.mean(np.array(bounds) <= distance + 0.0005) >= coverage


def test_it_is_rarely_above_the_truth_for_categories() -> None:
    rng = np.random.default_rng(9)
    usual, changed = np.array([0.5, 0.3, 0.2]), np.array([0.45, 0.25, 0.3])
    bounds = np.array(
        [
            bound_moved_share(
                *count_category_rows(rng.multinomial(1000, usual), rng.multinomial(800, changed)), alpha=0.05
            )
            for _ in range(1000)
        ]
    )

    assert np.mean(bounds <= 0.1) >= 0.95
    assert np.mean(bounds > 0) > 0.5


def test_rows_that_leave_one_category_for_many_show_where_they_came_from() -> None:
    usual = np.array([200, *[80] * 10])
    moved = np.array([50, *[95] * 10])

    found = bound_moved_share(*count_category_rows(usual, moved), alpha=0.01)

    # No single category grew by more than .015 of the rows; one lost .15 of them.
    assert 0.07 < found < 0.15


def test_categories_without_a_change_show_nothing() -> None:
    rng = np.random.default_rng(10)
    shares = 1 / np.arange(1, 31)
    shares /= shares.sum()
    found = [
        bound_moved_share(
            *count_category_rows(rng.multinomial(1000, shares), rng.multinomial(500, shares)), alpha=0.05
        )
        for _ in range(1000)
    ]

    assert np.mean(np.array(found) > 0) <= 0.05


@pytest.mark.parametrize(("unseen", "shown"), [(1, False), (30_000, True)])
def test_one_unseen_row_shows_nothing_and_three_in_ten_show_nearly_that(unseen: int, *, shown: bool) -> None:
    reference = ["a"] * 60_000 + ["b"] * 40_000
    current = ["a"] * 60_000 + ["b"] * (40_000 - unseen) + ["z"] * unseen

    found = bound_moved_share(*pair_categories(reference, current), alpha=0.01)

    assert found == (pytest.approx(0.295, abs=0.002) if shown else 0)


@pytest.mark.parametrize("rows", [200, 1000, 10_000])
def test_names_with_a_long_tail_show_nothing_though_many_are_unseen(rows: int) -> None:
    rng = np.random.default_rng(rows)
    shown, unseen = [], []

    for _ in range(200):
        usual, fresh = ([f"name {rank}" for rank in rng.zipf(1.3, size)] for size in (rows, 1000))
        counts = pair_categories(usual, fresh)
        shown.append(bound_moved_share(*counts, alpha=0.05))
        unseen.append(unseen_share(*counts).value or 0.0)

    assert np.mean(unseen) > 0.05
    assert np.mean(np.array(shown) > 0) <= 0.05


def test_where_names_were_forgotten_the_others_may_be_new_and_show_nothing() -> None:
    names, counts = ["a", "b", "c"], np.array([500, 300, 200])
    full = build_category_grid(names, counts, max_names=1)
    forgetful = build_category_grid(names, counts, max_names=1, max_remembered=2)
    shown = []

    for grid in (full, forgetful):
        usual = count_names(grid, names, counts)
        moved = count_names(grid, ["a", "new"], np.array([500, 500]))
        shown.append(bound_moved_share(usual, moved, alpha=0.01))

    assert shown[0] > 0.3
    assert shown[1] == 0


def test_a_million_rows_with_a_tiny_shift_show_less_than_anyone_should_be_told() -> None:
    rng = np.random.default_rng(12)
    reference = rng.normal(size=200_000)

    found = bound_moved_share(*pair_numbers(reference, rng.normal(size=1_000_000) + 0.02), alpha=0.01)

    assert found < 0.01


def test_fifty_rows_of_the_reference_show_nothing() -> None:
    rng = np.random.default_rng(13)
    reference = rng.gamma(2, size=20_000)

    shown = [
        bound_moved_share(*pair_numbers(reference, rng.choice(reference, 50)), alpha=0.01) for _ in range(100)
    ]

    assert max(shown) == 0


def test_a_stricter_alpha_shows_less() -> None:
    counts = pair_categories(["a"] * 500 + ["b"] * 500, ["a"] * 800 + ["b"] * 200)

    shown = [bound_moved_share(*counts, alpha=alpha) for alpha in (0.05, 0.01, 0.0001)]

    assert shown == sorted(shown, reverse=True)
    assert len(set(shown)) == 3


def test_without_rows_the_bound_is_zero_and_the_statistic_has_no_value() -> None:
    reference, _ = pair_numbers([1, 2], [1, 2])

    assert bound_moved_share(reference, empty_counts(reference.grid), alpha=0.01) == 0.0
    assert moved_share(reference, empty_counts(reference.grid)).value is None


@pytest.mark.parametrize("alpha", [0, 1, -0.1])
def test_an_impossible_alpha_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        bound_moved_share(*pair_numbers([1], [1]), alpha=alpha)
