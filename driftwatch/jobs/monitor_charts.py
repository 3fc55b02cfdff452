"""The pictures of a monitor as a whole: its scores, its columns over time, and which of them matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from driftwatch.charts.many_columns import draw_heat, draw_quadrants
from driftwatch.charts.over_time import draw_scores
from driftwatch.charts.values import Cells, Chart, Mark, Placed, ScorePoint
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.finding import Finding
from driftwatch.incidents.rules import DEFAULT_MINIMUM_EFFECT
from driftwatch.jobs.marks import list_marks
from driftwatch.jobs.monitor import Monitor
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.one_column import list_statistics
from driftwatch.store.verdicts import VerdictRow

__all__ = ["History", "draw_monitor", "read_history"]

_MOVED: Final = "moved_share"
_MOST_CELLS: Final = 1_200
_MOST_COLUMNS: Final = 24
_MOST_PLACED: Final = 60

Latest = Mapping[str, Mapping[str, Statistic]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """The latest windows of a monitor, oldest first, and what happened meanwhile.

    `cells` are the columns that matter most, over `compared`, the windows that were compared; `left_out`
    columns have less than these. `latest` is what was measured in the last of them.
    """

    windows: Sequence[VerdictRow]
    compared: Sequence[VerdictRow]
    cells: Sequence[Cells]
    left_out: int
    latest: Latest
    marks: Sequence[Mark]


def read_history(
    tx: sa.Connection, monitor: Monitor, row: MonitorRow, windows: Sequence[VerdictRow], latest: Latest
) -> History:
    """Return what the pictures of a monitor are drawn from; `latest` is of the last compared window."""
    compared = [one for one in windows if one.verdict.word in JUDGED_WORDS]
    ranked = _rank(monitor, compared, latest)
    shown = ranked[:_MOST_COLUMNS]
    # The fewer columns, the more windows there is room for.
    compared = compared[-max(1, _MOST_CELLS // max(1, len(shown))) :]
    cells = _build_cells(tx, monitor, row, shown, compared) if compared and shown else []
    span = Window(start=windows[0].window.start, end=windows[-1].window.end) if windows else None
    return History(
        windows=windows,
        compared=compared,
        cells=cells,
        left_out=len(ranked) - len(shown),
        latest=latest,
        marks=list_marks(tx, monitor, row, span) if span else [],
    )


def _rank(monitor: Monitor, compared: Sequence[VerdictRow], latest: Latest) -> list[str]:
    """Return the columns by how far they moved, in the last window or where it was found, and matter."""
    moved = {name: _get(measured) or 0.0 for name, measured in latest.items()}
    for row in compared:
        for one in row.verdict.findings:
            if one.column in moved:
                moved[one.column] = max(moved[one.column], one.moved_share or 0.0)
    return sorted(moved, key=lambda name: (-moved[name] * _weigh(monitor, name), name))


def _build_cells(
    tx: sa.Connection,
    monitor: Monitor,
    row: MonitorRow,
    names: Sequence[str],
    compared: Sequence[VerdictRow],
) -> list[Cells]:
    first, last = compared[0].window.start, compared[-1].window.start
    measured = list_statistics(tx, row, names, first, last)
    return [
        Cells(
            column=name,
            importance=_weigh(monitor, name),
            shares=[_get(measured.get(name, {}).get(one.window.start, {})) for one in compared],
            found=[_say_found(one.verdict.findings, name) for one in compared],
        )
        for name in names
    ]


def draw_monitor(monitor: Monitor, found: History) -> list[Chart]:
    """Return the pictures of a monitor: those that show nothing are left out."""
    charts = []
    if any(one.verdict.score is not None for one in found.windows):
        points = [
            ScorePoint(
                window=one.window,
                word=one.verdict.word.value,
                score=one.verdict.score,
                limit=one.verdict.limit,
            )
            for one in found.windows
        ]
        charts.append(draw_scores(points, found.marks))
    if found.cells:
        windows = [one.window for one in found.compared]
        charts.append(draw_heat(found.cells, windows, left_out=found.left_out))
    placed = _place(monitor, found.latest)
    if len({one.importance for one in placed}) > 1:
        limit = monitor.judging.minimum_effect
        charts.append(draw_quadrants(placed, DEFAULT_MINIMUM_EFFECT if limit is None else limit))
    return charts


def _place(monitor: Monitor, latest: Latest) -> list[Placed]:
    """Return the columns of the last window that weigh most, by their importance and how far they moved."""
    placed = [
        Placed(column=name, importance=_weigh(monitor, name), moved=moved)
        for name, measured in latest.items()
        if (moved := _get(measured)) is not None
    ]
    return sorted(placed, key=lambda one: (-one.importance * one.moved, -one.importance, one.column))[
        :_MOST_PLACED
    ]


def _weigh(monitor: Monitor, column: str) -> float:
    return monitor.policy.importance.get(column, 1.0)


def _get(measured: Mapping[str, Statistic]) -> float | None:
    return measured[_MOVED].value if _MOVED in measured else None


def _say_found(findings: Sequence[Finding], column: str) -> str:
    words = dict.fromkeys(one.kind.value for one in findings if one.column == column and not one.minor)
    return ", ".join(words)
