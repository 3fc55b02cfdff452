"""A source whose windows are given by hand: as rows, or as the error that reading them raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import pyarrow as pa

from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request, Sample

__all__ = ["FakeSource", "Found"]

Found: TypeAlias = "pa.Table | BaseException"
"""What reading a window gives: its rows, or what is raised."""


class FakeSource:
    """Reads what is in `rows`; a window that is not there has none.

    Like a real source it reads lazily, in ascending order, and stops at the first error. `requests` are
    those that were begun, `reads` says how often each window was read. `before` is called with each window
    before it is read. Rows come in chunks of at most `chunk_rows`.
    """

    def __init__(
        self, rows: Mapping[Window, Found] | None = None, *, name: str = "fake", chunk_rows: int | None = None
    ) -> None:
        self.rows = dict(rows or {})
        self.name = name
        self.requests: list[Request] = []
        self.reads: Counter[Window] = Counter()
        self.before: Callable[[Window], None] | None = None
        self._chunk_rows = chunk_rows

    def __repr__(self) -> str:
        return f"FakeSource({self.name!r})"

    def read(self, request: Request) -> Iterator[tuple[Window, pa.Table]]:
        """Yield the chunks of each wanted window; raise what stands in the place of rows."""
        assert list(request.windows) == sorted(set(request.windows)), "windows ascend, each once"
        self.requests.append(request)
        for window in request.windows:
            if self.before is not None:
                self.before(window)
            self.reads[window] += 1
            found = self.rows.get(window)
            if isinstance(found, BaseException):
                raise found
            yield from ((window, chunk) for chunk in self._cut(pa.table({}) if found is None else found))

    def _cut(self, table: pa.Table) -> Iterator[pa.Table]:
        size = self._chunk_rows or table.num_rows
        if table.num_rows == 0:
            yield table
        for at in range(0, table.num_rows, size or 1):
            yield table.slice(at, size)

    def look(self, options: ColumnOptions, monitor: str) -> Sample:  # noqa: ARG002 - part of the contract
        """Return the rows of the first window that has any."""
        tables = (self.rows[window] for window in sorted(self.rows))
        return Sample(rows=next((found for found in tables if isinstance(found, pa.Table)), pa.table({})))
