"""Frames that are in memory already, read as if they were files.

pandas is never imported here: a frame that somebody hands over has brought it along. Everything else
that speaks Arrow (pyarrow tables and batches, frames with `__arrow_c_stream__`) is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from driftwatch.errors import DataError
from driftwatch.profiles.columns import mark_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Frame", "open_frame"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A table in memory; any of its columns is read at no cost."""

    table: pa.Table
    path: str = "the frame"

    @property
    def by_column(self) -> bool:
        """Return True: one column is read without the others."""
        return True

    @property
    def columns(self) -> list[str]:
        """Return the names of the columns, in their order."""
        return list(self.table.column_names)

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return int(self.table.num_rows)

    @property
    def schema(self) -> pa.Schema:
        """Return the names and types of the columns."""
        return self.table.schema

    def read_column(self, name: str) -> Iterator[pa.Table]:
        """Yield the column `name` as a table of one column."""
        yield self.table.select([name])

    def read_tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows as one table, of all columns or of those of `columns` that are there."""
        yield self.table if columns is None else self.table.select([c for c in self.columns if c in columns])


def open_frame(frame: Any) -> Frame:
    """Return a pandas frame, a pyarrow table or another Arrow stream to read from.

    The index of a pandas frame is left out: only its columns count. A column whose values are of several
    types is read as text, as in a CSV file. Raises DataError for anything that is no frame.

    >>> open_frame(pa.table({"a": [1, 2]})).rows
    2
    """
    if isinstance(frame, Frame):
        return frame
    if isinstance(frame, pa.Table):
        table = frame
    elif isinstance(frame, pa.RecordBatch):
        table = pa.Table.from_batches([frame])
    elif _is_pandas(frame):
        table = _convert_pandas(frame)
    elif hasattr(frame, "__arrow_c_stream__"):
        table = pa.table(frame)
    else:
        raise DataError(
            f"{type(frame).__name__} is no frame; give a pandas frame, a pyarrow table or the path of a file"
        )
    _check_unique(table.column_names)
    return Frame(table=table)


def _is_pandas(frame: object) -> bool:
    kind = type(frame)
    return any(
        base.__module__.split(".")[0] == "pandas" and base.__name__ == "DataFrame" for base in kind.__mro__
    )


def _check_unique(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise DataError(
            f"the frame has several columns called {twice[0]!r}; every column needs a name of its own"
        )


def _convert_pandas(frame: pd.DataFrame) -> pa.Table:
    names = [str(name) for name in frame.columns]
    _check_unique(names)
    arrays: list[pa.Array | pa.ChunkedArray] = []
    mixed: list[str] = []
    for place, name in enumerate(names):
        series = frame.iloc[:, place]
        try:
            arrays.append(_convert_series(series))
        except (pa.ArrowException, TypeError, ValueError):
            arrays.append(_spell_values(series))
            mixed.append(name)
    table = pa.table(arrays, names=names)
    return mark_text(table, "parse", mixed) if mixed else table


def _convert_series(series: pd.Series[Any]) -> pa.Array | pa.ChunkedArray:
    if isinstance(series.dtype, np.dtype) and series.dtype.kind == "f":
        # NaN stays NaN: it is counted apart from what is missing, and nothing is copied.
        return pa.array(series.to_numpy(), from_pandas=False)
    return pa.array(series, from_pandas=True)


def _spell_values(series: pd.Series[Any]) -> pa.Array:
    absent = series.isna().to_numpy()
    values = series.to_numpy(dtype=object)
    return pa.array(
        [None if gone else str(value) for value, gone in zip(values, absent, strict=True)], pa.string()
    )
