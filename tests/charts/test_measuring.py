from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.charts.measuring import OTHER, UNSEEN, list_bins, list_categories, measure_curves
from driftwatch.profiles.counts import Counts, count_names, count_numbers, empty_counts
from driftwatch.profiles.grid import CategoryGrid, build_number_grid
from driftwatch.statistics.ks import ks
from driftwatch.statistics.psi import psi

NUMBERS = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=80)


def count_both(usual: list[float], now: list[float]) -> tuple[Counts, Counts]:
    grid = build_number_grid(np.array(usual))
    return count_numbers(grid, np.array(usual)), count_numbers(grid, np.array(now))


@given(usual=NUMBERS, now=NUMBERS)
def test_the_gap_that_is_drawn_is_ks(usual: list[float], now: list[float]) -> None:
    reference, current = count_both(usual, now)

    curves = measure_curves(reference, current)

    assert curves is not None
    assert curves.gap.size == pytest.approx(ks(reference, current).value)
    if set(now) <= set(usual):
        places = np.unique(usual)
        apart = [np.mean(np.array(usual) <= at) - np.mean(np.array(now) <= at) for at in places]
        assert curves.gap.size == pytest.approx(np.max(np.abs(apart)))


@given(usual=NUMBERS, now=NUMBERS)
def test_the_gap_stands_where_its_words_say(usual: list[float], now: list[float]) -> None:
    curves = measure_curves(*count_both(usual, now))

    assert curves is not None
    gap = curves.gap

    def share(values: list[float]) -> float:
        return float(np.mean([one < gap.value if gap.is_below else one <= gap.value for one in values]))

    assert [gap.reference, gap.current] == pytest.approx([share(usual), share(now)])


@given(usual=NUMBERS, now=NUMBERS)
def test_steps_rise_and_each_is_the_share_up_to_its_value(usual: list[float], now: list[float]) -> None:
    curves = measure_curves(*count_both(usual, now))

    assert curves is not None
    for step in curves.steps:
        assert step.reference == pytest.approx(np.mean(np.array(usual) <= step.value))
        assert step.current == pytest.approx(np.mean(np.array(now) <= step.value))
    assert [step.value for step in curves.steps] == sorted({step.value for step in curves.steps})


def test_a_long_column_is_drawn_at_few_values_and_its_gap_is_among_them() -> None:
    usual = np.random.default_rng(1).normal(size=20_000)
    reference, current = count_both(usual.tolist(), (usual[:5000] + 0.4).tolist())

    curves = measure_curves(reference, current)

    assert curves is not None
    assert curves.known > 4000
    assert 40 <= len(curves.steps) <= 82
    assert curves.gap.value in {step.value for step in curves.steps}


def test_an_outlier_does_not_flatten_the_picture_and_is_said_to_be_left_out() -> None:
    usual = [float(value) for value in range(1000)]

    curves = measure_curves(*count_both([*usual, 1e12], [*usual, *[1e12] * 4]))

    assert curves is not None
    assert curves.steps[-1].value < 1000
    assert curves.above == pytest.approx(4 / 1004, abs=0.005)


def test_a_side_without_numbers_has_no_curve() -> None:
    reference, current = count_both([1.0, 2.0], [1.0])

    assert measure_curves(reference, empty_counts(reference.grid)) is None
    names = CategoryGrid(names=("a",))
    assert measure_curves(empty_counts(names), empty_counts(names)) is None
    assert list_categories(reference, current) == []


@given(usual=NUMBERS, now=NUMBERS)
def test_bins_add_up_to_psi_and_no_two_are_called_the_same(usual: list[float], now: list[float]) -> None:
    reference, current = count_both(usual, now)

    bins = list_bins(reference, current)

    assert sum(one.contribution for one in bins) == pytest.approx(psi(reference, current).value)
    assert sum(one.reference for one in bins) == pytest.approx(1)
    assert sum(one.current for one in bins) == pytest.approx(1)
    assert len({one.label for one in bins}) == len(bins)


def test_bins_that_differ_in_the_last_digits_alone_are_told_apart() -> None:
    usual = [1e6 + place / 1000 for place in range(100)]

    labels = [one.label for one in list_bins(*count_both(usual, usual))]

    assert len(labels) == 10
    assert len(set(labels)) == 10
    assert labels[0].startswith("up to 1000000.0")


def test_categories_that_changed_are_listed_and_the_others_stand_together() -> None:
    names = [f"c{number:02}" for number in range(40)]
    grid = CategoryGrid(names=tuple(names), others=("rare",))
    usual = count_names(grid, [*names, "rare"], np.array([100] * 40 + [5]))
    now = count_names(grid, [*names, "new"], np.array([100] * 39 + [900, 50]))

    listed = list_categories(usual, now, most=3)

    assert len(listed) == 5
    assert "c39" in [one.name for one in listed]
    assert [(one.name, one.is_pooled) for one in listed[-2:]] == [(OTHER, True), (UNSEEN, True)]
    assert sum(one.reference for one in listed) == pytest.approx(1)
    assert sum(one.current for one in listed) == pytest.approx(1)
    assert listed[-1].current == pytest.approx(50 / (3900 + 900 + 50))


def test_where_every_category_is_listed_no_others_are() -> None:
    grid = CategoryGrid(names=("a", "b"))
    counts = count_names(grid, ["a", "b"], np.array([1, 1]))

    assert [one.name for one in list_categories(counts, counts)] == ["a", "b", UNSEEN]


def test_bins_of_categories_are_called_by_their_names() -> None:
    grid = CategoryGrid(names=("a", "b"))
    usual = count_names(grid, ["a", "b"], np.array([50, 50]))
    now = count_names(grid, ["a", "z"], np.array([50, 50]))

    assert [one.label for one in list_bins(usual, now)] == ["a", "b", UNSEEN]
