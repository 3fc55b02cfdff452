from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.errors import DataError
from driftwatch.profiles.columns import ColumnData, get_column, infer_kind, mark_text
from driftwatch.profiles.grid import CategoryGrid, build_category_grid, build_number_grid
from driftwatch.profiles.values import count_column, read_names, read_numbers


def text(*values: str | None) -> ColumnData:
    return get_column(mark_text(pa.table({"c": pa.array(values, pa.string())}), "parse"), "c")


def typed(values: Any, kind: pa.DataType | None = None) -> ColumnData:
    return get_column(pa.table({"c": pa.array(values, kind)}), "c")


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (text("1", "2.5", "-3e4"), "number"),
        (text("1", "NA", ""), "number"),
        (text("01234", "99999"), "category"),
        (text("0.5", "0"), "number"),
        (text("true", "False"), "boolean"),
        (text("2013-01-01", "2013-01-02T05:00:00"), "time"),
        (text("2013", "2014"), "number"),
        (text("None", "x"), "category"),
        (typed([True, False]), "boolean"),
        (typed([1, 2]), "number"),
        (typed([Decimal("1.5")]), "number"),
        (typed([dt.timedelta(seconds=3)]), "number"),
        (typed([dt.date(2013, 1, 1)]), "time"),
        (typed(["1", "2"]), "category"),
        (typed(["a", "b"], pa.dictionary(pa.int8(), pa.string())), "category"),
        (typed([[1], [2]]), None),
        (typed([b"x"]), None),
    ],
)
def test_the_kind_of_a_reference_column_is_inferred(column: ColumnData, kind: str | None) -> None:
    assert infer_kind(column) == kind


def test_words_for_missing_count_as_missing_in_text_and_the_word_none_is_a_value() -> None:
    names, counts, missing = read_names(text("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", None))

    assert (names, counts.tolist(), missing) == (["None"], [1], 8)


def test_values_the_user_names_mean_missing_as_text_and_as_numbers() -> None:
    numbers = read_numbers(typed([-200.0, 1.0, None]), (-200, "NA"))
    codes = read_numbers(text("-200", "?", "1"), (-200, "?"))

    assert (numbers.values.tolist(), numbers.missing) == ([1.0], 2)
    assert (codes.values.tolist(), codes.missing) == ([1.0], 2)


@pytest.mark.parametrize("named", [-200, -200.0])
def test_a_number_that_means_missing_is_known_however_it_is_written(named: float) -> None:
    numbers = read_numbers(text("-200", "-200.0", "-2e2", "1"), (named,))
    names, _, missing = read_names(text("-200", "a"), (named,))

    assert (numbers.values.tolist(), numbers.missing) == ([1.0], 3)
    assert (names, missing) == (["a"], 1)


def test_text_that_is_no_number_counts_as_unreadable_and_the_rest_is_read() -> None:
    numbers = read_numbers(text("1", "oops", "2", "0x1F"))

    assert (numbers.values.tolist(), numbers.unreadable) == ([1.0, 2.0], 2)


def test_a_typed_string_is_never_a_number() -> None:
    numbers = read_numbers(typed(["1", "2", None]))

    assert (len(numbers.values), numbers.missing, numbers.unreadable) == (0, 1, 2)


def test_nan_and_null_are_told_apart() -> None:
    grid = build_number_grid(np.array([1.0]))

    counts = count_column(grid, typed([1.0, float("nan"), None]))

    assert (counts.nan, counts.missing, counts.values) == (1, 1, 1)


def test_a_wider_type_of_the_same_values_changes_nothing() -> None:
    numbers = build_number_grid(np.array([1.0, 2.0]))
    names = build_category_grid(["1", "2"], np.array([1, 1]))

    for column in (typed([1, 2], pa.int8()), typed([1.0, 2.0]), typed([Decimal(1), Decimal(2)])):
        assert count_column(numbers, column).cells.tolist() == [0, 1, 0, 1, 0]
        assert count_column(names, column).cells.tolist() == [1, 1, 0, 0]


def test_booleans_are_read_from_words_and_from_zero_and_one() -> None:
    grid = CategoryGrid(names=("false", "true"), kind="boolean")

    for column in (typed([True, False, None]), text("TRUE", "false", ""), typed([1, 0, None])):
        counts = count_column(grid, column)
        assert (counts.cells.tolist(), counts.missing) == ([1, 1, 0, 0], 1)
    assert count_column(grid, typed([2, 1])).unreadable == 1


def test_dates_are_counted_by_their_age_at_the_end_of_the_window() -> None:
    grid = build_number_grid(np.array([0.0, 1.0, 2.0]), kind="time")
    ends_at = dt.datetime(2013, 1, 3, tzinfo=dt.UTC)

    counts = count_column(grid, typed([dt.date(2013, 1, 2), dt.date(2013, 1, 1), None]), ends_at=ends_at)

    assert (counts.cells[1::2].tolist(), counts.missing) == ([0, 1, 1], 1)


def test_lists_where_numbers_were_are_unreadable_and_raise_nothing() -> None:
    grid = build_number_grid(np.array([1.0]))

    counts = count_column(grid, typed([[1.0], None]))

    assert (counts.unreadable, counts.missing) == (1, 1)


def test_two_columns_of_one_name_are_refused() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["c", "c"])

    with pytest.raises(DataError, match="2 columns are called 'c'"):
        get_column(table, "c")
