from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.incidents.derived_words import say_derived_change
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.grid import get_recipe
from driftwatch.profiles.reference import Reference
from tests.support.batches import build_days, count_day

DERIVED = ColumnOptions(derived=True)


def draw(correlation: float, seed: int, *, spread: float = 1.0) -> pa.Table:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=20_000) * spread
    other = correlation * common + np.sqrt(1 - correlation**2) * rng.normal(size=20_000) * spread
    return pa.table({"amount": common, "balance": other, "age": rng.normal(size=20_000)})


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_days([draw(0.6, 1)], DERIVED)


def say(reference: Reference, name: str, batch: pa.Table) -> str:
    recipe = get_recipe(reference.grids[name])
    assert recipe is not None
    counts = count_day(reference, batch, DERIVED).columns[name]
    return say_derived_change(recipe, reference.total.columns[name], counts)


def test_a_product_tells_of_the_relation_between_its_factors(reference: Reference) -> None:
    said = say(reference, "amount × balance", draw(0.3, 2))

    assert said == (
        "the relation between amount and balance: their mean product, in the reference their correlation, "
        "went from 0.60 to 0.29"
    )


def test_a_residual_tells_how_far_rows_are_from_the_usual(reference: Reference) -> None:
    said = say(reference, "PCA residual", draw(0.3, 2))

    assert said.startswith(
        "the way 3 columns hang together, most of all amount, balance and age: rows deviate"
    )


def test_a_score_tells_of_its_mean_where_that_moved_and_of_its_deviation_otherwise(
    reference: Reference,
) -> None:
    moved = draw(0.6, 2)
    moved = moved.set_column(0, "amount", [np.asarray(moved["amount"]) + 0.5])

    assert "what amount and balance have in common: its mean went from 0.00 to 0.3" in say(
        reference, "PCA 1", moved
    )
    wider = say(reference, "PCA 1", draw(0.6, 2, spread=2.0))
    assert wider.startswith("what amount and balance have in common: its deviation went from 1.2")
    assert wider.endswith(("to 2.51", "to 2.52", "to 2.53", "to 2.54"))
