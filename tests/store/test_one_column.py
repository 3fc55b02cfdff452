from __future__ import annotations

import numpy as np
import pytest

from driftwatch.errors import StoreError
from driftwatch.store.database import Database
from driftwatch.store.evidence import load_profile, load_statistics
from driftwatch.store.one_column import (
    StoredColumn,
    count_stored,
    list_statistics,
    list_stored_columns,
    load_column_reference,
    load_column_window,
)
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, Bench, set_up


def live(database: Database, story: str = "..a") -> Bench:
    bench = set_up(database)
    bench.live(story)
    return bench


def test_the_columns_of_a_reference_are_listed_in_its_order(database: Database) -> None:
    bench = live(database)

    found = database.read(lambda tx: list_stored_columns(tx, bench.watch.row, 1))

    assert [(one.name, one.kind, one.is_derived) for one in found] == [
        ("amount", "number", False),
        ("city", "category", False),
    ]
    assert database.read(lambda tx: list_stored_columns(tx, bench.watch.row, 9)) == []
    assert database.read(lambda tx: count_stored(tx, bench.watch.row, 1)) == 2 * len(BLOCKS)


@pytest.mark.parametrize("place", [0, 1])
def test_one_column_is_what_it_is_in_the_whole_reference(database: Database, place: int) -> None:
    bench = live(database)
    column = database.read(lambda tx: list_stored_columns(tx, bench.watch.row, 1))[place]

    found = database.read(lambda tx: load_column_reference(tx, bench.watch.row, 1, column))

    whole = bench.watch.reference.total.columns[column.name]
    assert np.array_equal(found.cells, whole.cells)
    assert (found.rows, found.grid.fingerprint) == (whole.rows, whole.grid.fingerprint)


def test_the_counts_of_a_window_are_those_it_was_last_judged_on(database: Database) -> None:
    bench = live(database)
    bench.replay(3, 3, again=True)
    row, reference = bench.watch.row, bench.watch.reference
    grid = reference.grids["amount"]

    found = database.read(lambda tx: load_column_window(tx, row, day(3), "amount", grid))

    whole = database.read(lambda tx: load_profile(tx, row, day(3), reference))
    assert found is not None
    assert whole is not None
    assert np.array_equal(found.cells, whole.columns["amount"].cells)
    assert database.read(lambda tx: load_column_window(tx, row, day(9), "amount", grid)) is None
    assert database.read(lambda tx: load_column_window(tx, row, day(3), "amount ", grid)) is None


def test_counts_on_another_grid_are_refused(database: Database) -> None:
    bench = live(database)
    grids = bench.watch.reference.grids

    with pytest.raises(StoreError, match="counted on another grid"):
        database.read(lambda tx: load_column_window(tx, bench.watch.row, day(3), "amount", grids["city"]))


def test_statistics_of_some_columns_are_those_of_each_window(database: Database) -> None:
    bench = live(database, "...a")
    bench.replay(3, 3, again=True)
    row = bench.watch.row

    found = database.read(lambda tx: list_statistics(tx, row, ["amount", "nope"], day(2).start, day(4).start))

    assert list(found) == ["amount"]
    assert sorted(found["amount"]) == [day(2).start, day(3).start, day(4).start]
    for window in (day(2), day(3), day(4)):
        alone = database.read(lambda tx, window=window: load_statistics(tx, row, window))  # type: ignore[misc]
        assert found["amount"][window.start] == alone["amount"]


def test_a_column_that_is_not_there_is_not_read(database: Database) -> None:
    bench = live(database)
    missing = StoredColumn(place=7, name="nope", kind="number")

    with pytest.raises(Exception, match="No row was found"):
        database.read(lambda tx: load_column_reference(tx, bench.watch.row, 1, missing))
