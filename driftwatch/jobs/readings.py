"""The readings of windows that were judged, from the store: their scores, and what their limits rest on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from driftwatch.calibration.calibration import Calibration, Scored
from driftwatch.calibration.layout import Layout
from driftwatch.incidents.readings import Reading, read_scales
from driftwatch.jobs.beside import name_span
from driftwatch.jobs.companion import find_scored
from driftwatch.jobs.inheritance import SET_ASIDE, read_scored
from driftwatch.jobs.reference import Watch, build_watch
from driftwatch.jobs.tracks import open_track
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.references import load_reference
from driftwatch.store.score_codec import decode_calibration, decode_scores
from driftwatch.store.scores import ScoreRow, list_scores, load_calibration
from driftwatch.store.verdicts import VerdictRow

__all__ = ["is_special", "read_window"]


def read_window(database: Database, watch: Watch, row: VerdictRow) -> Reading | None:
    """Return what a window scored; None where it was not scored, or what it was scored by is gone.

    Where a rolling reference judges beside the pinned one, it is the reading of the one that the verdict has
    its score from.
    """
    judged_by = _find_watch(database, watch, row.judgement.reference_version)
    if judged_by is None:
        return None
    pinned = _read_window(database, judged_by, row)
    if pinned is None or pinned.shows_score:
        return pinned
    companion = find_scored(database, judged_by, row.window)
    if companion is None:
        return None if watch.monitor.reference.beside else pinned
    rolling = _read_window(database, companion, row)
    if rolling is None or not rolling.shows_score:
        return None
    return replace(rolling, beside=name_span(companion))


def _read_window(database: Database, judged_by: Watch, row: VerdictRow) -> Reading | None:
    budget, track = judged_by.monitor.judging.budget, open_track(database, judged_by, row.window, keeps=False)
    if budget is None or track is None:
        return None
    layout = track.baseline.layout
    scored = database.read(lambda tx: _load_scored(tx, judged_by, layout, row.window))
    calibration = database.read(lambda tx: _load_calibration(tx, judged_by, layout, row.window))
    if scored is None or calibration is None:
        return None
    return read_scales(track.baseline, calibration, (scored.short, scored.long), row.verdict, budget)


def is_special(tx: sa.Connection, watch: Watch, window: Window) -> bool:
    """Return whether a window was judged as a special day, which is no part of the null."""
    row = _find_scores(tx, watch, window)
    return row is not None and decode_scores(row.document, what=_name(watch, window)).scheme == SET_ASIDE


def _find_watch(database: Database, watch: Watch, version: int | None) -> Watch | None:
    """Return the monitor with the version of its reference that a window was judged by."""
    if version is None or version == watch.reference.version:
        return watch
    reference = database.read(lambda tx: load_reference(tx, watch.row, version))
    return None if reference is None else build_watch(watch.monitor, watch.row, reference)


def _find_scores(tx: sa.Connection, watch: Watch, window: Window) -> ScoreRow | None:
    before = window.start + datetime.resolution
    rows = list_scores(tx, watch.row, before=before, newest=1)
    return next((row for row in rows if row.window == window), None)


def _load_scored(tx: sa.Connection, watch: Watch, layout: Layout, window: Window) -> Scored | None:
    row = _find_scores(tx, watch, window)
    if row is None:
        return None
    return read_scored(layout, window, decode_scores(row.document, what=_name(watch, window)))


def _load_calibration(tx: sa.Connection, watch: Watch, layout: Layout, window: Window) -> Calibration | None:
    kept = load_calibration(tx, watch.row, window, watch.reference.version)
    if kept is None:
        return None
    start, document = kept
    what = f"{watch.monitor.id}: the calibration kept at {start}"
    return decode_calibration(document, layout.columns, what=what)


def _name(watch: Watch, window: Window) -> str:
    return f"{watch.monitor.id}: scores of {window}"
