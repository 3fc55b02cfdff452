"""The one transaction that ends a window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.calibration.track import Track
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.jobs.judged import Judged, is_final
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.steps import Steps
from driftwatch.jobs.tracks import keep_paced, keep_thin
from driftwatch.jobs.windows import due_at
from driftwatch.profiles.window import Window
from driftwatch.store.slots import Claim, SlotState, finish_slot, postpone_slot
from driftwatch.store.verdicts import Judgement, VerdictRow, newest_verdict, record_verdict

__all__ = ["Finish", "Run", "Written"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How windows are judged: live, or as a replay of history.

    In a replay the time of every step is the window's end plus delay, and each window is judged as it is;
    live it is the clock's, except for windows that were missed, and a window that is not complete is read
    again later. Windows that fell due before `tells_from` are history: nobody is told while they are judged.
    After `tells_after`, the last of them, the state of each incident is told once.
    """

    replays: bool
    tells_from: datetime | None = None
    tells_after: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """What the transaction wrote: the verdict's revision, 0 where nothing is new, and where the track is now.

    `track` is None where the window adds nothing to it.
    """

    revision: int
    track: Track | None = None


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
        newest = newest_verdict(tx, self.watch.row)
        is_error = verdict.word is VerdictWord.ERROR
        if self.again_at is not None:
            reason = verdict.reason or str(verdict.word)
            # A source that answered has recovered: tries that failed are counted from here on.
            attempts = None if is_error else 0
            postpone_slot(tx, self.claim, self.again_at, reason, attempts=attempts)
            is_news = self._is_news(newest.verdict if newest else None)
            return Written(revision=self._record(tx) if is_news else 0)
        finish_slot(tx, self.claim, SlotState.DEAD if is_error else SlotState.DONE, verdict.reason)
        revision = self._record(tx)
        # A window judged out of turn changes no incident: they have seen what came after it.
        in_turn = newest is None or newest.window <= self.claim.window
        paged = self._advance(tx, newest) if in_turn else None
        return Written(revision=revision, track=self._keep_track(tx, paged, in_turn=in_turn))

    def _keep_track(self, tx: sa.Connection, paged: bool | None, *, in_turn: bool) -> Track | None:
        paced, profile = self.judged.paced, self.judged.profile
        if paced is not None and profile is not None and self.judged.verdict.word is VerdictWord.THIN:
            return keep_thin(tx, self.watch, paced, profile)
        if paced is None or self.judged.verdict.word not in JUDGED_WORDS:
            return None
        counts = self.judged.special_day is None
        return keep_paced(tx, self.watch, paced, counts=counts, in_turn=in_turn, paged=paged)

    def _advance(self, tx: sa.Connection, newest: VerdictRow | None) -> bool | None:
        """Advance the incidents; return whether the window paged, None where an incident was open already."""
        window = self.claim.window
        before = newest.verdict if newest is not None and newest.window == window else None
        due = due_at(window, self.watch.monitor.delay)
        steps = Steps(
            tx=tx,
            parts=self.parts,
            watch=self.watch,
            now=due if self.run.replays or self._was_missed(newest) else self.parts.clock.now(),
            telling=self.run.tells_from is None or due >= self.run.tells_from,
        )
        # A window that was judged before has had its step.
        paged = None
        if before is None or before.word not in JUDGED_WORDS:
            paged = steps.advance_all(self.judged.verdict).paged
        if window == self.run.tells_after:
            steps.tell_states()
        return paged

    def _was_missed(self, newest: VerdictRow | None) -> bool:
        """Return whether nobody looked at the window while it had its time, so that it is history too."""
        looked_at = self.parts.clock.now()
        if newest is not None and newest.window == self.claim.window:
            looked_at = newest.judgement.finished_at
        return is_final(self.watch.monitor, self.claim.window, looked_at)

    def _is_news(self, newest: Verdict | None) -> bool:
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
