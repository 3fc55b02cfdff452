"""What is known of one column of a monitor: both sides of a window, and what was measured over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.database import Database
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.one_column import (
    StoredColumn,
    list_statistics,
    list_stored_columns,
    load_column_reference,
    load_column_window,
)
from driftwatch.store.verdicts import Grain, VerdictRow, list_verdicts

__all__ = ["SHOWN_WINDOWS", "ColumnEvidence", "ColumnShelf", "read_column"]

SHOWN_WINDOWS: Final = 50
"""How many windows a picture over time shows."""

_REMEMBERED: Final = 16
_LATER: Final = 15


class ColumnShelf:
    """Keeps the last few columns of references that were looked at: they are pinned, and slow to read."""

    def __init__(self, find_database: Callable[[], Database]) -> None:
        self._find_database = find_database
        self._load = lru_cache(maxsize=_REMEMBERED)(self._read)

    def find(self, row: MonitorRow, version: int, column: StoredColumn) -> Counts:
        """Return a column of a version of a monitor's reference, all blocks together."""
        return self._load(row, version, column)

    def _read(self, row: MonitorRow, version: int, column: StoredColumn) -> Counts:
        return self._find_database().read(lambda tx: load_column_reference(tx, row, version, column))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnEvidence:
    """A column in one window, `shown`, and over the `windows` around it, oldest first.

    `columns` are those of the reference that judged the window. `current` is None where the window's counts
    of the column are not kept any more, or it has none. `measured` is by the start of the windows.
    """

    column: StoredColumn
    columns: Sequence[StoredColumn]
    version: int
    shown: VerdictRow
    windows: Sequence[VerdictRow]
    reference: Counts
    current: Counts | None
    measured: Mapping[datetime, Mapping[str, Statistic]]

    @property
    def compared(self) -> list[VerdictRow]:
        """Return the windows that were compared with a reference, oldest first."""
        return _list_compared(self.windows)

    @property
    def statistics(self) -> Mapping[str, Statistic]:
        """Return what was measured in the window that is shown, by name."""
        return self.measured.get(self.shown.window.start, {})

    @property
    def previous(self) -> StoredColumn | None:
        """Return the column before this one, None for the first."""
        at = self.columns.index(self.column)
        return self.columns[at - 1] if at else None

    @property
    def following(self) -> StoredColumn | None:
        """Return the column after this one, None for the last."""
        at = self.columns.index(self.column)
        return self.columns[at + 1] if at + 1 < len(self.columns) else None

    @property
    def kept(self) -> str:
        """Return what is to be known of the window's counts, empty where they are as they were counted."""
        if self.shown.grain is Grain.COARSE:
            return (
                "This window is old: its counts were made coarser to save room. What lies between two coarse "
                "values stands in one place, so that pictures have steps, and KS is a little less."
            )
        if self.shown.grain is Grain.GONE:
            return (
                "This window is old: its counts are kept no longer. What was measured is; the two sides "
                "cannot be drawn any more."
            )
        return "" if self.current is not None else "This window has no counts of the column."


def read_column(
    database: Database, shelf: ColumnShelf, row: MonitorRow, name: str, window: Window | None = None
) -> ColumnEvidence:
    """Return what is known of a column in a window, or in the latest one that was compared.

    Raises UsageError where there is no such column, or the window was not compared.
    """

    def read(tx: sa.Connection) -> tuple[VerdictRow, list[StoredColumn], list[VerdictRow]]:
        windows = _list_around(tx, row, window)
        shown = _choose_shown(row, windows, window)
        version = shown.judgement.reference_version or 0
        return shown, list_stored_columns(tx, row, version), windows

    shown, columns, windows = database.read(read)
    column = next((one for one in columns if one.name == name), None)
    if column is None:
        raise UsageError(f"{row.key} judges no column {name!r}")
    version = shown.judgement.reference_version or 0
    reference = shelf.find(row, version, column)
    first, last = windows[0].window.start, windows[-1].window.start
    found = database.read(lambda tx: list_statistics(tx, row, [name], first, last))
    return ColumnEvidence(
        column=column,
        columns=columns,
        version=version,
        shown=shown,
        windows=windows,
        reference=reference,
        current=_load_current(database, row, shown, name, reference),
        measured=found.get(name, {}),
    )


def _list_around(tx: sa.Connection, row: MonitorRow, window: Window | None) -> list[VerdictRow]:
    """Return the latest windows, or those around a window of which at least a few are later."""
    newest = list_verdicts(tx, row, newest=SHOWN_WINDOWS)
    if window is None or not newest or newest[0].window.start <= window.start:
        return newest
    end = window.end + _LATER * window.length
    return list_verdicts(tx, row, end=end, newest=SHOWN_WINDOWS)


def _list_compared(windows: Sequence[VerdictRow]) -> list[VerdictRow]:
    return [one for one in windows if one.verdict.word in JUDGED_WORDS and one.judgement.reference_version]


def _choose_shown(row: MonitorRow, windows: Sequence[VerdictRow], window: Window | None) -> VerdictRow:
    compared = _list_compared(windows)
    if window is None:
        if not compared:
            raise UsageError(f"no window of {row.key} was compared with its reference yet")
        return compared[-1]
    for one in compared:
        if one.window == window:
            return one
    raise UsageError(f"the window of {row.key} at {window.start:%Y-%m-%d %H:%M} UTC was not compared")


def _load_current(
    database: Database, row: MonitorRow, shown: VerdictRow, name: str, reference: Counts
) -> Counts | None:
    if shown.grain is Grain.GONE:
        return None
    return database.read(lambda tx: load_column_window(tx, row, shown.window, name, reference.grid))
