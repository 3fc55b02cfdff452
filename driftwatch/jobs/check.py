"""Judge windows: the main flow of driftwatch.

1. claim the slot (monitor, window) with a fencing token;
2. ask the source for the window's counts on the reference's grids, outside any transaction;
3. judge them into a verdict;
4. in one transaction, which the token guards: close the slot, keep the verdict and its counts, advance the
   incidents, queue what is told and the retraining that is asked for.

Sending happens later, from the outbox. Every step can be repeated without harm: a window that was begun
and not finished is begun again, and one that somebody else finished in the meantime is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime

from driftwatch.errors import StoreError
from driftwatch.failpoints import reach
from driftwatch.incidents.finding import Verdict
from driftwatch.jobs.beside import Tracks, open_tracks
from driftwatch.jobs.finish import Finish, Run
from driftwatch.jobs.judged import choose_retry, is_final, judge_window
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.reading import OpenBatches
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.renewing import keep_claimed
from driftwatch.jobs.rolling import group_windows, roll_reference
from driftwatch.profiles.window import Window
from driftwatch.store.slots import Claim, Fenced, claim_slot, holds_slot, postpone_slot, settle_slot

__all__ = ["Checked", "check_windows"]

log = logging.getLogger("driftwatch.check")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """A window after it was looked at; `verdict` is None where somebody else has it.

    `again_at` is when it is read again, None where this verdict stands.
    """

    window: Window
    verdict: Verdict | None = None
    revision: int = 0
    again_at: datetime | None = None


def check_windows(parts: Parts, watch: Watch, windows: Sequence[Window], run: Run) -> Iterator[Checked]:
    """Judge `windows`, in order and each in its own transaction; yield what became of each.

    Those that another version of a rolling reference judges are judged by that one.
    """
    for group in group_windows(watch.monitor, windows):
        if group:
            read = parts.reader.read_reference
            rolled = roll_reference(parts.database, watch, group[0], parts.clock.now(), read=read)
            with closing(parts.reader.open_batches(rolled.monitor, rolled.reference, group)) as batches:
                yield from _check_group(parts, rolled, group, batches, run)


def _check_group(
    parts: Parts, watch: Watch, windows: Sequence[Window], batches: OpenBatches, run: Run
) -> Iterator[Checked]:
    tracks, reached = None, None
    for window in windows:
        if window.start != reached:
            tracks = None  # What lies between was judged before: it is read from the store.
        reached = window.end
        claim = _claim(parts, watch, window)
        if claim is None:
            tracks = None  # Somebody else is on it: what they find is read from the store.
            yield Checked(window=window)
            continue
        try:
            with keep_claimed(parts, claim):
                tracks = tracks or _open_tracks(parts, watch, window)
                checked, tracks = _check(parts, watch, tracks, claim, batches, run)
        except BaseException:
            _give_back(parts, claim)
            raise
        yield checked


def _check(
    parts: Parts, watch: Watch, tracks: Tracks, claim: Claim, batches: OpenBatches, run: Run
) -> tuple[Checked, Tracks | None]:
    now, started = parts.clock.now(), parts.clock.monotonic()
    final = run.replays or is_final(watch.monitor, claim.window, now)
    reach("check.read")
    judged = judge_window(parts.database, watch, tracks, claim.window, batches, final=final)
    reach("check.judged")
    again_at = None if run.replays else choose_retry(judged, claim, now, final=final)
    seconds = parts.clock.monotonic() - started
    finish = Finish(
        parts=parts, watch=watch, claim=claim, judged=judged, run=run, again_at=again_at, seconds=seconds
    )
    try:
        written = parts.database.write(finish.write, settle=lambda tx, _: settle_slot(tx, claim))
    except Fenced as error:
        log.warning("window dropped monitor=%s window=%s reason=%s", watch.monitor.id, claim.window, error)
        return Checked(window=claim.window), None
    _log_verdict(watch, judged.verdict, seconds)
    checked = Checked(
        window=claim.window, verdict=judged.verdict, revision=written.revision, again_at=again_at
    )
    after = tracks.go_on(written.track, written.beside)
    if again_at is None or written.revision:
        parts.kept.keep(watch, claim.window, claim.token, after, waits=again_at is not None)
    return checked, after


def _open_tracks(parts: Parts, watch: Watch, window: Window) -> Tracks:
    kept = parts.kept.take(parts.database, watch, window)
    return kept or open_tracks(parts.database, watch, window, parts.clock.now())


def _claim(parts: Parts, watch: Watch, window: Window) -> Claim | None:
    return parts.database.write(
        lambda tx: claim_slot(tx, watch.row, window, parts.owner, parts.lease, parts.tell_time(tx)),
        settle=lambda tx, claim: claim is None or holds_slot(tx, claim),
    )


def _give_back(parts: Parts, claim: Claim) -> None:
    """Let an interrupted window be claimed again at once; where even that fails, the lease runs out.

    An interruption is no failure of the source, so that it counts as no try.
    """
    now, before = parts.clock.now(), claim.attempts - 1
    with suppress(StoreError):
        parts.database.write(lambda tx: postpone_slot(tx, claim, now, "interrupted", attempts=before))


def _log_verdict(watch: Watch, verdict: Verdict, seconds: float) -> None:
    log.info(
        "window judged monitor=%s window=%s rows=%s verdict=%s score=%s limit=%s seconds=%.3f",
        watch.monitor.id,
        verdict.window,
        verdict.rows,
        verdict.word,
        verdict.score,
        verdict.limit,
        seconds,
    )
