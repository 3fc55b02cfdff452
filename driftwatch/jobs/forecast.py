"""What accepting an incident as the new normal would change: windows judged again in a store of their own.

The reference as it would be judges the windows since the incident began, and some before, by the path that
judges every window. They are read from their source again, for the new columns have other grids than the
counts that are stored. The store is thrown away afterwards, and nobody is told.

*How near is it?* Limits are chosen from the blocks of the new reference alone; after accepting, the scores of
the former history count as well until there are enough new ones, so that a window close to its limit may
fall on the other side of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.finding import Verdict
from driftwatch.incidents.incident import Incident
from driftwatch.jobs.acceptance import Renewal, build_renewal
from driftwatch.jobs.kept_tracks import KeptTracks
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.reference import Watch, build_watch
from driftwatch.jobs.renewals import Renewals
from driftwatch.jobs.replay import replay_windows
from driftwatch.profiles.window import Window
from driftwatch.store import migrations
from driftwatch.store.database import Database, open_database
from driftwatch.store.incidents import open_incidents
from driftwatch.store.monitors import MonitorRow, register_monitor
from driftwatch.store.references import ReferenceState, load_reference, save_reference
from driftwatch.store.verdicts import list_verdicts

__all__ = ["Forecast", "Judged", "forecast_acceptance"]

_MOST_SINCE, _MOST_BEFORE = 40, 10
_LONGEST = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One window: the verdict that it has, and the one that it would have had."""

    window: Window
    before: Verdict
    after: Verdict

    @property
    def differs(self) -> bool:
        """Whether it would have been judged differently."""
        return self.after.word is not self.before.word


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What accepting would change.

    `columns` would be judged by `windows` from then on, and `incidents` would end. `judged` are the windows
    that were tried, oldest first; `left_out` is how many were not, for want of time.
    """

    columns: tuple[str, ...]
    windows: tuple[Window, ...]
    incidents: tuple[int, ...]
    judged: tuple[Judged, ...]
    left_out: int = 0

    @property
    def changed(self) -> tuple[Judged, ...]:
        """The windows that would have been judged differently."""
        return tuple(one for one in self.judged if one.differs)


def forecast_acceptance(
    parts: Parts, monitor: Monitor, incident: Incident, *, longest: timedelta = _LONGEST
) -> Forecast:
    """Return what accepting `incident` would change; nothing is kept, and windows are read for `longest`.

    Of the windows since it began the newest 40 are tried, and the 10 before the first of them. Raises what
    `build_renewal` raises.
    """
    renewal = build_renewal(parts, monitor, incident)
    known = parts.database.read(lambda tx: _list_known(tx, renewal))
    ends = parts.database.read(
        lambda tx: tuple(one.id for one in open_incidents(tx, renewal.row) if one.opened_at is not None)
    )
    with _open_store() as database:
        # A history that was begun before any of these windows owes nothing of them.
        watch = _set_up(database, monitor, renewal, parts.clock.now())
        apart = replace(parts, database=database, kept=KeptTracks(), renewals=Renewals(), read_time=None)
        seen = list(_judge(apart, watch, [window for window, _ in known], longest))
    judged = tuple(
        Judged(window=window, before=before, after=after)
        for (window, before), after in zip(known, seen, strict=False)
        if after is not None
    )
    return Forecast(
        columns=renewal.columns,
        windows=renewal.windows,
        incidents=ends,
        judged=judged,
        left_out=len(known) - len(seen),
    )


def _list_known(tx: sa.Connection, renewal: Renewal) -> list[tuple[Window, Verdict]]:
    """Return the windows that are tried with the verdicts that they have, oldest first."""
    rows = [row for row in list_verdicts(tx, renewal.row) if row.verdict.word in JUDGED_WORDS]
    since = [row for row in rows if row.window.start >= renewal.windows[0].start][-_MOST_SINCE:]
    before = [row for row in rows if row.window.start < renewal.windows[0].start][-_MOST_BEFORE:]
    return [(row.window, row.verdict) for row in (*before, *since)]


@contextmanager
def _open_store() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="driftwatch-", ignore_cleanup_errors=True) as folder:
        url = f"sqlite:///{folder}/forecast.db"
        migrations.upgrade(url)
        with closing(open_database(url)) as database:
            yield database


def _set_up(database: Database, monitor: Monitor, renewal: Renewal, now: datetime) -> Watch:
    quiet = replace(monitor, notify=(), retrain=None)

    def keep(tx: sa.Connection) -> MonitorRow:
        row = register_monitor(
            tx, monitor.id, identity=monitor.identity, config_fingerprint=monitor.fingerprint, now=now
        )
        save_reference(tx, row, renewal.reference, spec=renewal.spec, now=now, state=ReferenceState.ACTIVE)
        return row

    row = database.write(keep)
    reference = database.read(lambda tx: load_reference(tx, row))
    return build_watch(quiet, row, reference or renewal.reference)


def _judge(
    parts: Parts, watch: Watch, windows: Sequence[Window], longest: timedelta
) -> Iterator[Verdict | None]:
    ends_at = parts.clock.monotonic() + longest.total_seconds()
    for seen in replay_windows(parts, watch, windows, notify="none"):
        yield seen.verdict
        if parts.clock.monotonic() >= ends_at:
            return
