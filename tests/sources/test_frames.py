from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from driftwatch.errors import DataError
from driftwatch.profiles.columns import ColumnData, get_column, infer_kind
from driftwatch.profiles.values import read_numbers
from driftwatch.sources.frames import open_frame


def column(frame: pd.DataFrame, name: str) -> ColumnData:
    (table,) = open_frame(frame).read_column(name)
    return get_column(table, name)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series([1, 2]), "number"),
        (pd.Series([1.5, math.nan]), "number"),
        (pd.Series([1, None], dtype="Int64"), "number"),
        (pd.Series(np.array([1, 2], dtype="float16")), "number"),
        (pd.Series([True, False]), "boolean"),
        (pd.Series([True, None], dtype="boolean"), "boolean"),
        (pd.Series(["a", None]), "category"),
        (pd.Series(["a", "b"], dtype="category"), "category"),
        (pd.Series(["a", "b"], dtype=object), "category"),
        (pd.Series(pd.to_datetime(["2024-01-01", ""])), "time"),
        (pd.Series(pd.to_datetime(["2024-01-01"]).tz_localize("Europe/Paris")), "time"),
        (pd.Series(pd.to_timedelta([1, 2], "D")), "number"),
        (pd.Series([1, "x", None], dtype=object), "category"),
        (pd.Series([[1], [2]], dtype=object), None),
    ],
)
def test_every_type_of_pandas_is_judged_as_what_it_is(values: pd.Series[Any], kind: str | None) -> None:
    assert infer_kind(column(pd.DataFrame({"x": values}), "x")) == kind


def test_nan_stays_apart_from_missing() -> None:
    floats = read_numbers(column(pd.DataFrame({"x": [1.0, math.nan]}), "x"))
    nullable = read_numbers(column(pd.DataFrame({"x": pd.array([1, None], dtype="Int64")}), "x"))

    assert (floats.missing, int(np.isnan(floats.values).sum())) == (0, 1)
    assert (nullable.missing, nullable.values.tolist()) == (1, [1.0])


def test_values_of_several_types_are_read_as_text() -> None:
    mixed = pd.DataFrame({"x": pd.Series([1, "2", 3.5, None], dtype=object)})

    assert column(mixed, "x").values.to_pylist() == ["1", "2", "3.5", None]
    assert infer_kind(column(mixed, "x")) == "number"


def test_the_index_is_left_out_and_names_become_text() -> None:
    frame = pd.DataFrame({0: [1, 2]}, index=pd.Index(["a", "b"], name="who"))

    assert open_frame(frame).columns == ["0"]


def test_arrow_tables_batches_and_streams_are_taken_as_they_are() -> None:
    table = pa.table({"a": [1, 2]})

    class Stream:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return table.__arrow_c_stream__(requested_schema)

    for given in (table, table.to_batches()[0], Stream(), open_frame(table)):
        opened = open_frame(given)
        assert (opened.columns, opened.rows) == (["a"], 2)
        assert [part.to_pydict() for part in opened.read_tables(["a", "not there"])] == [{"a": [1, 2]}]


@pytest.mark.parametrize("given", [7, None, [1, 2], {"a": [1]}])
def test_what_is_no_frame_is_refused(given: object) -> None:
    with pytest.raises(DataError, match="is no frame; give a pandas frame"):
        open_frame(given)


@pytest.mark.parametrize(
    "given",
    [
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame([[1, 2]], columns=["1", 1]),
        pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]),
    ],
)
def test_two_columns_of_one_name_are_refused(given: object) -> None:
    with pytest.raises(DataError, match="several columns called"):
        open_frame(given)
