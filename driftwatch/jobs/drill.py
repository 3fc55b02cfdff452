"""A drill: a change put into copies of stored windows. Nothing of it is kept, and nobody is told."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from driftwatch.calibration.alteration import Alteration, AlterationKind, alter_counts, list_larger
from driftwatch.calibration.altering import measure_spread
from driftwatch.calibration.track import Track, add_thin, add_window, recalibrate
from driftwatch.errors import UsageError
from driftwatch.incidents.advance import advance
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.describe import build_notice
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.holds import hold_out, list_holds
from driftwatch.incidents.incident import Incident, IncidentKind, NoticeType
from driftwatch.incidents.notice import Notice
from driftwatch.jobs.batches import Batch
from driftwatch.jobs.beside import Tracks
from driftwatch.jobs.facts import build_facts
from driftwatch.jobs.judged import Judged, judge_batch
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.tracks import load_history, open_track, read_holds
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
_AT_ONCE = frozenset({NoticeType.OPENED, NoticeType.UPDATED})
_WITH_COUNTS = JUDGED_WORDS | {VerdictWord.THIN}
_MOVES = frozenset({AlterationKind.SHIFT, AlterationKind.SCALE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one change comes to: after how many of the windows people would have been told of it, from 1.

    `after` is None where none of the windows would have told anybody more than without it, and `notices` is
    empty then. `verdict` is that of the window that tells, of the last one where none does.
    """

    alteration: Alteration
    after: int | None
    notices: tuple[Notice, ...] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What would have happened to `column`, changed from the first of `windows` on.

    `unchanged` counts the windows, from 1, that would have told people without any change. `larger` is the
    smallest larger change that would have been told and `unseen` the largest that would not, of those that
    were tried: both None where the change itself is told.
    """

    column: str
    windows: tuple[Window, ...]
    played: Played
    unchanged: tuple[int, ...] = ()
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
       after the other as they are, by the path that judges new ones.
    2. They are judged with the change in them, up to the first that tells what it did not tell before.
    3. Where none does, larger changes are tried.

    Incidents that are open at that time are left out: the drill begins in quiet. What is derived from the
    column is as it was. Raises UsageError where the monitor does not judge the column, the change does not
    fit it, or no counts of it are stored for the range.
    """
    _check_column(watch, column, alteration)
    windows = _list_windows(database, watch, column, start, end)
    player = _Player(
        database=database,
        watch=watch,
        track=_open_track(database, watch, windows[0]),
        column=column,
        spread=measure_spread(watch.reference.total.columns[column]) if alteration.kind in _MOVES else 0.0,
        windows=windows,
    )
    usual = [(place, page) for place, _, pages in player.judge_all(None) for page in pages]
    played = player.play(alteration, {page.name for _, page in usual})
    found = Drill(
        column=column,
        windows=windows,
        played=played,
        unchanged=tuple(sorted({place for place, _ in usual})),
    )
    if played.after is not None:
        return found
    larger, unseen = player.search(alteration, {page.name for _, page in usual})
    return replace(found, larger=larger, unseen=unseen)


def _open_track(database: Database, watch: Watch, first: Window) -> Track | None:
    """Return the track before the first window; what is drilled is remembered on it, and stored nowhere."""
    track = open_track(database, watch, first, keeps=False)
    return None if track is None else load_history(database, watch, track, first)


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
    if not windows and any(row.grain is not None for row in rows):
        raise UsageError(
            f"{watch.monitor.id}: the counts of this range are kept coarsely or no longer; "
            "choose a later one with --from, or keep them for longer (retention.full)"
        )
    if not windows:
        name = watch.monitor.id
        raise UsageError(f"{name} has no judged window in this range; `driftwatch check {name}` judges them")
    if not is_there:
        raise UsageError(f"{column!r} was delivered in no window of this range; choose another with --from")
    return tuple(windows)


def _read(database: Database, watch: Watch, window: Window) -> Profile | None:
    return database.read(lambda tx: load_profile(tx, watch.row, window, watch.reference, only_fine=True))


def _is_in(profile: Profile, column: str) -> bool:
    return column in profile.columns and column not in profile.absent


