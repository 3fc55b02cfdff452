"""A drill: a change put into copies of stored windows. Nothing is written, and nobody is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from driftwatch.calibration.track import Track, add_window, is_thin, join_waiting
from driftwatch.errors import UsageError
from driftwatch.incidents.advance import advance
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.describe import build_notice
from driftwatch.incidents.finding import Verdict
from driftwatch.incidents.incident import Incident, IncidentKind
from driftwatch.incidents.judge import judge
from driftwatch.incidents.notice import Notice
from driftwatch.jobs.facts import build_facts
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.tracks import open_track, pace_window
from driftwatch.jobs.windows import due_at
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.evidence import load_profile
from driftwatch.store.verdicts import list_verdicts

__all__ = ["Drill", "run_drill"]

_LATEST = 30
_AXES = (IncidentKind.DRIFT, IncidentKind.DATA)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drill:
    """What would have happened: after how many of the changed windows people would have been told.

    `after` counts from 1, None where none of the `windows` would have told anybody; `notice` is what they
    would have read, `verdict` that of the window, and of the last one where nobody is told.
    """

    windows: Sequence[Window]
    after: int | None
    notice: Notice | None
    verdict: Verdict | None


def run_drill(
    database: Database,
    watch: Watch,
    column: str,
    change: Callable[[Counts], Counts],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Drill:
    """Return what would have been told, had `column` changed in the stored windows of a range.

    Without a range the change is put into the last 30 judged windows. Incidents that are open then are left
    out of it: the drill begins in quiet. Raises UsageError where the monitor does not judge the column, or
    no counts are stored for the range.
    """
    if column not in watch.reference.grids:
        judged = ", ".join(list(watch.reference.grids)[:20])
        raise UsageError(f"{watch.monitor.id} does not judge a column {column!r}; it judges: {judged}")
    rows = database.read(lambda tx: list_verdicts(tx, watch.row, start, end))
    windows = [row.window for row in rows if row.verdict.word in JUDGED_WORDS][-_LATEST:]
    if not windows:
        raise UsageError(
            f"{watch.monitor.id} has no judged window in this range; `driftwatch check {watch.monitor.id}` "
            "judges them"
        )
    return _play(database, watch, windows, column, change)


def _play(
    database: Database,
    watch: Watch,
    windows: Sequence[Window],
    column: str,
    change: Callable[[Counts], Counts],
) -> Drill:
    track = open_track(database, watch, windows[0])
    incidents: dict[IncidentKind, Incident] = {}
    verdict: Verdict | None = None
    for place, window in enumerate(windows, start=1):
        profile = _read(database, watch, window)
        if profile is None:
            continue
        altered = _alter(profile, column, change)
        verdict, track = _judge(database, watch, track, window, altered)
        notice = _advance(watch, incidents, verdict)
        if notice is not None:
            return Drill(windows=windows, after=place, notice=notice, verdict=verdict)
    return Drill(windows=windows, after=None, notice=None, verdict=verdict)


def _read(database: Database, watch: Watch, window: Window) -> Profile | None:
    return database.read(lambda tx: load_profile(tx, watch.row, window, watch.reference))


def _alter(profile: Profile, column: str, change: Callable[[Counts], Counts]) -> Profile:
    if column in profile.absent:
        return profile
    return replace(profile, columns={**profile.columns, column: change(profile.columns[column])})


def _judge(
    database: Database, watch: Watch, track: Track | None, window: Window, profile: Profile
) -> tuple[Verdict, Track | None]:
    weighing, joined = None, profile
    if track is not None:
        joined = join_waiting(track, window, profile)
        paced = pace_window(database, watch, track, window, profile, joined)
        weighing, track = paced.weighing, paced.track
    verdict = judge(watch.reference, joined, window=window, judging=watch.monitor.judging, weighing=weighing)
    if track is not None and weighing is not None and not is_thin(track, joined.rows):
        track = add_window(track, weighing.measured, weighing.weighed, paged=None)
    return verdict, track


def _advance(watch: Watch, incidents: dict[IncidentKind, Incident], verdict: Verdict) -> Notice | None:
    """Advance the drill's own incidents; return the first notice that would have been sent."""
    now = due_at(verdict.window, watch.monitor.delay)
    for kind in _AXES:
        step = advance(
            incidents.get(kind),
            verdict,
            watch.monitor.policy,
            kind=kind,
            monitor=watch.monitor.id,
            now=now,
            telling=True,
        )
        if step.incident is None:
            continue
        incidents[kind] = step.incident
        if step.told is not None:
            return build_notice(step.told, step.incident, build_facts(watch.monitor), now)
    return None
