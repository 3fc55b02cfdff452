"""A drill: a change put into copies of stored windows. Nothing of it is kept, and nobody is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from driftwatch.calibration.alteration import Alteration, AlterationKind, alter_counts, list_larger
from driftwatch.calibration.altering import measure_spread
from driftwatch.calibration.track import Track, add_thin, add_window
from driftwatch.errors import UsageError
from driftwatch.incidents.advance import advance
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.describe import build_notice
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.incident import Incident, IncidentKind
from driftwatch.incidents.notice import Notice
from driftwatch.jobs.facts import build_facts
from driftwatch.jobs.judged import Judged, judge_profile
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.tracks import open_track
from driftwatch.jobs.windows import due_at
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.evidence import load_profile
from driftwatch.store.verdicts import list_verdicts

__all__ = ["Drill", "Played", "run_drill"]

_LATEST = 30
_AXES = (IncidentKind.DRIFT, IncidentKind.DATA)
_WITH_COUNTS = JUDGED_WORDS | {VerdictWord.THIN}
_MOVES = frozenset({AlterationKind.SHIFT, AlterationKind.SCALE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one change comes to: after how many of the windows people would have been told, from 1.

    `after` is None where none of the windows would have told anybody, and `notices` is empty then.
    `verdict` is that of the window that tells, of the last one where none does.
    """

    alteration: Alteration | None
    after: int | None
    notices: tuple[Notice, ...] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What would have happened to `column`, changed from the first of `windows` on.

    `unchanged` is what would have told people as early without any change, None where nothing would.
    `larger` is the smallest larger change that would have been told and `unseen` the largest that would not,
    of those that were tried: both None where the change itself is told.
    """

    column: str
    windows: tuple[Window, ...]
    played: Played
    unchanged: Played | None = None
    larger: Played | None = None
    unseen: Alteration | None = None


def run_drill(
    database: Database,
    watch: Watch,
    column: str,
    alteration: Alteration,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Drill:
    """Return what would have been told, had `column` changed in the stored windows of a range.

    1. The windows of the range, or the last 30 of those before `end` where it has no `start`, are judged one
       after the other with the change in them, by the path that judges new ones.
    2. A change that would have been told is left out once, to see whether the windows tell by themselves.
    3. Of one that would not, larger ones are tried.

    Incidents that are open at that time are left out: the drill begins in quiet. What is derived from the
    column is as it was. Raises UsageError where the monitor does not judge the column, the change does not
    fit it, or no counts of it are stored for the range.
    """
    _check_column(watch, column, alteration)
    windows = _list_windows(database, watch, column, start, end)
    player = _Player(
        database=database,
        watch=watch,
        track=open_track(database, watch, windows[0], keeps=False),
        column=column,
        spread=measure_spread(watch.reference.total.columns[column]) if alteration.kind in _MOVES else 0.0,
        windows=windows,
    )
    played = player.play(alteration)
    if played.after is None:
        larger, unseen = player.search(alteration)
        return Drill(column=column, windows=player.windows, played=played, larger=larger, unseen=unseen)
    unchanged = replace(player, windows=player.windows[: played.after]).play(None)
    return Drill(
        column=column,
        windows=player.windows,
        played=played,
        unchanged=None if unchanged.after is None else unchanged,
    )


def _check_column(watch: Watch, column: str, alteration: Alteration) -> None:
    grid = watch.reference.grids.get(column)
    if grid is None:
        judged = ", ".join(list(watch.reference.grids)[:20])
        raise UsageError(f"{watch.monitor.id} does not judge a column {column!r}; it judges: {judged}")
    if alteration.kind not in _MOVES:
        return
    if isinstance(grid, CategoryGrid):
        raise UsageError(
            f"{column!r} is a {grid.kind} and has no σ; give --flood SHARE=NAME or --missing SHARE"
        )
    if measure_spread(watch.reference.total.columns[column]) == 0:
        raise UsageError(f"{column!r} is constant in the reference and has no σ; give --flood or --missing")


def _list_windows(
    database: Database, watch: Watch, column: str, start: datetime | None, end: datetime | None
) -> tuple[Window, ...]:
    """Return the windows of a range that have counts on today's grids, oldest first."""
    rows = database.read(lambda tx: list_verdicts(tx, watch.row, start, end))
    listed = [row.window for row in rows if row.verdict.word in _WITH_COUNTS]
    windows, is_there = [], False
    for window in listed if start is not None else listed[-_LATEST:]:
        profile = _read(database, watch, window)
        if profile is not None:
            windows.append(window)
            is_there = is_there or _is_in(profile, column)
    if not windows:
        name = watch.monitor.id
        raise UsageError(f"{name} has no judged window in this range; `driftwatch check {name}` judges them")
    if not is_there:
        raise UsageError(f"{column!r} was delivered in no window of this range; choose another with --from")
    return tuple(windows)


