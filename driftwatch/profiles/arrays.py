"""Arrow arrays seen by numpy and made from Python values.

*Why not `to_numpy` and `pa.array`:* both import pandas when it is installed, which takes longer than many
a comparison and is not used for anything here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["build_texts", "fill_nulls", "view_numbers"]


def view_numbers(array: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """Return integers or floats without nulls as numpy sees them: not copied, and not to be written to.

    >>> view_numbers(pa.array([1.5, 2.5])).tolist()
    [1.5, 2.5]
    """
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    if array.null_count:
        raise ValueError(f"{array.null_count} values are null")
    dtype = np.dtype(array.type.to_pandas_dtype())
    if len(array) == 0:
        return np.empty(0, dtype=dtype)
    return np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=array.offset * dtype.itemsize)


def fill_nulls(array: pa.Array | pa.ChunkedArray, value: float) -> NDArray[Any]:
    """Return integers or floats as numpy sees them, with `value` where they are null.

    >>> fill_nulls(pa.array([1, None]), -1).tolist()
    [1, -1]
    """
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    if not array.null_count:
        return view_numbers(array)
    is_null = view_numbers(pc.cast(pc.is_null(array), pa.int8())).astype(bool)
    filled = np.full(len(array), value, dtype=np.dtype(array.type.to_pandas_dtype()))
    filled[~is_null] = view_numbers(array.drop_null())
    return filled


def build_texts(words: Sequence[str], kind: pa.DataType | None = None) -> pa.Array:
    """Return `words` as an array of strings, of type `kind` where it is given.

    >>> build_texts(["NA", ""]).to_pylist()
    ['NA', '']
    """
    data = [word.encode("utf-8", "surrogatepass") for word in words]
    ends = np.cumsum([0, *(len(word) for word in data)]).astype(np.int32)
    buffers = [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(b"".join(data))]
    texts = pa.Array.from_buffers(pa.string(), len(data), buffers)
    return texts if kind is None else pc.cast(texts, kind)
