"""What can be read by column and by row: a file, or a table in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

__all__ = ["Readable"]


class Readable(Protocol):
    """Rows that can be compared: a `Frame` (see `sources.frames`) or a file (see `sources.datafile`).

    `by_column` says whether a column can be read without the others; where it is False, read them together.
    """

    @property
    def path(self) -> str:
        """Where the rows are, for messages."""
        ...

    @property
    def by_column(self) -> bool:
        """Whether one column is read without reading the others."""
        ...

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in their order; no name comes twice."""
        ...

    @property
    def rows(self) -> int | None:
        """How many rows there are, where that is known without reading them."""
        ...

    @property
    def schema(self) -> pa.Schema:
        """Names and types of what `read_tables` yields; text columns of text formats are marked."""
        ...

    def read_column(self, name: str) -> Iterator[pa.Table]:
        """Yield the column as tables of one column, in order; memory is bounded.

        Raises DataError when a file has no such column and SourceError when it cannot be read.
        """
        ...

    def read_tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows as tables of one schema, those of `columns` that are there; memory is bounded.

        Raises SourceError when a file cannot be read.
        """
        ...
