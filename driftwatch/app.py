"""The composition root: configuration, store and clock put together into what the jobs work with."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from driftwatch.access.act import Act
from driftwatch.access.caller import How
from driftwatch.config.loading import Config
from driftwatch.errors import StoreError, UsageError
from driftwatch.jobs.cases import end_cases
from driftwatch.jobs.clock import Clock, StoreClock, SystemClock
from driftwatch.jobs.markers import note_changes
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.oddities import warn_of_oddities
from driftwatch.jobs.parts import Parts, build_id_maker
from driftwatch.jobs.reading import OwnReader, Reader
from driftwatch.jobs.reference import (
    Watch,
    build_watch,
    ensure_reference,
    keep_reference,
    settle_reference,
)
from driftwatch.jobs.removal import tell_detached
from driftwatch.jobs.replicas import apply_fingerprint, claim_instance, is_in_force, is_of_instance
from driftwatch.net.database_address import parse_address
from driftwatch.profiles.reference import Reference
from driftwatch.store import migrations
from driftwatch.store.audit import write_act
from driftwatch.store.clock import measure_offset, read_time
from driftwatch.store.database import Database, open_database
from driftwatch.store.file_lock import FileLock
from driftwatch.store.monitors import (
    MonitorRow,
    find_monitor,
    list_monitors,
    mark_detached,
    record_config,
    register_monitor,
)
from driftwatch.store.references import list_active, load_reference

__all__ = ["App", "find_lock", "open_app", "open_store"]

log = logging.getLogger("driftwatch.app")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class App:
    """A configuration at work: its parts, and its monitors as the store knows them."""

    config: Config
    parts: Parts

    @property
    def database(self) -> Database:
        """The open store."""
        return self.parts.database

    def find_monitor(self, name: str) -> Monitor:
        """Return the monitor with this id. Raises UsageError with the known ids."""
        for monitor in self.config.monitors:
            if monitor.id == name:
                return monitor
        known = ", ".join(monitor.id for monitor in self.config.monitors) or "none"
        raise UsageError(f"there is no monitor {name!r} in the configuration; there are: {known}")

    def find_row(self, monitor: Monitor) -> MonitorRow | None:
        """Return what the store knows of `monitor`, None before its first start."""
        return self.database.read(lambda tx: find_monitor(tx, monitor.id))

    def attach(self, monitor: Monitor) -> MonitorRow:
        """Return the monitor's row, made or brought up to date; a changed identity starts a new history."""
        now = self.parts.clock.now()
        before = self.find_row(monitor)

        def register(tx: sa.Connection) -> MonitorRow:
            known = find_monitor(tx, monitor.id)
            row = register_monitor(
                tx,
                monitor.id,
                identity=monitor.identity,
                config_fingerprint=monitor.fingerprint,
                now=now,
                model=monitor.model.name_whole() if monitor.model else None,
            )
            note_changes(tx, monitor, known, row, now)
            if known is not None and known.history != row.history:
                end_cases(tx, self.parts, monitor, known)
            return row

        row = self.database.write(register)
        if before is not None and before.history != row.history:
            log.warning("new history started monitor=%s history=%s", monitor.id, row.history)
        return row

    def watch(self, monitor: Monitor, *, at: datetime | None = None) -> Watch:
        """Return the monitor with its active reference, which is built where there is none yet.

        `at` is the time of the first window that is to be judged, where that is not the present one.
        """
        known, now = self.find_row(monitor), self.parts.clock.now()
        if known is not None and known.identity != monitor.identity:
            settled = settle_reference(self.database, monitor, None, at or now)
            reference = self.parts.reader.read_reference(settled)
            _, version = self._keep(settled, reference)
            warn_of_oddities(monitor, reference, version)
        row, read = self.attach(monitor), self.parts.reader.read_reference
        return ensure_reference(self.database, monitor, row, now, at=at, read=read)

    def resume(self, monitor: Monitor) -> Watch | None:
        """Return the monitor with the reference that is active now; None where there is none for its data.

        For when `watch` fails because another reference cannot be built: judging goes on meanwhile.
        """
        row = self.find_row(monitor)
        if row is None or row.identity != monitor.identity:
            return None
        reference = self.database.read(lambda tx: load_reference(tx, row))
        return None if reference is None else build_watch(monitor, row, reference)

    def rebuild(self, monitor: Monitor) -> tuple[MonitorRow, int]:
        """Build the reference that the configuration asks for; return the monitor's row and the version.

        Reading comes first: a source that cannot be read ends no history.
        """
        settled = settle_reference(self.database, monitor, self.find_row(monitor), self.parts.clock.now())
        return self._keep(settled, self.parts.reader.read_reference(settled))

    def _keep(self, monitor: Monitor, reference: Reference) -> tuple[MonitorRow, int]:
        row = self.attach(monitor)
        return row, keep_reference(self.database, monitor, row, reference, self.parts.clock.now())

    def is_current(self, watch: Watch) -> bool:
        """Return whether `watch` still judges against the active reference."""
        return bool(self.list_current([watch]))

    def list_current(self, watches: Iterable[Watch]) -> list[Watch]:
        """Return those of `watches` that still judge against the active reference."""
        active = self.database.read(list_active)
        return [one for one in watches if (one.row.id, one.row.history, one.reference.version) in active]

    def replace_config(self, config: Config) -> App:
        """Return the application under another configuration, on the same open store."""
        parts = replace(
            self.parts,
            channels=config.destinations,
            triggers=config.triggers,
            gate=config.gate,
            public_url=config.public_url,
        )
        return App(config=config, parts=parts)

    def apply_config(self) -> None:
        """Record the configuration, and detach the monitors that it no longer names: each is told once."""
        named = {monitor.id for monitor in self.config.monitors}
        now = self.parts.clock.now()

        def apply(tx: sa.Connection) -> list[str]:
            if not is_in_force(tx, self.config.fingerprint):
                write_act(tx, self._build_act(now))
            record_config(tx, self.config.fingerprint, _summarise(self.config), now)
            apply_fingerprint(tx, self.config.fingerprint)
            missing = [row.key for row in list_monitors(tx) if row.key not in named]
            detached = mark_detached(tx, missing, now)
            tell_detached(tx, self.parts, detached)
            return detached

        for key in self.database.write(apply):
            log.warning(
                "monitor detached monitor=%s reason=the configuration no longer names it; its state is kept",
                key,
            )

    def _build_act(self, now: datetime) -> Act:
        """Return that the configuration is taken up, for whoever asks later since when it holds."""
        details = {"fingerprint": self.config.fingerprint, "monitors": str(len(self.config.monitors))}
        owner = self.parts.owner
        return Act(at=now, actor=owner, how=How.DAEMON, action="config.apply", details=details)

    def is_in_force(self) -> bool:
        """Return whether no other configuration was applied since by another replica."""
        return self.database.read(lambda tx: is_in_force(tx, self.config.fingerprint))

    def set_clock(self) -> timedelta:
        """Set the clock by the store's, and return by how much that was ahead of the machine's."""
        clock = self.parts.clock
        if not isinstance(clock, StoreClock):
            return timedelta(0)
        clock.set_by(partial(measure_offset, self.database))
        return clock.offset

    def close(self) -> None:
        """Close the store, and let go of whoever reads."""
        self.parts.reader.close()
        self.database.close()


