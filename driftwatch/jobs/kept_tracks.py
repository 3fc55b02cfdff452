"""Tracks of monitors that a daemon keeps at hand from one window to the next.

Building one again from the store reads every window of a season cycle and all scores of the null. One that
was kept is good as long as the store says that its window was the last to be judged, by us, and that nobody
has labelled an incident since.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.jobs.beside import Tracks
from driftwatch.jobs.reference import Watch
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.scores import read_ledger
from driftwatch.store.verdicts import find_newest_token

__all__ = ["KeptTracks"]

_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    history: int
    version: int
    fingerprint: str
    window: Window
    token: int
    next_start: datetime
    tracks: Tracks


class KeptTracks:
    """The tracks of up to a thousand monitors, those that were used last. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    def take(self, database: Database, watch: Watch, window: Window) -> Tracks | None:
        """Return where the monitor stands before `window`; None where that has to be read from the store."""
        with self._lock:
            kept = self._kept.get(watch.row.id)
        if kept is None or not _fits(kept, watch, window):
            return None
        return kept.tracks if database.read(lambda tx: _still_holds(tx, watch, kept)) else None

    def keep(self, watch: Watch, window: Window, token: int, tracks: Tracks, *, waits: bool = False) -> None:
        """Keep where the monitor stands after `window`, which was judged under a claim with `token`.

        Before it, where the window `waits` for its rows and is read again.
        """
        kept = _Kept(
            history=watch.row.history,
            version=watch.reference.version,
            fingerprint=watch.monitor.fingerprint,
            window=window,
            token=token,
            next_start=window.start if waits else window.end,
            tracks=tracks,
        )
        with self._lock:
            self._kept[watch.row.id] = kept
            self._kept.move_to_end(watch.row.id)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)


def _fits(kept: _Kept, watch: Watch, window: Window) -> bool:
    present = (watch.row.history, watch.reference.version, watch.monitor.fingerprint)
    same = (kept.history, kept.version, kept.fingerprint) == present
    return same and kept.next_start == window.start and kept.tracks.is_for(watch, window)


def _still_holds(tx: sa.Connection, watch: Watch, kept: _Kept) -> bool:
    if find_newest_token(tx, watch.row) != (kept.window.start, kept.token):
        return False
    ledger, main = read_ledger(tx, watch.row), kept.tracks.main
    if ledger is None or main is None:
        return ledger is None
    return not ledger.outdated and ledger.level == main.level
