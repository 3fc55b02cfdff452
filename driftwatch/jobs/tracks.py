"""The track of a monitor, built again from what the store remembers, and kept as windows are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import add
from weakref import WeakKeyDictionary

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from driftwatch.calibration.baseline import Baseline, BlockEvidence, Settings, build_baseline, measure_blocks
from driftwatch.calibration.budget import Budget
from driftwatch.calibration.calibration import count_history
from driftwatch.calibration.layout import Layout
from driftwatch.calibration.seasons import Scheme
from driftwatch.calibration.special_days import find_special_day
from driftwatch.calibration.tally import Tally, pack_tally, tally_profile
from driftwatch.calibration.track import (
    Recent,
    Track,
    Waiting,
    add_thin,
    add_window,
    begin_track,
    find_cycle,
    fold_parts,
    is_outdated,
    measure_window,
    recalibrate,
    weigh_window,
)
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.finding import VerdictWord
from driftwatch.incidents.holds import hold_out, list_holds
from driftwatch.incidents.incident import Hold, IncidentKind
from driftwatch.incidents.rules import DEFAULT_MINIMUM_EFFECT
from driftwatch.incidents.weighed import Weighing
from driftwatch.jobs.inheritance import SET_ASIDE, load_inherited, map_columns, read_scored
from driftwatch.jobs.reference import Watch
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.evidence import load_profile
from driftwatch.store.incidents import list_incidents, open_incidents
from driftwatch.store.score_codec import (
    StoredScores,
    decode_calibration,
    decode_scores,
    encode_calibration,
    encode_scores,
)
from driftwatch.store.scores import (
    Ledger,
    ScoreRow,
    keep_block_scores,
    list_scores,
    load_block_scores,
    load_calibration,
    read_ledger,
    record_calibration,
    record_scores,
    write_ledger,
)
from driftwatch.store.verdicts import list_verdicts

__all__ = ["Paced", "keep_paced", "keep_thin", "load_history", "open_track", "pace_window", "read_holds"]

_Built = dict[tuple[Settings, Scheme | None], Baseline]
_BASELINES: WeakKeyDictionary[Reference, _Built] = WeakKeyDictionary()

_AXES = frozenset({IncidentKind.DRIFT, IncidentKind.DATA})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paced:
    """A window on its monitor's track: the track before it, and how it was weighed.

    `is_fresh` says that the calibration was made for this window and is to be kept.
    """

    track: Track
    weighing: Weighing
    is_fresh: bool


def open_track(database: Database, watch: Watch, before: Window, *, keeps: bool = True) -> Track | None:
    """Return where the monitor stands before a window; None where it has no false-alarm budget.

    `keeps` is False for who only looks: blocks that were measured for it are not kept.
    """
    budget = watch.monitor.judging.budget
    if budget is None:
        return None
    baseline, blocks = _prepare(database, watch, budget, keeps=keeps)
    ordinary = [block for block in blocks if not _is_special(watch, block.window)]
    return database.read(lambda tx: _load(tx, watch, before, begin_track(baseline, ordinary, budget)))


def _is_special(watch: Watch, window: Window) -> bool:
    monitor = watch.monitor
    return find_special_day(window, monitor.special_days, monitor.timezone) is not None


def pace_window(
    database: Database, watch: Watch, track: Track, window: Window, profile: Profile, joined: Profile
) -> Paced:
    """Return a window of at least one row weighed on the track, calibrated anew where it is time.

    `joined` has the counts of thin windows before it too.
    """
    is_fresh = is_outdated(track, window)
    if is_fresh:
        track = _recalibrate(database, watch, track, window)
    if track.calibration is None:
        raise RuntimeError("a track has a calibration once it was calibrated")
    measured = measure_window(track, window, profile, joined)
    weighing = Weighing(
        baseline=track.baseline,
        calibration=track.calibration,
        measured=measured,
        weighed=weigh_window(track, measured),
        bases=database.read(lambda tx: _load_bases(tx, watch, track, window)),
    )
    return Paced(track=track, weighing=weighing, is_fresh=is_fresh)


def _recalibrate(database: Database, watch: Watch, track: Track, window: Window) -> Track:
    """Return the track calibrated anew; the windows that the store has are not kept at hand."""
    holds = database.read(lambda tx: read_holds(tx, watch))
    whole = track if track.remembers else load_history(database, watch, track, window)
    made = recalibrate(whole, window, lambda past: hold_out(track.baseline.layout, past, holds))
    return made if track.remembers else replace(made, remembers=False, history=(), inherited=())


def keep_paced(
    tx: sa.Connection, watch: Watch, paced: Paced, *, counts: bool, in_turn: bool, paged: bool | None
) -> Track:
    """Keep what the window adds to the track, in the transaction that ends the window; return the track.

    `counts` is False for a window that is no part of the null, `in_turn` for one that was judged after a
    later one: it changes nothing of what is left of the promise. `paged` is as in `add_window`.
    """
    weighing, columns = paced.weighing, paced.track.baseline.layout.columns
    measured, window = weighing.measured, weighing.measured.window
    said = paged if in_turn else None
    after = add_window(paced.track, measured, weighing.weighed, counts=counts, paged=said)
    stored = StoredScores(
        columns=columns,
        short=(measured.short,),
        long=(measured.long,),
        told=fold_parts(paced.track, weighing.weighed.above_short)[np.newaxis],
        scheme=None if counts else SET_ASIDE,
    )
    record_scores(tx, watch.row, window, watch.reference.version, encode_scores(stored))
    _keep_calibration(tx, watch, paced)
    if in_turn:
        write_ledger(tx, watch.row, Ledger(level=after.level))
    return after


def keep_thin(tx: sa.Connection, watch: Watch, paced: Paced, profile: Profile) -> Track:
    """Keep what a window with too few rows adds to the track; return the track, on which it waits."""
    _keep_calibration(tx, watch, paced)
    return add_thin(paced.track, paced.weighing.measured.window, profile)


def _keep_calibration(tx: sa.Connection, watch: Watch, paced: Paced) -> None:
    if paced.is_fresh:
        document = encode_calibration(paced.weighing.calibration, paced.track.baseline.layout.columns)
        window, version = paced.weighing.measured.window, watch.reference.version
        record_calibration(tx, watch.row, window, version, document)


def _build(reference: Reference, settings: Settings, scheme: Scheme | None) -> Baseline:
    """Return the reference made ready; it is kept for as long as the reference is."""
    known = _BASELINES.setdefault(reference, {})
    if (settings, scheme) not in known:
        known[settings, scheme] = build_baseline(reference, settings, scheme=scheme)
    return known[settings, scheme]


def _prepare(
    database: Database, watch: Watch, budget: Budget, *, keeps: bool
) -> tuple[Baseline, Sequence[BlockEvidence]]:
    """Return the reference made ready, and its blocks against one another, measured once a version."""
    monitor, version = watch.monitor, watch.reference.version
    settings = Settings(
        timezone=monitor.timezone,
        cycle=budget.cycle,
        minimum_effect=monitor.judging.minimum_effect or DEFAULT_MINIMUM_EFFECT,
    )
    data = database.read(lambda tx: load_block_scores(tx, watch.row, version))
    stored = None if data is None else decode_scores(data, what=f"scores of reference version {version}")
    if stored is not None and stored.columns == tuple(watch.reference.grids):
        baseline = _build(watch.reference, settings, Scheme(stored.scheme or Scheme.OVERALL))
        return baseline, _read_blocks(baseline, stored)
    baseline = _build(watch.reference, settings, None)
    blocks = measure_blocks(baseline)
    if stored is None and keeps:
        document = encode_scores(_store_blocks(baseline, blocks))
        database.write(lambda tx: keep_block_scores(tx, watch.row, version, document))
    return baseline, blocks


def _store_blocks(baseline: Baseline, blocks: Sequence[BlockEvidence]) -> StoredScores:
    return StoredScores(
        columns=baseline.layout.columns,
        short=tuple(one.short for one in blocks),
        long=tuple(one.long for one in blocks),
        told=np.zeros((len(blocks), len(baseline.layout.columns)), dtype=bool),
        scheme=baseline.scheme.value,
    )


def _read_blocks(baseline: Baseline, stored: StoredScores) -> list[BlockEvidence]:
    found = zip(sorted(baseline.inside), stored.short, stored.long, strict=True)
    return [BlockEvidence(window=window, short=short, long=long) for window, short, long in found]


def _load(tx: sa.Connection, watch: Watch, before: Window, track: Track) -> Track:
    layout, budget = track.baseline.layout, track.budget
    since = before.end - (budget.cycle + 0.5) * budget.window
    judged = _decode(watch, list_scores(tx, watch.row, before=before.start, since=since))
    thin = _load_thin(tx, watch, since, before)
    ledger = read_ledger(tx, watch.row)
    last = judged[-1][0] if judged else None
    track = replace(
        track,
        remembers=False,
        recent=_load_recent(tx, watch, layout, judged, thin),
        waiting=tuple(one for one in thin if last is None or one.window > last),
        level=budget.level if ledger is None else min(ledger.level, budget.level),
    )
    return track if ledger is not None and ledger.outdated else _load_calibration(tx, watch, before, track)


def load_history(database: Database, watch: Watch, track: Track, before: Window) -> Track:
    """Return the track with the windows before one that a calibration is made of, which it remembers on."""

    def load(tx: sa.Connection) -> Track:
        rows = list_scores(tx, watch.row, before=before.start, newest=count_history(track.budget))
        layout, judged = track.baseline.layout, _decode(watch, rows)
        history = [read_scored(layout, window, one) for window, one in judged if one.scheme != SET_ASIDE]
        inherited = load_inherited(tx, watch, track, [one.window for one in history], before)
        return replace(track, remembers=True, history=tuple(history), inherited=inherited)

    return database.read(load)


def _decode(watch: Watch, rows: Sequence[ScoreRow]) -> list[tuple[Window, StoredScores]]:
    return [
        (row.window, decode_scores(row.document, what=f"{watch.monitor.id}: scores of {row.window}"))
        for row in rows
    ]


def _load_recent(
    tx: sa.Connection,
    watch: Watch,
    layout: Layout,
    judged: Sequence[tuple[Window, StoredScores]],
    thin: Sequence[Waiting],
) -> tuple[Recent, ...]:
    """Return the windows of the running cycle; a thin one was told where the next, judged with it, was."""
    told = {window: _read_told(layout, scores) for window, scores in judged}
    nothing = np.zeros(len(layout.columns), dtype=bool)
    profiles = [(window, _load_counts(tx, watch, window)) for window in told]
    for one in thin:
        joined_to = next((window for window, _ in judged if window > one.window), None)
        told[one.window] = nothing if joined_to is None else told[joined_to]
        profiles.append((one.window, one.profile))
    found = (
        Recent(window=window, tally=pack_tally(tally_profile(layout, profile)), told=told[window])
        for window, profile in profiles
        if profile is not None
    )
    return tuple(sorted(found, key=lambda one: one.window))


def _load_counts(tx: sa.Connection, watch: Watch, window: Window) -> Profile | None:
    return load_profile(tx, watch.origin.row, window, watch.origin.reference)


def _read_told(layout: Layout, scores: StoredScores) -> NDArray[np.bool_]:
    places = map_columns(layout, scores.columns)
    return np.where(places >= 0, scores.told[0][places], False)


def _load_thin(tx: sa.Connection, watch: Watch, since: datetime, before: Window) -> list[Waiting]:
    """Return the windows since a time that had too few rows to be judged."""
    rows = list_verdicts(tx, watch.origin.row, since, before.start)
    windows = [row.window for row in rows if row.verdict.word is VerdictWord.THIN]
    found = ((window, _load_counts(tx, watch, window)) for window in windows)
    return [Waiting(window=window, profile=profile) for window, profile in found if profile is not None]


def _load_calibration(tx: sa.Connection, watch: Watch, before: Window, track: Track) -> Track:
    kept = load_calibration(tx, watch.row, before, watch.reference.version)
    if kept is None:
        return track
    start, document = kept
    what = f"{watch.monitor.id}: the calibration kept at {start}"
    calibration = decode_calibration(document, track.baseline.layout.columns, what=what)
    return replace(track, calibration=calibration, calibrated_in=find_cycle(start, track.budget))


def _load_bases(tx: sa.Connection, watch: Watch, track: Track, window: Window) -> dict[str, Tally]:
    """Return, for each column of an open drift incident, the counts of its first windows in it.

    A column that has been in it for fewer windows than resolve one has none yet.
    """
    needed = watch.monitor.policy.resolve_after
    bases: dict[datetime, Tally | None] = {}
    found = {}
    for row in open_incidents(tx, watch.origin.row):
        incident = decode_incident(dict(row.document), id=row.id)
        for member in incident.members if incident.kind is IncidentKind.DRIFT and incident.is_open else ():
            start = member.base or member.since
            if start not in bases:
                bases[start] = _sum_first(tx, watch, track, start, window, needed)
            base = bases[start]
            if member.column is not None and base is not None:
                found[member.column] = base
    return found


def _sum_first(
    tx: sa.Connection, watch: Watch, track: Track, start: datetime, before: Window, needed: int
) -> Tally | None:
    rows = list_verdicts(tx, watch.origin.row, start, before.start)
    windows = [row.window for row in rows if row.verdict.word in JUDGED_WORDS][:needed]
    loaded = (_load_counts(tx, watch, window) for window in windows)
    profiles = [profile for profile in loaded if profile is not None]
    if len(profiles) < needed:
        return None
    return tally_profile(track.baseline.layout, reduce(add, profiles))


def read_holds(tx: sa.Connection, watch: Watch) -> list[Hold]:
    """Return the stretches that incidents of the present history hold out of the null now."""
    rows = list_incidents(tx, include_resolved=True, monitor=watch.origin.row)
    of_history = (row for row in rows if row.history == watch.origin.row.history)
    incidents = (decode_incident(dict(row.document), id=row.id) for row in of_history)
    return [hold for incident in incidents if incident.kind in _AXES for hold in list_holds(incident)]