def open_app(config: Config, *, clock: Clock | None = None, reader: Reader | None = None) -> App:
    """Return the configuration at work on its store, whose tables are made where there are none.

    `clock` is believed as it is; without one the machine's is set by the store's. `reader` is who reads;
    without one this process does. Raises StoreError where the store cannot be used, and InstanceError where
    it is another installation's.
    """
    database = open_store(config)
    try:
        if not database.read(lambda tx: is_of_instance(tx, config.instance)):
            database.write(lambda tx: claim_instance(tx, config.instance))
        used = clock or StoreClock(SystemClock())
        parts = Parts(
            database=database,
            channels=config.destinations,
            triggers=config.triggers,
            gate=config.gate,
            owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}",
            clock=used,
            make_id=build_id_maker(used),
            read_time=None if clock else read_time,
            reader=reader or OwnReader(),
            public_url=config.public_url,
        )
        app = App(config=config, parts=parts)
        app.set_clock()
    except BaseException:
        database.close()
        raise
    return app


def open_store(config: Config) -> Database:
    """Return the open store; an empty database gets its tables, an outdated one is refused.

    Raises StoreError, which says what to do.
    """
    url = config.store_url.reveal()
    state = migrations.check(url)
    if state.current is None:
        migrations.upgrade(url)
    elif not state.ok:
        way_out = (
            "it was written by a newer driftwatch: upgrade the program"
            if state.is_newer
            else "stop every daemon on it, back it up, then run `driftwatch db upgrade`"
        )
        raise StoreError(
            f"the store is at schema revision {state.current}, this version needs {state.head}; {way_out}"
        )
    database = open_database(url)
    lock = find_lock(config)
    if lock is not None and lock.is_taken():
        database.set_checkpointing(False)
    return database


def find_lock(config: Config) -> FileLock | None:
    """Return the lock of a store in a SQLite file, None for one on a server."""
    address = parse_address(config.store_url.reveal(), purpose="store")
    return FileLock(Path(str(address.database))) if address.get_backend_name() == "sqlite" else None


def _summarise(config: Config) -> Mapping[str, object]:
    monitors = {monitor.id: monitor.fingerprint for monitor in config.monitors}
    return {
        "monitors": monitors,
        "channels": sorted(config.channels),
        "triggers": sorted(config.triggers),
    }
