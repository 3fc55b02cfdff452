"""Windows and requests for tests of sources, and the rows of each window by a plain filter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.times import TimeColumn
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request

__all__ = ["START", "ask", "collect", "make_windows"]

START = datetime(2013, 1, 1, tzinfo=UTC)


def make_windows(
    count: int, length: timedelta = timedelta(days=1), start: datetime = START
) -> tuple[Window, ...]:
    """Return `count` windows in a row."""
    return tuple(Window(start=start + n * length, end=start + (n + 1) * length) for n in range(count))


def ask(
    windows: Sequence[Window],
    *time: str,
    timezone: str = "UTC",
    columns: tuple[str, ...] | None = None,
    format: str | None = None,  # noqa: A002 - the word of the setting
) -> Request:
    """Return a request of monitor m for `windows` by the columns `time`."""
    column = TimeColumn(columns=time, format=format) if time else None
    options = ColumnOptions(time=column, timezone=timezone)
    return Request(monitor="m", windows=tuple(windows), options=options, columns=columns)


def collect(chunks: Iterable[tuple[Window, pa.Table]]) -> dict[Window, list[dict[str, Any]]]:
    """Return the rows of each window, and check that windows come in ascending order."""
    found: dict[Window, list[dict[str, Any]]] = {}
    for window, table in chunks:
        assert not found or window >= max(found), "windows come in ascending order"
        found.setdefault(window, []).extend(table.to_pylist())
    return found
