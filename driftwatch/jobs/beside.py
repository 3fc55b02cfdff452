"""A rolling reference beside the pinned one: two answers about each window, within one promise.

Nothing is read for it. It is made of the counts of windows that were judged, on the pinned reference's grids,
and so a batch is counted once. It has scores, a calibration and a ledger of its own (see
`driftwatch.jobs.companion`); each of the two has half of the promise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from driftwatch.calibration.track import Track
from driftwatch.incidents.beside import choose_calibration, find_beside, join_findings
from driftwatch.incidents.finding import Verdict
from driftwatch.incidents.pairs import pair_columns
from driftwatch.incidents.rules import DEFAULT_MINIMUM_EFFECT
from driftwatch.incidents.words import say_duration
from driftwatch.jobs.companion import open_companion
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.spans import find_cycle
from driftwatch.jobs.tracks import Paced, keep_paced, keep_thin, open_track, pace_window
from driftwatch.jobs.windows import due_at
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.slots import skip_slot

__all__ = [
    "Beside",
    "BesidePaced",
    "Tracks",
    "charge_pinned",
    "join_beside",
    "keep_beside",
    "name_span",
    "open_tracks",
    "pace_beside",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beside:
    """The rolling reference that judges beside the pinned one, and where it stands."""

    watch: Watch
    track: Track


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BesidePaced:
    """A window as the rolling reference weighed it."""

    watch: Watch
    paced: Paced


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracks:
    """Where a monitor stands before a window: against its reference, and the rolling one beside it.

    `main` is None where it has no false-alarm budget. `cycle` is the season cycle that `beside` judges, None
    where the configuration asks for none.
    """

    main: Track | None = None
    beside: Beside | None = None
    cycle: int | None = None

    def go_on(self, main: Track | None, beside: Beside | None) -> Tracks:
        """Return where the monitor stands after a window; None for what it added nothing to."""
        return replace(self, main=main or self.main, beside=beside or self.beside)

    def is_for(self, watch: Watch, window: Window) -> bool:
        """Return whether these judge `window`: another season cycle has another rolling reference."""
        return self.cycle == _find_cycle(watch, window)


def open_tracks(database: Database, watch: Watch, window: Window, now: datetime) -> Tracks:
    """Return where the monitor stands before `window`, as the store has it."""
    return Tracks(
        main=open_track(database, watch, window),
        beside=_open_beside(database, watch, window, now),
        cycle=_find_cycle(watch, window),
    )


def _find_cycle(watch: Watch, window: Window) -> int | None:
    return None if watch.monitor.reference.beside is None else find_cycle(watch.monitor, window.start)


def _open_beside(database: Database, watch: Watch, window: Window, now: datetime) -> Beside | None:
    companion = open_companion(database, watch, window, now)
    track = None if companion is None else open_track(database, companion, window)
    return None if companion is None or track is None else Beside(watch=companion, track=track)


def pace_beside(
    database: Database, beside: Beside | None, window: Window, profile: Profile, joined: Profile
) -> BesidePaced | None:
    """Return a window of at least one row as the rolling reference weighs it, None without one."""
    if beside is None:
        return None
    paced = pace_window(database, beside.watch, beside.track, window, profile, joined)
    return BesidePaced(watch=beside.watch, paced=paced)


def join_beside(verdict: Verdict, pinned: Paced, beside: BesidePaced, profile: Profile) -> Verdict:
    """Return the verdict with what the rolling reference shows in the counts it was judged by."""
    judging, weighing = beside.watch.monitor.judging, beside.paced.weighing
    pairs = list(pair_columns(beside.watch.reference.total, profile))
    effect = judging.minimum_effect or DEFAULT_MINIMUM_EFFECT
    found = find_beside(pairs, weighing, effect, against=name_span(beside.watch))
    said = choose_calibration(pinned.weighing.calibration, weighing.calibration).say()
    joined = join_findings(verdict, found, weighing, pairs=pairs, rules=judging.rules)
    return replace(joined, calibration=said)


def keep_beside(  # noqa: PLR0913 - what is kept, and how the window counts
    tx: sa.Connection,
    paced: BesidePaced | None,
    profile: Profile,
    *,
    thin: bool,
    counts: bool,
    in_turn: bool,
    paged: bool | None,
) -> Beside | None:
    """Keep what the window adds to the rolling reference's track; arguments as in `keep_paced`.

    A page is charged to it where a part was above its limit.
    """
    if paced is None:
        return None
    watch, window = paced.watch, paced.paced.weighing.measured.window
    if thin:
        return Beside(watch=watch, track=keep_thin(tx, watch, paced.paced, profile))
    own = paged and _is_above(paced.paced)
    # Scores belong to a slot; nobody is to judge this one.
    skip_slot(tx, watch.row, window, due_at=due_at(window, watch.monitor.delay), reason="judged beside")
    track = keep_paced(tx, watch, paced.paced, counts=counts, in_turn=in_turn, paged=own)
    return Beside(watch=watch, track=track)


def charge_pinned(paged: bool | None, paced: Paced, beside: BesidePaced | None) -> bool | None:
    """Return whether a page is charged to the pinned reference: not where the rolling one alone saw why."""
    if paged and beside is not None and _is_above(beside.paced):
        return _is_above(paced)
    return paged


def _is_above(paced: Paced) -> bool:
    return bool(paced.weighing.weighed.above.any())


def name_span(companion: Watch) -> str:
    """Return what a rolling reference is made of, in words: `the 28 days before 2013-03-07`."""
    windows = [block.window for block in companion.reference.blocks if block.window is not None]
    end = windows[-1].end.astimezone(ZoneInfo(companion.monitor.timezone))
    day = end.date().isoformat()
    said = day if end.time() == time() else f"{day} {end:%H:%M}"
    return f"the {say_duration(windows[-1].end - windows[0].start)} before {said}"
