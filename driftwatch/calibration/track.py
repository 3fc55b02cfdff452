"""The track of a monitor: its windows as they were measured, in order, and what the next is judged by.

A track is a value. The next window is weighed against it, and then added to it; whoever judges keeps it,
and can build the same one again from what was stored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.baseline import Baseline, BlockEvidence
from driftwatch.calibration.budget import Budget
from driftwatch.calibration.calibration import Calibration, Scored, calibrate, count_history
from driftwatch.calibration.evidence import Evidence, blank_evidence
from driftwatch.calibration.ledger import enter_window, use_level
from driftwatch.calibration.tally import Tally
from driftwatch.calibration.weighing import Weighed, weigh
from driftwatch.profiles.window import Window

__all__ = [
    "Measured",
    "Recent",
    "Track",
    "add_window",
    "begin_track",
    "find_cycle",
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
    """A window of the running season cycle; `told`, shape (columns,), was above the limit by itself."""

    window: Window
    tally: Tally
    told: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A window with its evidence on both scales; `cycle` has the counts that the long one is about."""

    window: Window
    tally: Tally
    cycle: Tally
    short: Evidence
    long: Evidence


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Where a monitor stands before its next window.

    `history` are the windows judged before, oldest first and unheld; `level` is what the ledger has left.
    `calibration` is None until the first window asks for one; `calibrated_in` is the season cycle it is of.
    """

    baseline: Baseline
    blocks: Sequence[BlockEvidence]
    budget: Budget
    level: float
    recent: tuple[Recent, ...] = ()
    history: tuple[Scored, ...] = ()
    calibration: Calibration | None = None
    calibrated_in: int | None = None


def begin_track(baseline: Baseline, blocks: Sequence[BlockEvidence], budget: Budget) -> Track:
    """Return the track of a monitor that has judged nothing yet."""
    return Track(baseline=baseline, blocks=blocks, budget=budget, level=budget.level)


def find_cycle(start: datetime, budget: Budget) -> int:
    """Return the number of the season cycle that a window with this start lies in, counted from 1970."""
    length: timedelta = budget.cycle * budget.window
    return (start - _EPOCH) // length


def recalibrate(track: Track, window: Window, hold: Callable[[Sequence[Scored]], Sequence[Scored]]) -> Track:
    """Return the track with the calibration for the season cycle of `window`.

    It is made anew with the first window of every cycle, from the windows before it; `hold` marks what is
    held out of them.
    """
    cycle = find_cycle(window.start, track.budget)
    if track.calibration is not None and track.calibrated_in == cycle:
        return track
    past = hold(track.history[-count_history(track.budget) :])
    made = calibrate(track.baseline, track.blocks, past, track.budget)
    return replace(track, calibration=made, calibrated_in=cycle)


def measure_window(track: Track, window: Window, tally: Tally) -> Measured:
    """Return the evidence of `window` by itself, and of the season cycle that ends with it."""
    cycle = _choose_cycle(track, window, tally)
    nothing = blank_evidence(track.baseline.layout)
    return Measured(
        window=window,
        tally=tally,
        cycle=cycle,
        short=track.baseline.measure_short(window, tally),
        long=track.baseline.measure_long(window, cycle) if np.any(cycle.rows) else nothing,
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
    recent = Recent(window=measured.window, tally=measured.tally, told=told)
    level = track.level
    if paged is not None:
        level = enter_window(level, track.budget.level, paged=paged)
    history = track.history
    if counts:
        nothing = np.zeros(len(track.baseline.layout.parts), dtype=bool)
        scored = Scored(window=measured.window, short=measured.short, long=measured.long, held=nothing)
        history = (*history, scored)
    return replace(
        track,
        recent=(*_in_cycle(track, measured.window), recent),
        history=history,
        level=level,
    )


def fold_parts(track: Track, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which columns, shape (P,), have a part that is `marked`, shape (parts,)."""
    columns = len(track.baseline.layout.columns)
    return np.asarray(marked[: 3 * columns].reshape(3, columns).any(axis=0))


def _in_cycle(track: Track, window: Window) -> tuple[Recent, ...]:
    """Return the windows that are in the same sliding cycle as `window`, which is its last."""
    length: timedelta = track.budget.cycle * track.budget.window
    # Half a window of slack: days are 23 or 25 hours long when clocks change.
    since = window.end - length - track.budget.window / 2
    return tuple(one for one in track.recent if one.window.start >= since and one.window < window)


def sum_cycle(track: Track, window: Window, tally: Tally) -> tuple[Tally, NDArray[np.int64]]:
    """Return the counts of the cycle that ends with `window`, and in how many windows each column was there.

    Windows that were above the limit by themselves are left out, column by column: they have been told, and
    would be told again for a whole cycle.
    """
    total = tally
    windows = (tally.rows > 0).astype(np.int64)
    for one in _in_cycle(track, window):
        keep = ~one.told
        total = total + one.tally.keep(keep)
        windows = windows + (one.tally.rows > 0)
    return total, windows


def _choose_cycle(track: Track, window: Window, tally: Tally) -> Tally:
    """Return the counts of the cycle, without the columns that have too few windows in it."""
    needed = math.ceil(_ENOUGH * track.baseline.filled * track.budget.cycle)
    total, windows = sum_cycle(track, window, tally)
    # A key that is repeated in another window is not repeated: windows answer for their own.
    return replace(total.keep(windows >= max(2, needed)), repeated=0, keyed=0)