def _read(database: Database, watch: Watch, window: Window) -> Profile | None:
    return database.read(lambda tx: load_profile(tx, watch.row, window, watch.reference))


def _is_in(profile: Profile, column: str) -> bool:
    return column in profile.columns and column not in profile.absent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Player:
    """Plays changes of one column on copies of the same windows."""

    database: Database
    watch: Watch
    track: Track | None
    column: str
    spread: float
    windows: tuple[Window, ...]

    def play(self, alteration: Alteration | None) -> Played:
        """Judge the windows with a change in them, up to the first that tells."""
        track, verdict = self.track, None
        incidents: dict[IncidentKind, Incident] = {}
        for place, window in enumerate(self.windows, start=1):
            profile = _read(self.database, self.watch, window)
            if profile is None:
                continue
            altered = self._alter(profile, alteration)
            judged = judge_profile(self.database, self.watch, track, window, altered, final=True)
            verdict = judged.verdict
            notices = self._advance(incidents, verdict)
            if notices:
                return Played(alteration=alteration, after=place, notices=notices, verdict=verdict)
            track = _follow(track, judged, altered)
        return Played(alteration=alteration, after=None, verdict=verdict)

    def search(self, unseen: Alteration) -> tuple[Played | None, Alteration]:
        """Return the smallest larger change that is told, None where none is, and the largest that is not.

        A larger change is taken to be told whenever a smaller one is.
        """
        rungs = list_larger(unseen)
        best = self.play(rungs[-1]) if rungs else None
        if best is None or best.after is None:
            return None, rungs[-1] if rungs else unseen
        low, high = 0, len(rungs) - 1
        while low < high:
            middle = (low + high) // 2
            played = self.play(rungs[middle])
            if played.after is None:
                unseen, low = rungs[middle], middle + 1
            else:
                best, high = played, middle
        return best, unseen

    def _alter(self, profile: Profile, alteration: Alteration | None) -> Profile:
        if alteration is None or not _is_in(profile, self.column):
            return profile
        changed = alter_counts(profile.columns[self.column], alteration, self.spread)
        return replace(profile, columns={**profile.columns, self.column: changed})

    def _advance(self, incidents: dict[IncidentKind, Incident], verdict: Verdict) -> tuple[Notice, ...]:
        """Advance the drill's own incidents; return the notices that would have been sent."""
        monitor, notices = self.watch.monitor, []
        now = due_at(verdict.window, monitor.delay)
        for kind in _AXES:
            step = advance(
                incidents.get(kind),
                verdict,
                monitor.policy,
                kind=kind,
                monitor=monitor.id,
                now=now,
                telling=True,
            )
            if step.incident is None:
                continue
            incidents[kind] = step.incident
            if step.told is not None:
                notices.append(build_notice(step.told, step.incident, build_facts(monitor), now))
        return tuple(notices)


def _follow(track: Track | None, judged: Judged, profile: Profile) -> Track | None:
    """Return the track after a window that told nobody."""
    paced, word = judged.paced, judged.verdict.word
    if track is None or paced is None:
        return track
    measured = paced.weighing.measured
    if word is VerdictWord.THIN:
        return add_thin(paced.track, measured.window, profile)
    if word not in JUDGED_WORDS:
        return track
    counts = judged.special_day is None
    return add_window(paced.track, measured, paced.weighing.weighed, counts=counts, paged=False)
