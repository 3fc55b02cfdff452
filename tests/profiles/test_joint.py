"""Rows counted by two columns at once are those that counting row by row gives."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.profiles.columns import ColumnOptions, mark_text
from driftwatch.profiles.counts import count_names, count_numbers
from driftwatch.profiles.grid import CategoryGrid, NumberGrid, build_number_grid
from driftwatch.profiles.joint import Layout, build_divide, build_target, count_joint

NAMES = CategoryGrid(names=("a", "b"), others=("c",))
GRID = build_number_grid(np.array([1.0, 2.0, 3.0]))
USUAL = count_numbers(GRID, np.array([1.0, 2.0, 3.0]))
LAYOUT = Layout(targets=(build_target("x", USUAL),), divides=(build_divide("c", NAMES),))

ROWS = st.lists(
    st.tuples(
        st.none() | st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0, 9.0, float("nan"), float("inf")]),
        st.none() | st.sampled_from(["a", "b", "c", "z"]),
    ),
    max_size=60,
)


def count_one_by_one(rows: list[tuple[float | None, str | None]]) -> Counter[tuple[int, int]]:
    """Return the rows by group and cell, found without any of the code under test."""
    groups = {"a": 0, "b": 1, "c": 2, "z": 3, None: 4}
    found: Counter[tuple[int, int]] = Counter()
    for value, name in rows:
        if value is None or value != value:  # noqa: PLR0124 - NaN is unlike itself.
            cell = 7
        else:
            cell = sum(point < value for point in (1.0, 2.0, 3.0)) + sum(
                point <= value for point in (1.0, 2.0, 3.0)
            )
        found[groups[name], cell] += 1
    return found


@given(ROWS, st.integers(0, 60))
def test_counts_are_those_of_the_rows_however_they_come(
    rows: list[tuple[float | None, str | None]], cut: int
) -> None:
    tables = [
        pa.table(
            {
                "x": pa.array([value for value, _ in some], pa.float64()),
                "c": pa.array([name for _, name in some], pa.string()),
            }
        )
        for some in (rows[:cut], rows[cut:])
    ]

    first, second = (count_joint(LAYOUT, table, ColumnOptions()) for table in tables)
    found = first + second

    wanted = count_one_by_one(rows)
    table = found.tables[0]
    assert found.rows == len(rows)
    assert {place: int(table[place]) for place in zip(*np.nonzero(table), strict=True)} == dict(wanted)


def test_words_for_missing_and_named_values_have_no_value() -> None:
    rows = mark_text(pa.table({"x": ["1", "NA", "-9", "zzz"], "c": ["a", "", "a", "none"]}), "parse")

    found = count_joint(LAYOUT, rows, ColumnOptions(missing=(-9.0, "none"))).tables[0]

    assert found[:, 7].tolist() == [1, 0, 0, 0, 2]
    assert found.sum() == 4


@pytest.mark.parametrize("column", ["x", "c"])
def test_a_column_that_is_not_there_has_no_value_in_any_row(column: str) -> None:
    rows = pa.table({"x": [1.0, 2.0], "c": ["a", "b"]}).drop_columns([column])

    found = count_joint(LAYOUT, rows, ColumnOptions()).tables[0]

    assert found.sum() == 2
    assert (found[:, 7].sum() if column == "x" else found[4].sum()) == 2


def test_numbers_and_truth_are_names_as_they_are_counted() -> None:
    grid = CategoryGrid(names=("false", "true"), kind="boolean")
    layout = Layout(
        targets=(build_target("x", USUAL),),
        divides=(build_divide("b", grid), build_divide("n", CategoryGrid(names=("1", "2")))),
    )
    rows = pa.table({"x": [1.0, 1.0, 1.0], "b": [True, False, None], "n": [1.0, 2.0, 3.0]})

    by_truth, by_number = count_joint(layout, rows, ColumnOptions()).tables

    assert by_truth.sum(axis=1).tolist() == [1, 1, 0, 0, 1]
    assert by_number.sum(axis=1).tolist() == [1, 1, 0, 1, 0]


def test_a_number_gets_few_cells_and_values_that_are_heavy_one_of_their_own() -> None:
    values = np.concatenate([np.zeros(300), np.arange(1.0, 1001.0)])
    grid = build_number_grid(np.sort(values))

    coarse = build_target("x", count_numbers(grid, values)).grid

    assert isinstance(coarse, NumberGrid)
    assert 0.0 in coarse.points.tolist()
    assert len(coarse.points) < 20
    assert coarse.points[[0, -1]].tolist() == [0.0, 1000.0]


def test_names_beyond_the_fifty_most_frequent_are_one_group() -> None:
    names = tuple(f"n{place:03}" for place in range(80))
    grid = CategoryGrid(names=names)

    divide = build_divide("c", grid)
    target = build_target("c", count_names(grid, list(names), np.ones(80, dtype=np.int64)))

    assert (len(divide.grid.names), len(divide.grid.others), divide.groups) == (50, 30, 53)
    assert target.cells == 53


def test_a_column_does_not_divide_itself() -> None:
    target = build_target("c", count_names(NAMES, ["a"], np.array([1])))
    layout = Layout(targets=(target,), divides=(build_divide("c", NAMES), build_divide("d", NAMES)))

    assert [(one.column, other.column) for one, other in layout.pairs] == [("c", "d")]
    assert layout.columns == ("c", "d")
