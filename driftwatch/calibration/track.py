"""The track of a monitor: its windows as they were measured, in order, and what the next is judged by.

A track is a value. The next window is weighed against it, and then added to it; whoever judges keeps it,
and can build the same one again from what was stored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.baseline import Baseline, BlockEvidence
from driftwatch.calibration.budget import Budget
from driftwatch.calibration.calibration import Calibration, Scored, calibrate, count_history
from driftwatch.calibration.effects import ALPHA
from driftwatch.calibration.evidence import Evidence, blank_evidence
from driftwatch.calibration.ledger import enter_window, use_level
from driftwatch.calibration.tally import PackedTally, Tally, pack_tally, tally_profile
from driftwatch.calibration.weighing import Weighed, weigh
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window

__all__ = [
    "Measured",
    "Recent",
    "Track",
    "Waiting",
    "add_thin",
    "add_window",
    "begin_track",
    "count_missing",
    "find_cycle",
    "find_smallest",
    "fold_parts",
    "is_thin",
    "join_waiting",
    "measure_window",
    "recalibrate",
    "sum_cycle",
    "weigh_window",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENOUGH = 0.75
"""Of the windows with rows that a season cycle usually has; with fewer it is not compared."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recent:
    """A window of the running season cycle.

    `told`, shape (columns,), was above the limit by itself, or with the thin windows that were joined to it.
    """

    window: Window
    tally: PackedTally
    told: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Waiting:
    """A window with too few rows to show anything by itself: its counts join those of the next."""

    window: Window
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A window with its evidence on both scales.

    `own` are its own counts, `before` those of the other windows of its cycle, oldest first. `tally` has the
    counts it was measured by: those of thin windows before it are among them. `cycle` has the counts that
    the long scale is about. `in_season`: it was compared with windows of its season, which one with others'
    counts is not.
    """

    window: Window
    own: Tally
    before: tuple[PackedTally, ...]
    tally: Tally
    cycle: Tally
    short: Evidence
    long: Evidence
    in_season: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Where a monitor stands before its next window.

    `history` are the windows judged before, oldest first and unheld; `level` is what the ledger has left.
    `inherited` were judged against an earlier reference, with what was held out of them: the newest count
    until there are enough others. Neither is kept at hand where a store has them (not `remembers`): they are
    read when a calibration is due.
    `calibration` is None until the first window asks for one; `calibrated_in` is the season cycle it is of.
    """

    baseline: Baseline
    blocks: Sequence[BlockEvidence]
    budget: Budget
    level: float
    recent: tuple[Recent, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    remembers: bool = True
    history: tuple[Scored, ...] = ()
    inherited: tuple[Scored, ...] = ()
    calibration: Calibration | None = None
    calibrated_in: int | None = None


def begin_track(baseline: Baseline, blocks: Sequence[BlockEvidence], budget: Budget) -> Track:
    """Return the track of a monitor that has judged nothing yet."""
    return Track(baseline=baseline, blocks=blocks, budget=budget, level=budget.level)


def find_cycle(start: datetime, budget: Budget) -> int:
    """Return the number of the season cycle that a window with this start lies in, counted from 1970."""
    length: timedelta = budget.cycle * budget.window
    return (start - _EPOCH + budget.phase * budget.window) // length


def is_outdated(track: Track, window: Window) -> bool:
    """Return whether a calibration is due before `window` is weighed: the first of every season cycle."""
    return track.calibration is None or track.calibrated_in != find_cycle(window.start, track.budget)


def recalibrate(track: Track, window: Window, hold: Callable[[Sequence[Scored]], Sequence[Scored]]) -> Track:
    """Return the track with the calibration for the season cycle of `window`.

    It is made anew with the first window of every cycle, from the windows before it; `hold` marks what is
    held out of them.
    """
    if not is_outdated(track, window):
        return track
    past = hold(track.history[-count_history(track.budget) :])
    missing = count_missing(track, len(past))
    inherited = track.inherited[-missing:] if missing else ()
    made = calibrate(track.baseline, track.blocks, [*inherited, *past], track.budget)
    made = replace(made, inherited=len(inherited))
    return replace(track, calibration=made, calibrated_in=find_cycle(window.start, track.budget))


def count_missing(track: Track, judged: int) -> int:
    """Return how many windows the promise needs beside the reference's blocks and so many judged ones."""
    return max(0, track.budget.needed - len(track.blocks) - judged)


def join_waiting(track: Track, window: Window, profile: Profile) -> Profile:
    """Return the counts that `window` is judged by: its own and those of thin windows that wait for it.

    None waits longer than a season cycle.
    """
    return reduce(add, (one.profile for one in _list_waiting(track, window)), profile)


def _list_waiting(track: Track, window: Window) -> list[Waiting]:
    since = _start_cycle(track, window)
    return [one for one in track.waiting if since <= one.window.start < window.start]


def is_thin(track: Track, rows: int) -> bool:
    """Return whether so many rows cannot show that the budget's `must_see` of them moved."""
    return find_smallest(track, rows) >= track.budget.must_see


def find_smallest(track: Track, rows: int) -> float:
    """Return the smallest share of moved rows that so many rows could show, were it seen without any luck."""
    usual = track.baseline.total.volume
    if rows == 0 or usual == 0:
        return 1.0
    return min(1.0, math.sqrt(-0.5 * math.log(ALPHA / 2) * (1 / rows + 1 / usual)))


def measure_window(track: Track, window: Window, profile: Profile, joined: Profile | None = None) -> Measured:
    """Return the evidence of `window` by itself, and of the season cycle that ends with it.

    `joined` are its counts together with those of thin windows before it, where there are any.
    """
    layout = track.baseline.layout
    own = tally_profile(layout, profile)
    cycle = _choose_cycle(track, window, own)
    alone = joined is None or joined is profile
    # How many rows came is asked of the window itself.
    tally = own if joined is None else replace(tally_profile(layout, joined), volume=own.volume)
    nothing = blank_evidence(layout)
    return Measured(
        window=window,
        own=own,
        before=tuple(one.tally for one in _in_cycle(track, window)),
        tally=tally,
        cycle=cycle,
        short=track.baseline.measure_short(window, tally, in_season=alone),
        long=track.baseline.measure_long(window, cycle) if np.any(cycle.rows) else nothing,
        in_season=alone,
    )


def add_thin(track: Track, window: Window, profile: Profile) -> Track:
    """Return the track after a window that was too thin to be judged."""
    since = _start_cycle(track, window)
    tally = tally_profile(track.baseline.layout, profile)
    nothing = np.zeros(len(track.baseline.layout.columns), dtype=bool)
    waiting = tuple(one for one in track.waiting if one.window.start >= since)
    return replace(
        track,
        recent=(*_in_cycle(track, window), Recent(window=window, tally=pack_tally(tally), told=nothing)),
        waiting=(*waiting, Waiting(window=window, profile=profile)),
    )


def weigh_window(track: Track, measured: Measured) -> Weighed:
    """Return what the evidence comes to under the calibration and the level of the track.

    Raises ValueError when the track was not calibrated.
    """
    if track.calibration is None:
        raise ValueError("a track is calibrated before a window is weighed")
    promised, hard_cap = track.budget.level, track.budget.hard_cap
    level = use_level(track.level, promised, hard_cap=hard_cap)
    fallback = use_level(track.level, promised, hard_cap=False)
    evidence = (measured.short, measured.long)
    return weigh(track.calibration, track.baseline.moments, evidence, level=level, fallback=fallback)


def add_window(
    track: Track, measured: Measured, weighed: Weighed, *, counts: bool = True, paged: bool | None
) -> Track:
    """Return the track after a window.

    Parameters
    ----------
    track, measured, weighed
        The window, measured and weighed on this track.
    counts
        False for a window that is kept out of the null for good, a special day.
    paged
        Whether somebody was told at once; None while an incident is open, when the ledger stands still.
    """
    told = fold_parts(track, weighed.above_short)
    # What waited for the window was weighed with it, and is told with it.
    waited = {one.window for one in _list_waiting(track, measured.window)}
    before = (
        replace(one, told=told) if one.window in waited else one for one in _in_cycle(track, measured.window)
    )
    recent = Recent(window=measured.window, tally=pack_tally(measured.own), told=told)
    level = track.level
    if paged is not None:
        level = enter_window(level, track.budget.level, paged=paged)
    history = track.history
    if counts and track.remembers:
        nothing = np.zeros(len(track.baseline.layout.parts), dtype=bool)
        scored = Scored(window=measured.window, short=measured.short, long=measured.long, held=nothing)
        history = (*history, scored)
    return replace(
        track,
        recent=(*before, recent),
        waiting=(),
        history=history,
        level=level,
    )


def fold_parts(track: Track, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which columns, shape (P,), have a part that is `marked`, shape (parts,)."""
    columns = len(track.baseline.layout.columns)
    return np.asarray(marked[: 3 * columns].reshape(3, columns).any(axis=0))


def _in_cycle(track: Track, window: Window) -> tuple[Recent, ...]:
    """Return the windows that are in the same sliding cycle as `window`, which is its last."""
    since = _start_cycle(track, window)
    return tuple(one for one in track.recent if one.window.start >= since and one.window < window)


def _start_cycle(track: Track, window: Window) -> datetime:
    length: timedelta = track.budget.cycle * track.budget.window
    # Half a window of slack: days are 23 or 25 hours long when clocks change.
    return window.end - length - track.budget.window / 2


def sum_cycle(track: Track, window: Window, tally: Tally) -> tuple[Tally, NDArray[np.int64]]:
    """Return the counts of the cycle that ends with `window`, and in how many windows each column was there.

    Windows that were above the limit by themselves are left out, column by column: they have been told, and
    would be told again for a whole cycle.
    """
    total = tally
    windows = (tally.rows > 0).astype(np.int64)
    for one in _in_cycle(track, window):
        keep = ~one.told
        kept = one.tally.unpack()
        total = total + kept.keep(keep)
        windows = windows + (kept.rows > 0)
    return total, windows


def _choose_cycle(track: Track, window: Window, tally: Tally) -> Tally:
    """Return the counts of the cycle, without the columns that have too few windows in it."""
    needed = math.ceil(_ENOUGH * track.baseline.filled * track.budget.cycle)
    total, windows = sum_cycle(track, window, tally)
    # A key that is repeated in another window is not repeated: windows answer for their own.
    return replace(total.keep(windows >= max(2, needed)), repeated=0, keyed=0)
