"""Whether a daemon runs on the store, and how it is: it says so at every planning tick."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from driftwatch.incidents.stamps import read_stamp, write_stamp
from driftwatch.store.database import Database
from driftwatch.store.meta import forget_meta, list_meta, read_meta, write_meta

__all__ = ["SILENCE", "Beat", "Signs", "beat", "is_daemon_alive", "list_beats", "read_beat", "stop_beating"]

_NAME, _OF_EACH = "daemon_seen_at", "daemon:"
_FORGOTTEN = timedelta(days=1)
_SIGN_SECONDS = 5.0

SILENCE = timedelta(seconds=30)
"""How long a daemon may not be seen before it counts as gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A sign of life of the daemon `owner`: when, under which configuration (its fingerprint).

    `offset` is by how much the store's clock was ahead of its own. `jump` is by how much its time of day has
    just jumped, None where it is to be believed.
    """

    at: datetime
    owner: str
    config: str = ""
    offset: timedelta = timedelta(0)
    jump: timedelta | None = None


class Signs:
    """Says when a sign of life is written: every `every` seconds, 5 at most, and when time jumps."""

    def __init__(self, every: float) -> None:
        self._every = min(every, _SIGN_SECONDS)
        self._last: tuple[float, timedelta | None] | None = None

    def is_time(self, jump: timedelta | None) -> bool:
        """Return whether it is; a sign is then taken for written."""
        now = time.monotonic()
        if self._last is not None and now - self._last[0] < self._every and jump == self._last[1]:
            return False
        self._last = (now, jump)
        return True


def beat(database: Database, sign: Beat) -> None:
    """Note that a daemon is alive."""
    document = {
        "at": write_stamp(sign.at),
        "owner": sign.owner,
        "config": sign.config,
        "offset": sign.offset.total_seconds(),
        "jump": None if sign.jump is None else sign.jump.total_seconds(),
    }
    database.write(lambda tx: _write(tx, sign.owner, json.dumps(document), sign.at))


def _write(tx: sa.Connection, owner: str, text: str, now: datetime) -> None:
    """Keep the last sign of life of any daemon, and that of each; what is long gone is forgotten."""
    write_meta(tx, _NAME, text)
    known = list_meta(tx, _OF_EACH)
    write_meta(tx, f"{_OF_EACH}{owner}", text)
    for name, seen in known.items():
        if now - read_stamp(json.loads(seen)["at"]) > _FORGOTTEN:
            forget_meta(tx, f"{_OF_EACH}{name}")


def read_beat(connection: sa.Connection) -> Beat | None:
    """Return the last sign of life of any daemon; None where none runs, or the last one ended on purpose."""
    text = read_meta(connection, _NAME)
    # A daemon of an earlier version kept its time alone.
    return None if not text or not text.startswith("{") else _read(text)


def list_beats(connection: sa.Connection, now: datetime) -> list[Beat]:
    """Return the last sign of life of every daemon that was seen within the last 30 seconds, by its name."""
    beats = [_read(text) for _, text in sorted(list_meta(connection, _OF_EACH).items())]
    return [one for one in beats if now - one.at < SILENCE]


def _read(text: str) -> Beat:
    found = json.loads(text)
    return Beat(
        at=read_stamp(found["at"]),
        owner=found["owner"],
        config=found["config"],
        offset=timedelta(seconds=found["offset"]),
        jump=None if found["jump"] is None else timedelta(seconds=found["jump"]),
    )


def stop_beating(database: Database, owner: str) -> None:
    """Note that the daemon `owner` ended on purpose; another one may have been seen since."""

    def stop(tx: sa.Connection) -> None:
        last = read_beat(tx)
        forget_meta(tx, f"{_OF_EACH}{owner}")
        if last is not None and last.owner == owner:
            write_meta(tx, _NAME, "")

    database.write(stop)


def is_daemon_alive(database: Database, now: datetime) -> bool:
    """Return whether a daemon was seen within the last 30 seconds."""
    last = database.read(read_beat)
    return last is not None and now - last.at < SILENCE
