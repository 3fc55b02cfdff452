"""Everything that `driftwatch doctor` looks at: values are found here, and judged by pure functions."""

from __future__ import annotations

import os
import shutil
import stat
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import sqlalchemy as sa

from driftwatch.errors import DriftwatchError
from driftwatch.jobs.backup import read_last_backup
from driftwatch.jobs.checks import Check, pass_check, trouble
from driftwatch.jobs.clock import Clock
from driftwatch.jobs.doctor import Life, check_clock, check_config, check_life, check_zones
from driftwatch.jobs.doctor_access import AccessFacts, check_access
from driftwatch.jobs.doctor_store import FileFacts, check_file, check_server
from driftwatch.jobs.heartbeat import read_beat
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reaching import check_destinations, check_sources
from driftwatch.net.database_address import parse_address
from driftwatch.store import migrations
from driftwatch.store.clock import measure_offset
from driftwatch.store.database import Database, open_database
from driftwatch.store.file_lock import FileLock
from driftwatch.store.health import FileHealth, look_at_file, look_at_server
from driftwatch.store.outbox import summarise_outbox
from driftwatch.store.tokens import list_tokens
from driftwatch.store.users import list_users

__all__ = ["Patient", "examine", "find_filesystem"]

_MOUNTS = Path("/proc/mounts")
_BESIDE = ("", "-wal", "-shm", ".lock")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patient:
    """What is looked at: the configuration's file and what it says."""

    config: Path
    fingerprint: str
    store_url: str
    channels: Mapping[str, object]
    triggers: Mapping[str, object]
    monitors: Sequence[Monitor]
    access: AccessFacts = field(default_factory=AccessFacts)


def examine(patient: Patient, clock: Clock) -> Iterator[Check]:
    """Yield what was found, one check after the other; nothing is changed and nobody is told.

    Where the store cannot be opened, nothing more is said of it, and of everything else all the same.
    """
    yield check_config(patient.config.name, patient.config.stat().st_mode)
    yield check_zones(_find_system_zones(), _find_packaged_zones())
    yield from _examine_store(patient, clock)
    yield from check_sources(patient.monitors)
    yield from check_destinations("channel", patient.channels, clock.now())
    yield from check_destinations("trigger", patient.triggers, clock.now())


def _examine_store(patient: Patient, clock: Clock) -> Iterator[Check]:
    url = patient.store_url
    try:
        state = migrations.check(url)
        if not state.ok:
            advice = "upgrade the program" if state.is_newer else "driftwatch db upgrade"
            said = f"at revision {state.current or 'none'}, this version needs {state.head}"
            yield trouble("schema", said, advice)
            return
        database = open_database(url)
    except DriftwatchError as error:
        yield trouble("store", str(error), "without its store driftwatch does nothing")
        return
    try:
        yield pass_check("store", database.place)
        yield pass_check("schema", f"at revision {state.current}")
        yield from _examine_database(database, url)
        yield check_clock(measure_offset(database, clock.now))
        yield from check_life(database.read(lambda tx: _read_life(tx, patient, clock)))
        yield from check_access(database.read(lambda tx: _count_callers(tx, patient.access, clock)))
    except DriftwatchError as error:
        yield trouble("store", str(error), "without its store driftwatch does nothing")
    finally:
        database.close()


def _examine_database(database: Database, url: str) -> Iterator[Check]:
    if database.dialect == "sqlite":
        path = Path(str(parse_address(url, purpose="store").database))
        if FileLock(path).is_taken():
            # The daemon that has the lock checkpoints alone.
            database.set_checkpointing(False)
        yield from check_file(_find_facts(look_at_file(database, url)))
    else:
        yield from check_server(look_at_server(url))


def _find_facts(found: FileHealth) -> FileFacts:
    path = found.path
    beside = [path.with_name(path.name + ending) for ending in _BESIDE]
    return FileFacts(
        version=found.version,
        journal=found.journal,
        synchronous=found.synchronous,
        damage=found.damage,
        filesystem=find_filesystem(path, _MOUNTS.read_text() if _MOUNTS.exists() else ""),
        size=sum(one.stat().st_size for one in beside if one.exists()),
        free=shutil.disk_usage(path.parent).free,
        modes=tuple((one.name, stat.S_IMODE(one.stat().st_mode)) for one in beside if one.exists()),
        folder_mode=stat.S_IMODE(path.parent.stat().st_mode),
    )


def find_filesystem(path: Path, mounts: str) -> str | None:
    r"""Return the type of the file system that `path` lies on, by the lines of `/proc/mounts`.

    >>> find_filesystem(Path("/srv/my data/a.db"), "d / ext4 rw 0 0\nh:/x /srv/my\\040data nfs4 rw 0 0\n")
    'nfs4'
    """
    real = Path(os.path.realpath(path))
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        fields = line.split(" ")
        # Spaces, tabs, newlines and backslashes are written as octal numbers.
        place = Path(fields[1].encode().decode("unicode_escape").encode("latin-1").decode())
        # Of two that are mounted at one place the later covers the earlier.
        if real.is_relative_to(place) and (found is None or len(place.parts) >= found[0]):
            found = (len(place.parts), fields[2])
    return None if found is None else found[1]


def _count_callers(tx: sa.Connection, facts: AccessFacts, clock: Clock) -> AccessFacts:
    return replace(facts, users=len(list_users(tx)), tokens=len(list_tokens(tx, clock.now())))


def _read_life(tx: sa.Connection, patient: Patient, clock: Clock) -> Life:
    now = clock.now()
    return Life(
        now=now,
        beat=read_beat(tx),
        backed_up_at=read_last_backup(tx),
        outbox=summarise_outbox(tx, now),
        fingerprint=patient.fingerprint,
    )


def _find_system_zones() -> str | None:
    """Return the version of the system's tz database, "" where it does not say; None where there is none."""
    folders = [Path(folder) for folder in zoneinfo.TZPATH if (Path(folder) / "UTC").exists()]
    for folder in folders[:1]:
        for name in ("tzdata.zi", "+VERSION"):
            if (folder / name).is_file():
                with (folder / name).open(encoding="ascii", errors="replace") as text:
                    return text.readline().removeprefix("# version ").strip()
        return ""
    return None


def _find_packaged_zones() -> str | None:
    try:
        # A package of 2025.2 has the database 2025b.
        year, number = version("tzdata").split(".")[:2]
    except PackageNotFoundError:
        return None
    return f"{year}{chr(ord('a') + int(number) - 1)}"
