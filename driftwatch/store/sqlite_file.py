"""Is this SQLite file a store of ours? A foreign one is refused before anything is written to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import Connection

from driftwatch.errors import StoreError
from driftwatch.store.tables import VERSION_TABLE

__all__ = ["check_file", "mark_file"]

_APPLICATION_ID = 0x44524654
"""The bytes "DRFT" in the header of every file of ours; see https://www.sqlite.org/fileformat.html."""


def check_file(path: Path, *, must_exist: bool) -> None:
    """Raise StoreError unless the file at `path` is a store of ours, empty, or (if allowed) not there yet."""
    if not path.exists() or path.is_dir():
        if must_exist or path.is_dir():
            raise StoreError(
                f"there is no store at {path}; check the address, or create one with `driftwatch db upgrade`"
            )
        return
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            mark = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} cannot be used as a store: {error}; name another file") from error
    # A migration that was interrupted may have left tables but no mark.
    is_ours = mark == _APPLICATION_ID or (mark == 0 and (not tables or VERSION_TABLE in tables))
    if not is_ours:
        raise StoreError(f"{path} belongs to another program; name another file for the store")


def mark_file(connection: Connection) -> None:
    """Write our mark into the header of the SQLite file that `connection` has open."""
    connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION_ID}")
