"""Whether a daemon runs on the store: it says so at every planning tick."""

from __future__ import annotations

from datetime import datetime, timedelta

from driftwatch.incidents.stamps import read_stamp, write_stamp
from driftwatch.store.database import Database
from driftwatch.store.meta import read_meta, write_meta

__all__ = ["beat", "is_daemon_alive", "stop_beating"]

_NAME = "daemon_seen_at"
_SILENCE = timedelta(seconds=30)


def beat(database: Database, now: datetime) -> None:
    """Note that a daemon is alive at `now`."""
    database.write(lambda tx: write_meta(tx, _NAME, write_stamp(now)))


def stop_beating(database: Database) -> None:
    """Note that the daemon ended on purpose."""
    database.write(lambda tx: write_meta(tx, _NAME, ""))


def is_daemon_alive(database: Database, now: datetime) -> bool:
    """Return whether a daemon was seen within the last 30 seconds."""
    seen = database.read(lambda tx: read_meta(tx, _NAME))
    return bool(seen) and now - read_stamp(seen or "") < _SILENCE
