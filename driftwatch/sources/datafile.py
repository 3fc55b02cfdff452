"""What every file of rows can do, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Protocol

import pyarrow as pa

from driftwatch.profiles.times import TimeColumn
from driftwatch.sources.readable import Readable

__all__ = ["DataFile", "Format", "TimeRange", "Wanted", "want_all"]

Format = Literal["auto", "csv", "jsonl", "parquet"]
TimeRange = tuple[int, int]
"""The least and the greatest event time, in microseconds since 1970 UTC."""
Wanted = Callable[[int], bool]
"""Says, just before a piece of a file is read, whether its rows are wanted."""


def want_all(_piece: int) -> bool:
    """Return True: every piece is wanted."""
    return True


class DataFile(Readable, Protocol):
    """One file of rows. Every method may be called by several threads at once.

    A piece is a part of the file that can be read alone: a row group, a block of text. Pieces are numbered
    from 0 in the order of the file, and the same from one reading to the next.
    """

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
