"""The pictures of an incident: what changed most in it, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa

from driftwatch.charts.both_sides import draw_categories, draw_curves
from driftwatch.charts.measuring import list_categories, measure_curves
from driftwatch.charts.over_time import draw_shares
from driftwatch.charts.values import Chart, Mark
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.finding import FindingKind
from driftwatch.incidents.incident import Incident, IncidentKind, Member, rank_members
from driftwatch.jobs.column_charts import list_shares
from driftwatch.jobs.column_evidence import ColumnShelf
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.incidents import find_incident
from driftwatch.store.monitors import MonitorRow, find_monitor
from driftwatch.store.one_column import (
    StoredColumn,
    list_statistics,
    list_stored_columns,
    load_column_window,
)
from driftwatch.store.verdicts import Grain, VerdictRow, list_verdicts

__all__ = ["MOST_PICTURES", "ColumnPicture", "draw_incident"]

MOST_PICTURES: Final = 5
"""How many columns of an incident are drawn."""

_DRAWN: Final = frozenset({IncidentKind.DRIFT, IncidentKind.DATA})
_RATES: Final = frozenset({FindingKind.MISSING.value, FindingKind.UNSEEN.value, FindingKind.RANGE.value})
_WINDOWS: Final = 30
_STEPS, _NAMES = 40, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPicture:
    """A picture of a column that takes part in an incident, in the last window that shows it."""

    column: str
    window: Window
    chart: Chart


def draw_incident(
    database: Database, shelf: ColumnShelf, number: int, *, most: int = MOST_PICTURES
) -> list[ColumnPicture]:
    """Return pictures of the columns of an incident that changed most, the greatest change first.

    Columns whose counts are no longer kept are left out, and so is what is no column's; there is no picture
    where there is no such incident. Raises StoreError where the stored bytes are damaged.
    """
    found = database.read(lambda tx: _find(tx, number))
    if found is None or found[1].kind not in _DRAWN:
        return []
    row, incident = found
    window = incident.last_window

    def read(tx: sa.Connection) -> tuple[list[VerdictRow], list[StoredColumn]]:
        windows = list_verdicts(tx, row, end=window.end, newest=_WINDOWS)
        version = windows[-1].judgement.reference_version if windows else None
        return windows, [] if version is None else list_stored_columns(tx, row, version)

    windows, columns = database.read(read)
    if not windows or windows[-1].window != window:
        return []
    known = {one.name: one for one in columns}
    members = [one for one in rank_members(incident.members) if one.column in known][:most]
    scene = _Scene(database=database, shelf=shelf, row=row, windows=windows)
    drawn = ((one, scene.draw(one, known[one.column or ""])) for one in members)
    return [
        ColumnPicture(column=one.column or "", window=window, chart=_name(chart, place))
        for place, (one, chart) in enumerate(drawn)
        if chart is not None
    ]


def _find(tx: sa.Connection, number: int) -> tuple[MonitorRow, Incident] | None:
    """Return an incident, and its monitor in the history that it belongs to."""
    stored = find_incident(tx, number)
    row = None if stored is None else find_monitor(tx, stored.monitor_key)
    if stored is None or row is None:
        return None
    return replace(row, history=stored.history), decode_incident(dict(stored.document), id=stored.id)


def _name(chart: Chart, place: int) -> Chart:
    return replace(chart, name=f"member-{place + 1}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scene:
    """The windows up to the last one that shows an incident, and where their counts are."""

    database: Database
    shelf: ColumnShelf
    row: MonitorRow
    windows: Sequence[VerdictRow]

    def draw(self, member: Member, column: StoredColumn) -> Chart | None:
        """Return what a member shows: its rates over time, or both sides in the last window."""
        if member.about in _RATES:
            return self._draw_rates(member, column)
        last = self.windows[-1]
        if last.grain is Grain.GONE:
            return None
        reference = self.shelf.find(self.row, last.judgement.reference_version or 0, column)
        current = self.database.read(
            lambda tx: load_column_window(tx, self.row, last.window, column.name, reference.grid)
        )
        return None if current is None else _draw_sides(reference, current)

    def _draw_rates(self, member: Member, column: StoredColumn) -> Chart:
        first, last = self.windows[0].window, self.windows[-1].window
        found = self.database.read(
            lambda tx: list_statistics(tx, self.row, [column.name], first.start, last.start)
        )
        began = Mark(at=member.since, until=last.end, kind="incident", words=member.text)
        return draw_shares(list_shares(self.windows, found.get(column.name, {})), [began])


def _draw_sides(reference: Counts, current: Counts) -> Chart | None:
    curves = measure_curves(reference, current, most=_STEPS)
    if curves is not None:
        return draw_curves(curves)
    categories = list_categories(reference, current, most=_NAMES)
    return draw_categories(categories) if categories and reference.values and current.values else None
