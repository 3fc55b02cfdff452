from __future__ import annotations

from typing import Any

import pytest

from driftwatch.statistics import entries, evaluate
from tests.support.columns import pair_categories, pair_numbers


@pytest.mark.parametrize("kind", ["number", "time"])
def test_numbers_have_every_statistic_of_their_kind(kind: Any) -> None:
    counts = pair_numbers([1, 2, 3], [2, 3, 4], kind=kind)

    found = evaluate(*counts)

    assert found == {entry.name: entry.function(*counts) for entry in entries(kind)}


@pytest.mark.parametrize("kind", ["category", "boolean"])
def test_categories_have_every_statistic_of_their_kind(kind: Any) -> None:
    counts = pair_categories(["a", "b"], ["a", "z"], kind=kind)

    found = evaluate(*counts)

    assert found == {entry.name: entry.function(*counts) for entry in entries(kind)}


def test_a_batch_without_rows_has_every_statistic_without_a_value() -> None:
    found = evaluate(*pair_numbers([1.0, 2.0], []))

    assert set(found) == {entry.name for entry in entries("number")}
    assert {statistic.value for statistic in found.values()} == {None}


def test_counts_on_different_grids_are_refused() -> None:
    one, other = pair_numbers([1, 2], [1])[0], pair_numbers([1, 3], [1])[0]

    with pytest.raises(ValueError, match="different grids"):
        evaluate(one, other)


def test_equal_grids_need_not_be_the_same_object() -> None:
    one, other = pair_numbers([1, 2], [1])[0], pair_numbers([1, 2], [1])[1]

    assert evaluate(one, other)["ks"].value == 0.5