_Name = tuple[Window, IncidentKind, bool]
"""Of a page: its window, the kind of its incident, and whether that is about the column of the drill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A notice that wakes people. Two plays tell the same where their pages have the same name."""

    name: _Name
    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Player:
    """Plays changes of one column on copies of the same windows."""

    database: Database
    watch: Watch
    track: Track | None
    column: str
    spread: float
    windows: tuple[Window, ...]

    def play(self, alteration: Alteration, usual: Container[_Name]) -> Played:
        """Judge the windows with a change in them, up to the first that tells what is not `usual`."""
        verdict = None
        for place, verdict, pages in self.judge_all(alteration):
            notices = tuple(page.notice for page in pages if page.name not in usual)
            if notices:
                return Played(alteration=alteration, after=place, notices=notices, verdict=verdict)
        return Played(alteration=alteration, after=None, verdict=verdict)

    def search(self, unseen: Alteration, usual: Container[_Name]) -> tuple[Played | None, Alteration]:
        """Return the smallest larger change that is told, None where none is, and the largest that is not.

        A larger change is taken to be told whenever a smaller one is.
        """
        rungs = list_larger(unseen)
        best = self.play(rungs[-1], usual) if rungs else None
        if best is None or best.after is None:
            return None, rungs[-1] if rungs else unseen
        low, high = 0, len(rungs) - 1
        while low < high:
            middle = (low + high) // 2
            played = self.play(rungs[middle], usual)
            if played.after is None:
                unseen, low = rungs[middle], middle + 1
            else:
                best, high = played, middle
        return best, unseen

    def judge_all(self, alteration: Alteration | None) -> Iterator[tuple[int, Verdict, list[_Page]]]:
        """Yield the place of every window, its verdict, and what would have woken people."""
        track = self.track
        incidents: dict[IncidentKind, Incident] = {}
        for place, window in enumerate(self.windows, start=1):
            profile = _read(self.database, self.watch, window)
            if profile is None:
                continue
            altered = self._alter(profile, alteration)
            track = self._calibrate(track, window, incidents)
            batch, tracks = Batch(profile=altered), Tracks(main=track)
            judged = judge_batch(self.database, self.watch, tracks, window, batch, final=True)
            before = _find_paged(incidents)
            pages = self._advance(incidents, judged.verdict)
            yield place, judged.verdict, pages
            after = _find_paged(incidents)
            paged = None if before and after <= before else bool(after - before)
            track = _follow(track, judged, altered, paged)

    def _alter(self, profile: Profile, alteration: Alteration | None) -> Profile:
        if alteration is None or not _is_in(profile, self.column):
            return profile
        changed = alter_counts(profile.columns[self.column], alteration, self.spread)
        return replace(profile, columns={**profile.columns, self.column: changed})

    def _calibrate(
        self, track: Track | None, window: Window, incidents: Mapping[IncidentKind, Incident]
    ) -> Track | None:
        """Return the track calibrated for a window: incidents of the drill hold windows out, too."""
        if track is None:
            return None
        kept = self.database.read(lambda tx: read_holds(tx, self.watch))
        own = (hold for incident in incidents.values() for hold in list_holds(incident))
        holds, layout = [*kept, *own], track.baseline.layout
        return recalibrate(track, window, lambda past: hold_out(layout, past, holds))

    def _advance(self, incidents: dict[IncidentKind, Incident], verdict: Verdict) -> list[_Page]:
        """Advance the drill's own incidents; return what would have been told at once."""
        monitor, pages = self.watch.monitor, []
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
            if step.told is not None and step.told.tells in _AT_ONCE:
                is_of_column = _is_about(step.incident, self.column)
                notice = build_notice(step.told, step.incident, build_facts(monitor), now)
                pages.append(_Page(name=(verdict.window, kind, is_of_column), notice=notice))
        return pages


def _is_about(incident: Incident, column: str) -> bool:
    return any(member.column == column and not member.minor for member in incident.members)


def _find_paged(incidents: Mapping[IncidentKind, Incident]) -> frozenset[IncidentKind]:
    """Return the kinds of the incidents that people know of: while there is one the ledger stands still."""
    return frozenset(kind for kind, one in incidents.items() if one.is_live and one.paged)


def _follow(track: Track | None, judged: Judged, profile: Profile, paged: bool | None) -> Track | None:
    """Return the track after a window; `paged` is as in `add_window`."""
    paced, word = judged.paced, judged.verdict.word
    if track is None or paced is None:
        return track
    measured = paced.weighing.measured
    if word is VerdictWord.THIN:
        return add_thin(paced.track, measured.window, profile)
    if word not in JUDGED_WORDS:
        return track
    counts = judged.special_day is None
    return add_window(paced.track, measured, paced.weighing.weighed, counts=counts, paged=paged)
