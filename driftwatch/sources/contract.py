"""What a source answers: the rows of these windows, in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.window import Window

__all__ = ["Request", "Sample", "Source", "name_asker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Which rows are wanted.

    `windows` are disjoint and in ascending order. `monitor` names who asks, for error messages and query
    comments. `options` say which columns hold the time. `columns` names the columns to read, None for all;
    a source leaves out those that are not there.
    """

    monitor: str
    windows: tuple[Window, ...]
    options: ColumnOptions
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a source says when it is looked at: its columns, and a few rows of them."""

    rows: pa.Table


class Source(Protocol):
    """Where production batches come from. Frozen; its fields are its settings."""

    def read(self, request: Request) -> Iterator[tuple[Window, pa.Table]]:
        """Yield (window, rows) chunks, windows in ascending order; each wanted window at least once.

        A window without rows comes once, with a table of no rows. Raises SourceError when the rows cannot
        be read and DataError when they cannot be used; both name monitor and window.
        """
        ...

    def look(self, options: ColumnOptions, monitor: str) -> Sample:
        """Return a few rows. Raises SourceError when the source cannot be reached."""
        ...


def name_asker(monitor: str, *windows: Window) -> str:
    """Return who asks for which time, as the words every message of a source begins with.

    >>> name_asker("flights")
    "monitor 'flights'"
    """
    if not windows:
        return f"monitor {monitor!r}"
    if len(windows) == 1:
        return f"monitor {monitor!r}, window {windows[0]}"
    first, last = str(windows[0]).partition("/")[0], str(windows[-1]).rpartition("/")[2]
    return f"monitor {monitor!r}, {len(windows)} windows {first}/{last}"
