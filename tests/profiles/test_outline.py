from __future__ import annotations

import numpy as np
import pytest

from driftwatch.profiles.counts import empty_counts
from driftwatch.profiles.outline import draw_outline
from tests.support.columns import pair_categories, pair_numbers


def test_a_number_column_is_drawn_in_places_of_equal_width() -> None:
    reference, current = pair_numbers(np.arange(0, 120.0), np.arange(60.0, 120.0))

    outline = draw_outline(reference, current, places=12)

    assert outline.reference.sum() == pytest.approx(1)
    assert outline.reference == pytest.approx(np.full(12, 1 / 12), abs=0.01)
    assert outline.current[:6] == pytest.approx(np.zeros(6), abs=0.02)
    assert outline.current[7:] == pytest.approx(np.full(5, 1 / 6), abs=0.02)


def test_an_outlier_does_not_flatten_the_picture() -> None:
    rng = np.random.default_rng(1)
    reference, current = pair_numbers(rng.normal(size=5000), np.append(rng.normal(size=5000), 1e12))

    outline = draw_outline(reference, current)

    assert outline.high is not None
    assert outline.high < 5
    assert outline.current.max() < 0.3


def test_a_batch_beyond_the_reference_is_drawn_where_it_lies() -> None:
    rng = np.random.default_rng(2)
    reference, current = pair_numbers(rng.normal(size=5000), rng.normal(size=5000) + 20)

    outline = draw_outline(reference, current)

    assert outline.high == pytest.approx(20, abs=0.5)
    assert int(outline.current.argmax()) == 11
    assert outline.reference[:4].sum() > 0.95


def test_categories_are_drawn_most_frequent_first_then_the_others_and_the_unseen() -> None:
    names = ["a"] * 50 + ["b"] * 30 + ["c"] * 15 + ["d"] * 5
    reference, current = pair_categories(names, ["z"] * 10 + ["d"] * 10)

    outline = draw_outline(reference, current, places=4)

    assert outline.reference.tolist() == [0.5, 0.3, 0.2, 0.0]
    assert outline.current.tolist() == [0.0, 0.0, 0.5, 0.5]


@pytest.mark.parametrize("values", [[5.0] * 10, [1e308, -1e308], [0.0, 1e-320]])
def test_extreme_columns_have_finite_shares(values: list[float]) -> None:
    reference, current = pair_numbers(values, values)

    outline = draw_outline(reference, current)

    assert outline.reference.sum() == pytest.approx(1)
    assert outline.current.tolist() == outline.reference.tolist()


def test_a_side_without_values_is_empty() -> None:
    reference, _ = pair_numbers([1.0, 2.0], [1.0])

    assert draw_outline(reference, None).current.sum() == 0
    assert draw_outline(reference, empty_counts(reference.grid)).current.sum() == 0
    assert draw_outline(empty_counts(reference.grid), None).reference.sum() == 0
