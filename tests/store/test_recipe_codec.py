from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from driftwatch.errors import StoreError
from driftwatch.profiles.build import count_rows
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.grid import Grid, NumberGrid, get_recipe
from driftwatch.profiles.reference import Reference
from driftwatch.store.database import Database
from driftwatch.store.recipe_codec import attach_recipes, describe_recipes
from driftwatch.store.references import ReferenceState, load_reference, save_reference
from tests.support.batches import build_days, draw_rows
from tests.support.stored import NOW, register, same_counts

DERIVED = ColumnOptions(key=("id",), derived=True)
ROWS = draw_rows(np.random.default_rng(1), 2000, numbers=4)


def build() -> Reference:
    tied = np.asarray(ROWS["n0"]) + 0.5 * np.asarray(ROWS["n1"])
    return build_days([ROWS.append_column("sum", [tied])], DERIVED)


def strip(grids: dict[str, Grid]) -> dict[str, Grid]:
    return {
        name: NumberGrid(points=grid.points) if isinstance(grid, NumberGrid) else grid
        for name, grid in grids.items()
    }


def same_recipe(left: Grid, right: Grid) -> bool:
    one, other = get_recipe(left), get_recipe(right)
    if one is None or other is None:
        return one is other
    same_words = (one.form, one.shows, one.carriers) == (other.form, other.shows, other.carriers)
    return same_words and np.array_equal(one.directions, other.directions)


def test_recipes_come_back_bit_for_bit_through_json() -> None:
    grids = dict(build().grids)

    described = json.loads(json.dumps(describe_recipes(grids)))
    attached = attach_recipes(strip(grids), described, what="x")

    assert sum(get_recipe(grid) is not None for grid in attached.values()) == 5
    assert all(same_recipe(grids[name], attached[name]) for name in grids)


def test_grids_without_recipes_are_described_by_nothing() -> None:
    grids: dict[str, Grid] = {"x": NumberGrid(points=np.array([1.0]))}

    assert describe_recipes(grids) is None
    assert attach_recipes(grids, None, what="x") == grids


@pytest.mark.parametrize(
    "damage",
    [
        {"recipes": [{"name": "PCA 1"}]},
        {"recipes": [{"name": "nobody", "carriers": []}]},
        {"recipes": [{"name": "city", "carriers": []}]},
        {"recipes": [{"name": "n0", "form": "sum", "shows": "x", "carriers": [0], "directions": []}]},
        {"recipes": [{"name": "n0", "form": "norm", "shows": "x", "carriers": [99], "directions": []}]},
        {"recipes": [{"name": "n0", "form": "norm", "shows": "x", "carriers": [0, 1], "directions": [[1]]}]},
        {"recipes": 5},
        {"carriers": [["n0"]]},
    ],
)
def test_damaged_recipes_are_refused(damage: dict[str, Any]) -> None:
    grids = dict(build().grids)
    described = describe_recipes(grids)
    assert described is not None

    with pytest.raises(StoreError, match="version 1 of flights: its recipes are damaged"):
        attach_recipes(strip(grids), {**described, **damage}, what="version 1 of flights")


def test_recipes_of_a_newer_program_are_refused() -> None:
    with pytest.raises(StoreError, match="newer driftwatch"):
        attach_recipes({}, {"format": 2}, what="x")


def test_a_stored_reference_counts_batches_as_the_one_that_was_saved(database: Database) -> None:
    reference, monitor = build(), register(database)
    database.write(
        lambda tx: save_reference(tx, monitor, reference, spec={}, now=NOW, state=ReferenceState.ACTIVE)
    )

    loaded = database.read(lambda tx: load_reference(tx, monitor))

    assert loaded is not None
    assert list(loaded.grids) == list(reference.grids)
    assert all(same_recipe(reference.grids[name], loaded.grids[name]) for name in reference.grids)
    batch = draw_rows(np.random.default_rng(2), 500, numbers=4)
    batch = batch.append_column("sum", batch["n3"])
    left, right = (count_rows(one.grids, batch, DERIVED) for one in (reference, loaded))
    assert all(same_counts(left.columns[name], right.columns[name]) for name in reference.grids)
    assert all(
        same_counts(reference.total.columns[name], loaded.total.columns[name]) for name in reference.grids
    )
