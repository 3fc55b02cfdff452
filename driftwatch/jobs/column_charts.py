"""The pictures of one column, from what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from driftwatch.charts.both_sides import draw_bins, draw_categories, draw_curves
from driftwatch.charts.measuring import list_bins, list_categories, measure_curves
from driftwatch.charts.over_time import draw_shares, draw_statistic
from driftwatch.charts.values import Chart, Mark, MeasuredPoint, SharePoint
from driftwatch.incidents.column_limits import find_limit
from driftwatch.incidents.explaining import Allowed
from driftwatch.jobs.column_evidence import ColumnEvidence
from driftwatch.profiles.counts import Counts
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.one_column import Measured
from driftwatch.store.verdicts import VerdictRow

__all__ = ["draw_over_time", "draw_sides", "list_shares"]

_OVER_TIME: Final = ("moved_share", "ks", "psi")
_SHARES: Final = {"missing": "missing_share", "unseen": "unseen_share", "outside": "range_share"}


def draw_sides(reference: Counts, current: Counts) -> list[Chart]:
    """Return the reference against the current rows: curves of numbers, changes of names, bins of either."""
    charts = []
    curves = measure_curves(reference, current)
    if curves is not None:
        charts.append(draw_curves(curves))
    categories = list_categories(reference, current)
    if categories and reference.values and current.values:
        charts.append(draw_categories(categories))
    bins = list_bins(reference, current)
    if bins and reference.values and current.values:
        charts.append(draw_bins(bins, sum(one.contribution for one in bins)))
    return charts


def draw_over_time(found: ColumnEvidence, allowed: Allowed, marks: Sequence[Mark]) -> list[Chart]:
    """Return the statistics of a column over time, each against its limit, and the shares of its rows."""
    column = found.column
    charts = [
        draw_statistic(
            name,
            _list_points(found, name),
            find_limit(allowed, column.name, name, is_derived=column.is_derived),
            marks,
        )
        for name in _OVER_TIME
        if any(name in one for one in found.measured.values())
    ]
    return [*charts, draw_shares(list_shares(found.windows, found.measured), marks)]


def _list_points(found: ColumnEvidence, name: str) -> list[MeasuredPoint]:
    return [
        MeasuredPoint(window=row.window, value=_get(found.measured.get(row.window.start, {}).get(name)))
        for row in found.windows
    ]


def list_shares(windows: Sequence[VerdictRow], measured: Measured) -> list[SharePoint]:
    """Return the shares of a column's rows that are unlike those of the reference, window by window."""
    return [
        SharePoint(
            window=row.window,
            **{field: _get(measured.get(row.window.start, {}).get(name)) for field, name in _SHARES.items()},
        )
        for row in windows
    ]


def _get(statistic: Statistic | None) -> float | None:
    return None if statistic is None else statistic.value
