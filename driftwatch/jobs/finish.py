"""The one transaction that ends a window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.calibration.track import Track
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.finding import VerdictWord
from driftwatch.incidents.revising import say_late_rows
from driftwatch.jobs.beside import Beside, charge_pinned, keep_beside
from driftwatch.jobs.catching_up import Backlog, find_backlog
from driftwatch.jobs.judged import Judged
from driftwatch.jobs.late import find_next_look
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.revising import revise_incidents
from driftwatch.jobs.steps import Steps
from driftwatch.jobs.tracks import keep_paced, keep_thin
from driftwatch.jobs.windows import due_at
from driftwatch.profiles.window import Window
from driftwatch.store.looks import plan_look
from driftwatch.store.slots import Claim, SlotState, finish_slot, postpone_slot
from driftwatch.store.verdicts import (
    Glance,
    Judgement,
    VerdictRow,
    glance_at_newest,
    list_verdicts,
    record_verdict,
)

__all__ = ["Finish", "Run", "Written"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How windows are judged: live, or as a replay of history.

    In a replay the time of every step is the window's end plus delay, and each window is judged as it is;
    live it is the clock's, except for windows that were missed, and a window that is not complete is read
    again later. Nobody is told in a replay without `tells`, nor live while missed windows are caught up:
    after the last of those, or after `tells_after`, the state of each incident is told once.
    """

    replays: bool
    tells: bool = True
    tells_after: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """What the transaction wrote: the verdict's revision, 0 where nothing is new, and where the track is now.

    `track` is None where the window adds nothing to it; so is `beside`, that of the rolling reference.
    """

    revision: int
    track: Track | None = None
    beside: Beside | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finish:
    """Everything that follows from a verdict. `again_at` is set where the window is read again."""

    parts: Parts
    watch: Watch
    claim: Claim
    judged: Judged
    run: Run
    again_at: datetime | None
    seconds: float

    def write(self, tx: sa.Connection) -> Written:
        """Write it and return what was written.

        Raises Fenced, and everything is rolled back, where the claim is not ours any more.
        """
        verdict = self.judged.verdict
        newest = glance_at_newest(tx, self.watch.row)
        backlog = self._find_backlog(tx)
        is_error = verdict.word is VerdictWord.ERROR
        if self.again_at is not None:
            reason = verdict.reason or str(verdict.word)
            # A source that answered has recovered: tries that failed are counted from here on.
            attempts = None if is_error else 0
            postpone_slot(tx, self.claim, self.again_at, reason, attempts=attempts)
            is_news = self._is_news(newest)
            revision = self._record(tx) if is_news else 0
            # What was caught up is not kept back by a window that has to wait.
            self._tell_states(tx, backlog)
            return Written(revision=revision)
        finish_slot(tx, self.claim, SlotState.DEAD if is_error else SlotState.DONE, verdict.reason)
        self._plan_look(tx)
        earlier = self._find_earlier(tx, newest)
        revision = self._record(tx)
        # A window judged out of turn changes no incident: they have seen what came after it.
        in_turn = newest is None or newest.window <= self.claim.window
        paged = self._advance(tx, newest, backlog) if in_turn else None
        if earlier is not None and (not in_turn or earlier.verdict.word in JUDGED_WORDS):
            self._revise(tx, earlier)
        return Written(
            revision=revision,
            track=self._keep_track(tx, paged, in_turn=in_turn),
            beside=self._keep_beside(tx, paged, in_turn=in_turn),
        )

    def _plan_look(self, tx: sa.Connection) -> None:
        """Have the window looked at again for rows that come late."""
        monitor, window = self.watch.monitor, self.claim.window
        if monitor.late is not None:
            due, now = due_at(window, monitor.delay), self.parts.clock.now()
            plan_look(tx, self.watch.row, window, find_next_look(due, monitor.late, now))

    def _find_earlier(self, tx: sa.Connection, newest: Glance | None) -> VerdictRow | None:
        """Return what was found in the window before; None in a replay, which changes no incident by it."""
        window = self.claim.window
        if self.run.replays or newest is None or newest.window < window:
            return None
        return next(iter(list_verdicts(tx, self.watch.row, window.start, window.end)), None)

    def _revise(self, tx: sa.Connection, earlier: VerdictRow) -> None:
        before, after = earlier.verdict.rows, self.judged.verdict.rows
        steps = self._build_steps(tx, self.parts.clock.now(), telling=self.run.tells)
        revise_incidents(steps, self.claim.window, say_late_rows(self.claim.window, before, after))

    def _find_backlog(self, tx: sa.Connection) -> Backlog:
        if self.run.replays:
            return Backlog()
        return find_backlog(tx, self.watch, self.claim.window, self.parts.clock.now())

    def _keep_track(self, tx: sa.Connection, paged: bool | None, *, in_turn: bool) -> Track | None:
        paced, profile = self.judged.paced, self.judged.profile
        if paced is not None and profile is not None and self.judged.verdict.word is VerdictWord.THIN:
            return keep_thin(tx, self.watch, paced, profile)
        if paced is None or self.judged.verdict.word not in JUDGED_WORDS:
            return None
        counts = self.judged.special_day is None
        own = charge_pinned(paged, paced, self.judged.beside)
        return keep_paced(tx, self.watch, paced, counts=counts, in_turn=in_turn, paged=own)

    def _keep_beside(self, tx: sa.Connection, paged: bool | None, *, in_turn: bool) -> Beside | None:
        judged, profile = self.judged, self.judged.profile
        thin = judged.verdict.word is VerdictWord.THIN
        if profile is None or not (thin or judged.verdict.word in JUDGED_WORDS):
            return None
        counts = judged.special_day is None
        return keep_beside(tx, judged.beside, profile, thin=thin, counts=counts, in_turn=in_turn, paged=paged)

    def _advance(self, tx: sa.Connection, newest: Glance | None, backlog: Backlog) -> bool | None:
        """Advance the incidents; return whether the window paged, None where an incident was open already."""
        window = self.claim.window
        before = newest if newest is not None and newest.window == window else None
        telling = self.run.tells and not backlog.is_quiet
        # A window that was judged before has had its step.
        paged = None
        if before is None or before.word not in JUDGED_WORDS:
            past = due_at(window, self.watch.monitor.delay)
            now = past if self.run.replays or backlog.is_missed else self.parts.clock.now()
            paged = self._build_steps(tx, now, telling=telling).advance_all(self.judged.verdict).paged
        self._tell_states(tx, backlog)
        return paged

    def _tell_states(self, tx: sa.Connection, backlog: Backlog) -> None:
        window = self.claim.window
        if backlog.is_last or window == self.run.tells_after:
            past = due_at(window, self.watch.monitor.delay)
            now = past if self.run.replays else self.parts.clock.now()
            self._build_steps(tx, now, telling=True).tell_states(caught_up=backlog.windows)

    def _build_steps(self, tx: sa.Connection, now: datetime, *, telling: bool) -> Steps:
        return Steps(tx=tx, parts=self.parts, watch=self.watch, now=now, telling=telling)

    def _is_news(self, newest: Glance | None) -> bool:
        if newest is None:
            return True
        return (newest.window, newest.word) != (self.claim.window, self.judged.verdict.word)

    def _record(self, tx: sa.Connection) -> int:
        judgement = Judgement(
            finished_at=self.parts.clock.now(),
            seconds=self.seconds,
            token=self.claim.token,
            reference_version=self.watch.reference.version,
            counts_fingerprint=self.judged.fingerprint,
        )
        return record_verdict(tx, self.watch.row, self.judged.verdict, self.judged.profile, judgement)
