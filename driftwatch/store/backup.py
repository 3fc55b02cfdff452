"""A copy of the store in one SQLite file, taken while it is at work, and the way back.

A store in SQLite is copied page by page, one on a server row by row, either as one transaction sees it, so
that writers go on meanwhile. The copy is checked, and only then has its name: a file of that name is whole.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from driftwatch.errors import StoreError, UsageError
from driftwatch.net.database_address import describe_address, describe_failure, parse_address
from driftwatch.net.engines import open_engine
from driftwatch.store import migrations
from driftwatch.store.copying import Copied, copy_tables, find_filled_table, open_snapshot, set_numbers
from driftwatch.store.sqlite_file import check_file

__all__ = ["BackedUp", "Restored", "back_up", "restore"]

_PAGES_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A finished copy: how large it is, and the schema revision of the store in it."""

    file: Path
    size: int
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A store that was filled: how many rows each table has, and the schema revision it is at now."""

    rows: Mapping[str, int]
    revision: str


def back_up(url: str, file: Path, *, force: bool = False) -> BackedUp:
    """Copy the store at `url` into a SQLite `file`, readable by its owner only.

    `force` lets it take the place of a file of that name. Raises UsageError where there is one otherwise, or
    where it is the store itself, and StoreError where the store cannot be read, the file cannot be written,
    or the copy turns out to be damaged; nothing is left behind then.
    """
    address = parse_address(url, purpose="store")
    file = file.absolute()
    is_file = address.get_backend_name() == "sqlite"
    if is_file:
        check_file(Path(str(address.database)), must_exist=True)
    _check_target(file, Path(str(address.database)) if is_file else None, force=force)
    revision = migrations.check(url).current
    if revision is None:
        raise StoreError(f"{describe_address(address)} has no tables yet; there is nothing to back up")
    with _write_beside(file, force=force) as copy:
        if is_file:
            _copy_pages(Path(str(address.database)), copy)
        else:
            migrations.upgrade(f"sqlite:///{copy}", revision)
            _copy_store(url, f"sqlite:///{copy}")
        _settle(copy)
    return BackedUp(file=file, size=file.stat().st_size, revision=revision)


def restore(file: Path, url: str) -> Restored:
    """Fill the empty store at `url`, of any kind, with the copy in `file`, and bring it up to date.

    Raises UsageError where the store has rows, or where `file` is missing, and StoreError where the copy is
    no store, damaged or of a newer version, or the store cannot be written: it is as empty as before then.
    """
    file = file.absolute()
    if not file.is_file():
        raise UsageError(f"there is no file {file}; name one that `driftwatch db backup` wrote")
    copy = f"sqlite:///{file}"
    found = migrations.check(copy)
    if found.current is None:
        raise StoreError(f"{file} holds no store; name a file that `driftwatch db backup` wrote")
    if found.is_newer:
        raise StoreError(
            f"{file} was written at schema revision {found.current}, this version knows {found.head}; "
            "upgrade the program"
        )
    _check_copy(file)
    _prepare_target(url, found.current)
    copied = _copy_store(copy, url)
    return Restored(rows=copied.rows, revision=migrations.upgrade(url).current or "")


def _check_target(file: Path, store: Path | None, *, force: bool) -> None:
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent}; make it first")
    if store is not None and file.exists() and file.samefile(store):
        raise UsageError(f"{file} is the store itself; name another file")
    if file.is_dir() or (file.exists() and not force):
        raise UsageError(f"{file} is there already; name another file, or replace it with --force")


@contextmanager
def _write_beside(file: Path, *, force: bool) -> Iterator[Path]:
    """Yield a new file beside `file`, which gets its name in one step once everything went well."""
    copy = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        yield copy
        _sync(copy)
        if not force:
            # A link, unlike a renaming, never takes the place of another file.
            os.link(copy, file)
        else:
            copy.replace(file)
        _sync(file.parent)
    except FileExistsError:
        raise UsageError(f"{file} is there by now; name another file, or replace it with --force") from None
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        for rest in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                copy.with_name(copy.name + rest).unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_pages(store: Path, copy: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, isolation_level=None)) as source,
            closing(sqlite3.connect(copy, isolation_level=None)) as target,
        ):
            # One transaction over all steps: a writer in between would make the copy begin again, for ever.
            source.execute("PRAGMA busy_timeout=10000")
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(target, pages=_PAGES_AT_ONCE)
            source.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise StoreError(f"{store} was not copied: {error}") from error


def _settle(copy: Path) -> None:
    """Make the copy one file that needs no other beside it, and check it."""
    try:
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StoreError(f"the copy in {copy} cannot be finished: {error}") from error
    _check_copy(copy)


def _check_copy(copy: Path) -> None:
    """Raise StoreError where a page is damaged, or a row refers to one that is not there."""
    try:
        with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as connection:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            lost = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{copy} is damaged: {error}; take another copy") from error
    if said != ["ok"] or lost is not None:
        why = f"rows of {lost[0]} refer to nothing" if lost is not None else "; ".join(said)
        raise StoreError(
            f"{copy} is damaged: {why}; take another copy, `driftwatch doctor` looks at the store"
        )


def _prepare_target(url: str, revision: str) -> None:
    """Give the store the tables of the copy's revision; it must have no rows."""
    address = parse_address(url, purpose="store")
    state = migrations.check(url)
    if state.current is not None:
        engine = open_engine(url, purpose="store", read_only=True)
        try:
            with engine.connect() as connection:
                filled = find_filled_table(connection)
        finally:
            engine.dispose()
        if filled is not None:
            raise UsageError(
                f"{describe_address(address)} has rows already (in {filled}); restore into an empty database"
            )
        if state.current > revision:
            migrations.downgrade(url, revision)
            return
    migrations.upgrade(url, revision)


def _copy_store(source: str, target: str) -> Copied:
    reading = open_engine(source, purpose="store", read_only=True)
    writing = open_engine(target, purpose="store")
    address = parse_address(target, purpose="store")
    try:
        with closing(open_snapshot(reading)) as snapshot:
            with writing.begin() as connection:
                copied = copy_tables(snapshot, connection)
            with writing.begin() as connection:
                set_numbers(connection, copied.numbers)
    except DBAPIError as error:
        raise StoreError(
            f"{describe_address(address)} was not filled: {describe_failure(error, address)}"
        ) from error
    finally:
        reading.dispose()
        writing.dispose()
    return copied
