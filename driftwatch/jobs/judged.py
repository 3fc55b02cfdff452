"""One window read and judged; whatever goes wrong is a verdict too, with its reason."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from driftwatch.calibration.layout import VOLUME_PLACE
from driftwatch.calibration.special_days import find_special_day
from driftwatch.calibration.track import Track, find_smallest, is_thin, join_waiting
from driftwatch.errors import DataError, DriftwatchError, SourceError, StoreError
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.idle import find_idle_rules, find_idle_weights
from driftwatch.incidents.judge import judge
from driftwatch.incidents.special_days import excuse_findings
from driftwatch.incidents.words import say_count, say_percent
from driftwatch.jobs.batches import Batch, fingerprint_counts
from driftwatch.jobs.beside import BesidePaced, Tracks, join_beside, pace_beside
from driftwatch.jobs.facts import EMPTY_BY_HABIT, is_empty_by_habit
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reading import OpenBatches, ReadingInterrupted
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.tracks import Paced, pace_window
from driftwatch.jobs.windows import due_at
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.slots import Claim
from driftwatch.store.verdicts import find_repeats

__all__ = ["Judged", "choose_retry", "is_final", "judge_batch", "judge_window"]

log = logging.getLogger("driftwatch.check")

MOST_TRIES = 3
"""How often a source that may recover is asked for a window before the window counts as an error."""

_FIRST_PAUSE = timedelta(seconds=30)
_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """The verdict on a window and the counts it rests on, None where nothing could be read.

    `may_recover` says that the same read may succeed later. `paced` is how the window was weighed by the
    false-alarm budget, None where it was not. `special_day` names the one it is about: its window is no part
    of the null.
    """

    verdict: Verdict
    profile: Profile | None = None
    fingerprint: str | None = None
    may_recover: bool = False
    paced: Paced | None = None
    special_day: str | None = None
    beside: BesidePaced | None = None


def judge_window(
    database: Database,
    watch: Watch,
    tracks: Tracks,
    window: Window,
    batches: OpenBatches,
    *,
    final: bool,
) -> Judged:
    """Return the verdict on `window`; not `final`, one that is incomplete is only partial.

    `tracks` is where the monitor stands before it.
    """
    try:
        return judge_batch(database, watch, tracks, window, batches.take(window), final=final)
    except (StoreError, ReadingInterrupted):
        raise
    except DriftwatchError as error:
        return _fail(window, str(error), may_recover=isinstance(error, SourceError) and error.again)
    except Exception as error:  # one poisoned monitor must not stop the others
        log.exception("judging failed monitor=%s window=%s", watch.monitor.id, window)
        return _fail(window, f"driftwatch itself failed ({type(error).__name__}); its log has the details")


def judge_batch(
    database: Database, watch: Watch, tracks: Tracks, window: Window, batch: Batch, *, final: bool
) -> Judged:
    """Return the verdict on the counts of `window`; arguments as in `judge_window`.

    Raises DataError where rules or weights are about columns that are not judged.
    """
    profile = batch.profile
    fingerprint = fingerprint_counts(profile)
    repeats = None
    if fingerprint is not None:
        repeats = database.read(lambda tx: find_repeats(tx, watch.row, fingerprint, window))
    _refuse_idle(watch)
    track, paced, other, joined = tracks.main, None, None, profile
    if track is not None and profile.rows:
        joined = join_waiting(track, window, profile)
        paced = pace_window(database, watch, track, window, profile, joined)
        other = pace_beside(database, tracks.beside, window, profile, joined)
        # That rows are missing can be shown by the few that came.
        if is_thin(track, joined.rows) and not paced.weighing.weighed.above[VOLUME_PLACE]:
            verdict = _build_thin(track, window, profile, joined)
            return Judged(
                verdict=verdict, profile=profile, fingerprint=fingerprint, paced=paced, beside=other
            )
    verdict = judge(
        watch.reference,
        joined,
        window=window,
        judging=watch.monitor.judging,
        final=final,
        repeats=repeats,
        weighing=paced.weighing if paced else None,
        # Rows that waited for this window's were not compared yet.
        compared=batch.compared if joined is profile else None,
    )
    if paced is not None and other is not None:
        verdict = join_beside(verdict, paced, other, joined)
    if profile.rows == 0 and is_empty_by_habit(watch.reference, window, watch.monitor.timezone):
        verdict = replace(verdict, reason=EMPTY_BY_HABIT)
    day = find_special_day(window, watch.monitor.special_days, watch.monitor.timezone)
    if day is not None:
        verdict = replace(verdict, findings=excuse_findings(verdict.findings, day))
    return Judged(
        verdict=verdict,
        profile=profile,
        fingerprint=fingerprint,
        paced=paced,
        special_day=day,
        beside=other,
    )


def _refuse_idle(watch: Watch) -> None:
    """Raise DataError where rules or weights are about columns that are not judged."""
    judging, reference = watch.monitor.judging, watch.reference
    idle = list(find_idle_rules(judging.rules, reference))
    if idle:
        raise DataError(f"{watch.monitor.id}: {'; '.join(idle)}; correct `rules`")
    idle = list(find_idle_weights(judging.budget.weights if judging.budget else (), reference))
    if idle:
        raise DataError(f"{watch.monitor.id}: {'; '.join(idle)}; correct `columns.importance`")


def _build_thin(track: Track, window: Window, profile: Profile, joined: Profile) -> Verdict:
    smallest = say_percent(find_smallest(track, joined.rows))
    together = "" if joined.rows == profile.rows else f", {joined.rows:,} with the windows before it"
    reason = (
        f"not enough data: {say_count(profile.rows, 'row')}{together}, which could not show a change of less "
        f"than {smallest} of the rows; they are judged with the next window's"
    )
    return Verdict(window=window, word=VerdictWord.THIN, rows=profile.rows, reason=reason)


def _fail(window: Window, reason: str, *, may_recover: bool = False) -> Judged:
    verdict = Verdict(window=window, word=VerdictWord.ERROR, rows=None, reason=reason)
    return Judged(verdict=verdict, may_recover=may_recover)


def is_final(monitor: Monitor, window: Window, now: datetime) -> bool:
    """Return whether `window` has had its time: an incomplete one is read again for one window's length."""
    return now >= due_at(window, monitor.delay) + window.length


def choose_retry(judged: Judged, claim: Claim, now: datetime, *, final: bool) -> datetime | None:
    """Return when the window is read again, None where this verdict stands."""
    if judged.verdict.word is VerdictWord.ERROR:
        if not judged.may_recover or claim.attempts >= MOST_TRIES:
            return None
        doubled: int = 2 ** (claim.attempts - 1)
        return now + _FIRST_PAUSE * doubled
    if final or judged.verdict.word not in {VerdictWord.NO_DATA, VerdictWord.PARTIAL}:
        return None
    return now + min(max(claim.window.length / 20, _SHORTEST_WAIT), _LONGEST_WAIT)
