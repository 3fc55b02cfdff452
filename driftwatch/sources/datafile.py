"""What every file of rows can do, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Protocol

import pyarrow as pa

from driftwatch.profiles.times import TimeColumn

__all__ = ["DataFile", "Format", "TimeRange", "Wanted", "want_all"]

Format = Literal["auto", "csv", "jsonl", "parquet"]
TimeRange = tuple[int, int]
"""The least and the greatest event time, in microseconds since 1970 UTC."""
Wanted = Callable[[int], bool]
"""Says, just before a piece of a file is read, whether its rows are wanted."""


def want_all(_piece: int) -> bool:
    """Return True: every piece is wanted."""
    return True


class DataFile(Protocol):
    """One file of rows. Every method may be called by several threads at once.

    `by_column` says whether a column can be read without the others; where it is False, read them together.
    A piece is a part of the file that can be read alone: a row group, a block of text. Pieces are numbered
    from 0 in the order of the file, and the same from one reading to the next.
    """

    @property
    def path(self) -> str:
        """Where the file is."""
        ...

    @property
    def by_column(self) -> bool:
        """Whether one column is read without reading the others."""
        ...

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in the order of the file; no name comes twice."""
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
        """Yield the column as tables of one column, in the order of the file; memory is bounded.

        Raises DataError when there is no such column and SourceError when the file cannot be read.
        """
        ...

    def read_tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows as tables of one schema, those of `columns` that are there; memory is bounded.

        Raises SourceError when the file cannot be read.
        """
        ...

    def read_pieces(
        self, columns: Sequence[str] | None, wanted: Wanted = want_all
    ) -> Iterator[tuple[int, pa.Table]]:
        """Yield (piece, rows) as `read_tables` does, only of wanted pieces; one piece may come in parts.

        Column types may differ from piece to piece where the format has no schema.
        """
        ...

    def bound_pieces(self, time: TimeColumn, timezone: str) -> list[TimeRange | None] | None:
        """Return between which times the rows of each piece lie, as far as the file says so itself.

        None in place of a range stands for not known; None altogether, for nothing known of any piece.
        """
        ...
