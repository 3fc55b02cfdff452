from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.profiles.arrays import build_texts, fill_nulls, view_numbers

TYPES = [pa.int8(), pa.uint16(), pa.int64(), pa.uint64(), pa.float16(), pa.float32(), pa.float64()]


@pytest.mark.parametrize("kind", TYPES, ids=str)
@given(values=st.lists(st.integers(0, 100)), start=st.integers(0, 5))
def test_numbers_are_seen_as_arrow_holds_them(kind: pa.DataType, values: list[int], start: int) -> None:
    array = pa.array(np.array(values, dtype=kind.to_pandas_dtype())).slice(start)

    seen = view_numbers(array)

    assert seen.dtype == np.dtype(kind.to_pandas_dtype())
    assert seen.tolist() == array.to_pylist()
    assert view_numbers(pa.chunked_array([array, array])).tolist() == array.to_pylist() * 2


@given(values=st.lists(st.none() | st.integers(0, 100)), start=st.integers(0, 5))
def test_nulls_are_filled_where_they_are(values: list[int | None], start: int) -> None:
    array = pa.array(values, pa.int64()).slice(start)

    expected = [-1 if value is None else value for value in array.to_pylist()]
    assert fill_nulls(array, -1).tolist() == expected
    assert fill_nulls(pa.chunked_array([array, array]), -1).tolist() == expected * 2


def test_nulls_are_never_seen_as_numbers() -> None:
    with pytest.raises(ValueError, match="1 values are null"):
        view_numbers(pa.array([1, None]))


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"))))
def test_texts_come_back_as_they_were(words: list[str]) -> None:
    assert build_texts(words).to_pylist() == words
    assert build_texts(words, pa.large_string()).type == pa.large_string()
