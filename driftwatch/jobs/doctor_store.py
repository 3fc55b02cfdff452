"""What the doctor says of the store's database and of where it lies (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from driftwatch.jobs.checks import Check, Health, pass_check, trouble, warn
from driftwatch.store.health import ServerHealth

__all__ = ["FileFacts", "check_file", "check_server"]

_SAFE_SQLITE: Final = (3, 51, 3)
"""Before it a reset of the journal may lose writes: https://www.sqlite.org/wal.html#walresetbug."""
_OLDEST: Final = {"PostgreSQL": (14,), "MariaDB": (10, 6)}
_FULL: Final = 2
_NETWORK: Final = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs"),
        *("nfs4", "ocfs2", "smb3", "smbfs", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs"),
    }
)
_FLEETING: Final = frozenset({"ramfs", "tmpfs"})
_OTHERS: Final = 0o077
_WORLD: Final = 0o002
_STICKY: Final = 0o1000
_LEAST_FREE, _LITTLE_FREE = 100 * 2**20, 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A store in SQLite as it lies on this machine.

    `modes` are the permissions of the file and of those beside it that are there, by name; `folder_mode`
    those of their folder. `filesystem` is its type, None where it is unknown. Sizes are in bytes.
    """

    version: tuple[int, ...]
    journal: str
    synchronous: int
    damage: str | None
    filesystem: str | None
    size: int
    free: int
    modes: tuple[tuple[str, int], ...] = field(default=())
    folder_mode: int = 0o700


def check_file(facts: FileFacts) -> Iterator[Check]:
    """Yield what is to be said of a store in SQLite.

    >>> facts = FileFacts(version=(3, 40, 1), journal="wal", synchronous=2, damage=None, filesystem="nfs4",
    ...                   size=2**20, free=2**35)
    >>> [(check.name, check.health.value) for check in check_file(facts)][:3]
    [('sqlite', 'warning'), ('journal', 'ok'), ('filesystem', 'trouble')]
    """
    yield _check_library(facts.version)
    yield _check_journal(facts)
    yield _check_filesystem(facts.filesystem)
    yield _check_permissions(facts)
    yield _check_room(facts)
    if facts.damage is None:
        yield pass_check("integrity", "no damage was found")
    else:
        yield trouble(
            name="integrity",
            text=f"the file is damaged: {facts.damage}",
            advice="stop the daemon, keep a copy of the file, and restore the last backup with db restore",
        )


def _check_library(version: tuple[int, ...]) -> Check:
    said = f"SQLite {_join(version)}"
    if version >= _SAFE_SQLITE:
        return pass_check("sqlite", said)
    return Check(
        name="sqlite",
        health=Health.WARNING,
        text=f"{said}, before {_join(_SAFE_SQLITE)}: two processes that write and checkpoint at once can "
        "damage the file",
        advice="run one daemon on it, without --allow-multi: it alone checkpoints then; or have a "
        "newer SQLite",
    )


def _check_journal(facts: FileFacts) -> Check:
    text = f"journal {facts.journal}, synchronous {facts.synchronous}"
    if facts.journal != "wal":
        return warn("journal", text, "the file may lie where WAL cannot work; move it to a local disk")
    if facts.synchronous < _FULL:
        return warn("journal", text, "the last writes may be lost when the power fails; report this as a bug")
    return pass_check("journal", "WAL, every commit on disk")


def _check_filesystem(kind: str | None) -> Check:
    if kind is None:
        return pass_check("filesystem", "its type is unknown here")
    if kind in _NETWORK:
        return trouble(
            name="filesystem",
            text=f"the file lies on {kind}, a network file system: its locks cannot be relied on",
            advice="move the store to a local disk, or to a server (db backup, then db restore --to)",
        )
    if kind in _FLEETING:
        return warn("filesystem", f"the file lies in memory ({kind})", "it is gone after a restart; move it")
    return pass_check("filesystem", kind)


def _check_permissions(facts: FileFacts) -> Check:
    open_to_others = [name for name, mode in facts.modes if mode & _OTHERS]
    if facts.folder_mode & _WORLD and not facts.folder_mode & _STICKY:
        return trouble(
            name="permissions",
            text="every account of this machine can replace the file: its folder is writable by all",
            advice="chmod o-w the folder",
        )
    if open_to_others:
        names = ", ".join(open_to_others)
        return warn(
            "permissions", f"other accounts may read {names}", f"chmod 600 {' '.join(open_to_others)}"
        )
    return pass_check("permissions", "the owner's alone")


def _check_room(facts: FileFacts) -> Check:
    text = f"{_say_bytes(facts.free)} free, the store has {_say_bytes(facts.size)}"
    advice = "make room, or keep less (`retention`)"
    if facts.free < _LEAST_FREE:
        return trouble(name="disk", text=text, advice=advice)
    if facts.free < max(_LITTLE_FREE, 2 * facts.size):
        return warn("disk", text, advice)
    return pass_check("disk", text)


def check_server(server: ServerHealth) -> Iterator[Check]:
    """Yield what is to be said of a store on a server."""
    yield _check_product(server)
    yield _check_encodings(server)
    if server.isolation == "READ COMMITTED":
        yield pass_check("isolation", "read committed")
    else:
        yield warn(
            "isolation",
            f"transactions are {server.isolation.lower()}",
            "something between the store and us sets it; read committed is what claims are made for",
        )
    if server.shares_sessions:
        yield trouble(
            name="pooler",
            text="a pooler gives our connections one session in turns (transaction pooling)",
            advice="let it pool sessions for this database (PgBouncer: pool_mode = session), or connect "
            "directly: time limits and prepared statements are lost otherwise",
        )
    else:
        yield pass_check("pooler", "each connection has its session")


def _check_product(server: ServerHealth) -> Check:
    said, oldest = f"{server.product} {_join(server.version)}", _OLDEST.get(server.product)
    if oldest is None:
        return warn("server", said, "driftwatch is tested with PostgreSQL and MariaDB; use one of these")
    if server.version < oldest:
        return warn("server", said, f"use {server.product} {_join(oldest)} or newer: that is what is tested")
    return pass_check("server", said)


def _check_encodings(server: ServerHealth) -> Check:
    wanted = "UTF8" if server.product == "PostgreSQL" else "utf8mb4_bin"
    other = sorted(server.encodings - {wanted})
    if not other:
        return pass_check("encoding", wanted)
    return trouble(
        name="encoding",
        text=f"texts are kept as {', '.join(other)}: names that differ may count as the same, or be refused",
        advice=f"back up, make a database with {wanted} and restore into it (db backup, db restore --to)",
    )


def _join(version: Sequence[int]) -> str:
    return ".".join(str(part) for part in version)


def _say_bytes(count: int) -> str:
    """Return a size in the unit that suits it.

    >>> _say_bytes(1_500_000), _say_bytes(2**40)
    ('1.5 MB', '1,099.5 GB')
    """
    size, unit = (count / 1e9, "GB") if count >= 10**9 else (count / 1e6, "MB")
    return f"{size:,.1f} {unit}"
