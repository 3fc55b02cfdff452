"""Back the store up and note when that was; try on a copy what pruning would do."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from driftwatch.incidents.stamps import read_stamp, write_stamp
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.prune import prune_store
from driftwatch.jobs.pruned import Pruned
from driftwatch.jobs.retention import Retention
from driftwatch.store.backup import BackedUp, back_up
from driftwatch.store.database import open_database
from driftwatch.store.meta import read_meta, write_meta

__all__ = ["back_up_store", "read_last_backup", "try_pruning"]

_NAME = "backed_up_at"


def back_up_store(parts: Parts, url: str, file: Path, *, force: bool = False) -> BackedUp:
    """Copy the store, which is at `url` too, into `file`, and note in it when that was.

    Raises UsageError and StoreError as `driftwatch.store.backup.back_up` does.
    """
    began_at = parts.clock.now().replace(microsecond=0)
    done = back_up(url, file, force=force)
    parts.database.write(lambda tx: write_meta(tx, _NAME, write_stamp(began_at)))
    return done


def read_last_backup(connection: sa.Connection) -> datetime | None:
    """Return the time that the newest backup of this store shows it at; None where there was none."""
    text = read_meta(connection, _NAME)
    return read_stamp(text) if text else None


def try_pruning(parts: Parts, url: str, monitors: Sequence[Monitor], retention: Retention) -> Pruned:
    """Return what pruning would thin out and drop now; it is done to a copy that is thrown away.

    Arguments as of `prune_store`; the store itself is at `url`. Raises StoreError where there is no room for
    the copy.
    """
    with tempfile.TemporaryDirectory(prefix="driftwatch-") as folder:
        copy = Path(folder) / "copy.db"
        back_up(url, copy)
        database = open_database(f"sqlite:///{copy}")
        try:
            # The copy has the leases of the store too, and nobody else works on it.
            database.write(lambda tx: tx.execute(sa.text("DELETE FROM leases")))
            found = prune_store(replace(parts, database=database), monitors, retention)
        finally:
            database.close()
    return found or Pruned()
