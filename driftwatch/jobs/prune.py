"""Thin out and drop what has been kept for long enough, a few hundred rows at a time.

1. Counts of windows are kept as they were counted, then coarsely, then no longer; verdicts with all that was
   found, incidents that are resolved and what was told of them are kept for longer, and then dropped too.
2. How old something is counts from when a window was judged: history judged today is kept as long as today's.
3. Never dropped is what anything else rests on: slots, for a window that was judged is owed no more; windows
   that limits and open incidents are worked out from (see `driftwatch.jobs.keeping`); incidents that are not
   resolved, that a retrain was requested for, or of which something is still to be told; references that
   judge, or have judged what is kept. A monitor that the configuration no longer names keeps everything.

One process at a time does so. Every step can be repeated, and an interrupted run is taken up by the next.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import sqlalchemy as sa

from driftwatch.errors import DriftwatchError, StoreError
from driftwatch.incidents.codec import decode_incident
from driftwatch.jobs.keeping import Floors, find_floors, list_scopes, stretch_retention
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.pruned import Pruned, split_verdicts
from driftwatch.jobs.retention import Retention
from driftwatch.jobs.superseded import list_superseded
from driftwatch.jobs.thinning import Thinner
from driftwatch.store.leases import Lease, holds_lease, release_lease, take_lease
from driftwatch.store.markers import delete_markers, list_old_markers
from driftwatch.store.monitors import MonitorRow, find_monitor, name_companion
from driftwatch.store.pruning import (
    OldVerdict,
    Scope,
    count_columns,
    delete_calibrations,
    delete_scores,
    delete_verdicts,
    drop_counts,
    find_oldest_verdict,
    has_verdicts,
    keep_coarsely,
    list_old_verdicts,
)
from driftwatch.store.pruning_cases import (
    OldIncident,
    begin_dropping,
    delete_deliveries,
    delete_incident_parts,
    delete_incidents,
    delete_reference_parts,
    is_reference_used,
    list_old_deliveries,
    list_old_incidents,
)
from driftwatch.store.references import find_former, list_references
from driftwatch.store.verdicts import Grain

__all__ = ["prune_store"]

log = logging.getLogger("driftwatch.prune")

T = TypeVar("T")

_LEASES = 5
"""How many times longer than other work a piece of pruning may take before another process takes it over."""

_EVERY_GRAIN = (None, Grain.COARSE, Grain.GONE)
_WITH_COUNTS = (None, Grain.COARSE)


class _OvertakenError(Exception):
    """Another process prunes by now."""


def prune_store(
    parts: Parts,
    monitors: Sequence[Monitor],
    retention: Retention,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> Pruned | None:
    """Thin out and drop what is old, and return what that was; None where another process is at it.

    `monitors` are those of the configuration, `retention` holds for what belongs to none of them. Trouble
    with one monitor is logged and does not keep the others. It ends early once `stopping` says so.
    """
    lease = parts.database.write(partial(_take_lease, parts=parts))
    if lease is None:
        return None
    run = _Run(parts=parts, lease=lease, now=parts.clock.now(), stopping=stopping)
    try:
        for monitor in monitors:
            run.prune_monitor(monitor)
        run.prune_told(None, [monitor.id for monitor in monitors], retention)
        run.prune_markers(None, [monitor.id for monitor in monitors], retention)
    except _OvertakenError:
        log.warning("pruning ended early reason=another process has taken it over")
    else:
        parts.database.write(lambda tx: release_lease(tx, lease))
    if not run.found.is_nothing:
        log.info("store pruned %s", " ".join(f"{name}={count}" for name, count in run.list_found()))
    return run.found


class _Run:
    """One run over the store, under a lease."""

    def __init__(self, *, parts: Parts, lease: Lease, now: datetime, stopping: Callable[[], bool]) -> None:
        self._parts = parts
        self._lease = lease
        self._now = now
        self._stopping = stopping
        self.found = Pruned()

    def list_found(self) -> list[tuple[str, int]]:
        """Return what was done by name."""
        return [(name, getattr(self.found, name)) for name in (field.name for field in fields(Pruned))]

    def prune_monitor(self, monitor: Monitor) -> None:
        """Thin out and drop what is old of one monitor."""
        row = self._read(lambda tx: find_monitor(tx, monitor.id))
        if row is None:
            return
        try:
            self._renew()
            self._prune_windows(monitor, row)
            kept = stretch_retention(monitor)
            self._prune_incidents(row, kept)
            self.prune_told(monitor.id, (), kept)
            self.prune_markers(monitor.id, (), kept)
            self._prune_references(row, kept)
            self._prune_companion(row, kept)
        except DriftwatchError as error:
            log.error("pruning failed monitor=%s reason=%s", monitor.id, error)  # noqa: TRY400 - the reason says it all.

    def _prune_windows(self, monitor: Monitor, row: MonitorRow) -> None:
        kept = stretch_retention(monitor)
        thinner, columns = (
            Thinner(self._parts.database, row),
            self._read(lambda tx: count_columns(tx, row.id)),
        )
        for scope in list_scopes(row):
            floors = self._read(partial(find_floors, monitor=monitor, row=row, scope=scope))
            self._delete_verdicts(scope, floors, kept, columns)
            self._drop_counts(scope, floors, kept, columns)
            self._coarsen(scope, floors, kept, thinner)
            while count := self._write(partial(delete_calibrations, scope=scope)):
                self._add(calibrations=count)

    def _delete_verdicts(
        self, scope: Scope, floors: Floors, kept: Retention, columns: dict[int, int]
    ) -> None:
        for grain in _EVERY_GRAIN:
            for some in self._list_old(scope, grain, kept.findings, floors.verdicts):
                for part in split_verdicts(some, columns):
                    self._write(partial(delete_verdicts, scope=scope, olds=part))
                    self._add(verdicts=len(part))

    def _drop_counts(self, scope: Scope, floors: Floors, kept: Retention, columns: dict[int, int]) -> None:
        for grain in _WITH_COUNTS:
            for some in self._list_old(scope, grain, kept.coarse, floors.counts):
                for part in split_verdicts(some, columns):
                    self._write(partial(drop_counts, scope=scope, olds=part))
                    self._add(counts=sum(old.has_counts for old in part))

    def _coarsen(self, scope: Scope, floors: Floors, kept: Retention, thinner: Thinner) -> None:
        for some in self._list_old(scope, None, kept.full, floors.fine):
            for old in some:
                if self._stopping():
                    return
                try:
                    counts = thinner.thin(scope, old)
                except StoreError as error:
                    log.warning("counts not thinned out reason=%s", error)
                    continue
                done = self._write(partial(keep_coarsely, scope=scope, old=old, counts=counts))
                self._add(coarse=int(done and old.has_counts))

    def _list_old(
        self, scope: Scope, grain: Grain | None, age: timedelta, floor: datetime
    ) -> Iterator[list[OldVerdict]]:
        """Yield what was judged longer ago than `age`, some at a time."""
        after: OldVerdict | None = None
        while not self._stopping():
            find = partial(list_old_verdicts, scope=scope, grain=grain, floor=floor, after=after)
            some = self._read(partial(find, before=self._now - age))
            if not some:
                return
            yield some
            after = some[-1]

    def _prune_incidents(self, row: MonitorRow, kept: Retention) -> None:
        """Drop incidents of which no window is kept any more."""
        after, before = 0, self._now - kept.findings
        while not self._stopping():
            find = partial(list_old_incidents, monitor_id=row.id, before=before, after=after)
            some = self._read(find)
            if not some:
                return
            for old in some:
                if not self._read(partial(_has_windows, row=row, old=old)):
                    self._drop_incident(old)
            after = some[-1].id

    def _drop_incident(self, old: OldIncident) -> None:
        while self._write(partial(delete_incident_parts, incident_id=old.id)):
            pass
        self._add(incidents=self._write(partial(delete_incidents, ids=[old.id])))

    def prune_told(self, monitor: str | None, others: Sequence[str], kept: Retention) -> None:
        """Drop what was told beside any incident, of one monitor or of all but `others`."""
        find = partial(list_old_deliveries, before=self._now - kept.findings, monitor=monitor, others=others)
        while not self._stopping() and (some := self._read(find)):
            self._write(partial(delete_deliveries, ids=some))
            self._add(deliveries=len(some))

    def prune_markers(self, monitor: str | None, others: Sequence[str], kept: Retention) -> None:
        """Drop old markers, of one monitor or of all but `others`."""
        find = partial(list_old_markers, before=self._now - kept.findings, monitor=monitor, others=others)
        while not self._stopping() and (some := self._read(find)):
            self._write(partial(delete_markers, ids=some))
            self._add(markers=len(some))

    def _prune_references(self, row: MonitorRow, kept: Retention) -> None:
        before = self._now - kept.findings
        versions, former = self._read(lambda tx: (list_references(tx, row), find_former(tx, row)))
        for one in list_superseded(versions, former, before):
            if self._stopping() or self._read(
                partial(is_reference_used, monitor_id=row.id, version=one.version)
            ):
                continue
            if self._write(partial(begin_dropping, monitor_id=row.id, version=one.version)):
                while not self._write(
                    partial(delete_reference_parts, monitor_id=row.id, version=one.version)
                ):
                    pass
                self._add(references=1)

    def _prune_companion(self, row: MonitorRow, kept: Retention) -> None:
        """Drop what a rolling reference beside the monitor's own keeps of windows that have no verdict."""
        companion = self._read(lambda tx: find_monitor(tx, name_companion(row.key)))
        if companion is None:
            return
        oldest = self._read(partial(find_oldest_verdict, monitor_id=row.id))
        for scope in list_scopes(companion):
            while count := self._write(partial(delete_scores, scope=scope, before=oldest)):
                self._add(scores=count)
            while count := self._write(partial(delete_calibrations, scope=scope)):
                self._add(calibrations=count)
        self._prune_references(companion, kept)

    def _add(self, **more: int) -> None:
        self.found = self.found.add(**more)

    def _renew(self) -> None:
        parts = self._parts
        again = parts.database.write(partial(_take_lease, parts=parts))
        if again is None or again.term != self._lease.term:
            raise _OvertakenError

    def _read(self, work: Callable[[sa.Connection], T]) -> T:
        return self._parts.database.read(work)

    def _write(self, work: Callable[[sa.Connection], T]) -> T:
        def run(tx: sa.Connection) -> T:
            if not holds_lease(tx, self._lease):
                raise _OvertakenError
            return work(tx)

        return self._parts.database.write(run)


def _take_lease(tx: sa.Connection, *, parts: Parts) -> Lease | None:
    return take_lease(tx, "prune", parts.owner, _LEASES * parts.lease, parts.tell_time(tx))


def _has_windows(tx: sa.Connection, *, row: MonitorRow, old: OldIncident) -> bool:
    incident = decode_incident(dict(old.document), id=old.id)
    scope = Scope(monitor_id=row.id, history=old.history)
    return has_verdicts(tx, scope, incident.first_window.start, incident.last_window.start)
