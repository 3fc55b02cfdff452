"""What a history inherits from the one before: scores of windows judged against the former reference.

They say how much a column moves by itself, and how high ordinary windows score, until there are enough
windows that were judged against the present reference.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from driftwatch.calibration.calibration import Scored, count_history
from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.layout import Layout
from driftwatch.calibration.track import Track, count_missing
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.holds import hold_out, list_holds
from driftwatch.incidents.incident import Hold, IncidentKind, IncidentState
from driftwatch.jobs.reference import Watch
from driftwatch.profiles.window import Window
from driftwatch.store.incidents import list_incidents
from driftwatch.store.score_codec import StoredScores, decode_scores
from driftwatch.store.scores import list_scores

__all__ = ["SET_ASIDE", "load_inherited", "map_columns", "read_scored"]

SET_ASIDE = "set aside"
"""Marks the scores of a window that is no part of the null."""

_AXES = frozenset({IncidentKind.DRIFT, IncidentKind.DATA})


def load_inherited(
    tx: sa.Connection, watch: Watch, track: Track, judged: Collection[Window], before: Window
) -> tuple[Scored, ...]:
    """Return the newest windows of the former history that the present one counts too, oldest first.

    Parameters
    ----------
    watch, track
        The monitor, and its reference made ready.
    judged
        The windows that the present history has judged itself. These, and the reference's, count once.
    before
        The window that is to be judged: none from it on counts.
    """
    missing = count_missing(track, len(judged))
    if watch.row.inherits is None or missing == 0:
        return ()
    layout, known = track.baseline.layout, {*judged, *track.baseline.inside}
    newest, former = count_history(track.budget), watch.row.inherits
    found = []
    for row in list_scores(tx, watch.row, before=before.start, newest=newest, history=former):
        scores = decode_scores(row.document, what=f"{watch.monitor.id}: scores of {row.window}")
        if scores.scheme != SET_ASIDE and row.window not in known:
            found.append(read_scored(layout, row.window, scores))
    return tuple(hold_out(layout, found[-missing:], _list_former_holds(tx, watch)))


def _list_former_holds(tx: sa.Connection, watch: Watch) -> list[Hold]:
    """Return what the former history held out of the null when it ended."""
    holds: list[Hold] = []
    for row in list_incidents(tx, include_resolved=True, monitor=watch.row):
        if row.history != watch.row.inherits:
            continue
        incident = decode_incident(dict(row.document), id=row.id)
        if incident.kind not in _AXES:
            continue
        ended_at, began_at = incident.resolved_at, watch.row.first_started_at
        if ended_at is not None and ended_at >= began_at:
            # It never resolved: the history ended under it, and its columns had not come back.
            incident = replace(incident, state=IncidentState.OPEN)
        holds += list_holds(incident)
    return holds


def map_columns(layout: Layout, columns: Sequence[str]) -> NDArray[np.int64]:
    """Return, for each column of the layout, its place among stored `columns`; −1 where it has none."""
    place = {name: number for number, name in enumerate(columns)}
    return np.array([place.get(name, -1) for name in layout.columns], dtype=np.int64)


def read_scored(layout: Layout, window: Window, scores: StoredScores) -> Scored:
    """Return the stored scores of a window in the order of `layout`; columns it had not are not measured."""
    short, long = scores.short[0], scores.long[0]
    if scores.columns != layout.columns:
        count, places = len(scores.columns), map_columns(layout, scores.columns)
        by_column = [np.where(places >= 0, places + at * count, -1) for at in range(3)]
        order = np.concatenate([*by_column, np.array([3 * count, 3 * count + 1])])
        short, long = _reorder(short, order), _reorder(long, order)
    return Scored(window=window, short=short, long=long, held=np.zeros(len(layout.parts), dtype=bool))


def _reorder(evidence: Evidence, order: NDArray[np.int64]) -> Evidence:
    return Evidence(
        distance=np.where(order >= 0, evidence.distance[order], np.nan),
        chance=np.where(order >= 0, evidence.chance[order], np.nan),
    )
