"""Silences as the store keeps them, and the order between them and claims.

Whoever changes a silence and whoever claims a delivery wait for each other at one row of `meta`: a silence
that was committed before a delivery was claimed has been seen by the one who claimed it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.incidents.silences import Matchers, Silence, check_silence
from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import deliveries, meta, silences

__all__ = [
    "add_silence",
    "await_silences",
    "count_hidden",
    "expire_silence",
    "find_equal",
    "list_holding",
    "list_silences",
]

_LOCK: Final = "silences"
_DECISION: Final = re.compile(r"silence (\d+) by ")
_MATCHERS: Final = ("monitor", "owner", "kind", "severity", "column")


def add_silence(connection: sa.Connection, silence: Silence) -> Silence:
    """Keep a new silence and return it with its number. Raises UsageError where it may not be kept."""
    check_silence(silence)
    _change_silences(connection)
    row = {
        "matchers": _encode(silence.matchers),
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
        "author": silence.author,
        "reason": silence.reason,
        "created_at": silence.created_at,
    }
    inserted = connection.execute(sa.insert(silences).values(row))
    return replace(silence, id=int(inserted.inserted_primary_key[0]))  # type: ignore[index]  # One row was inserted.


def find_equal(connection: sa.Connection, wanted: Silence) -> Silence | None:
    """Return the silence that says what `wanted` would, until the same moment; None where there is none."""
    query = sa.select(silences).where(silences.c.ends_at == wanted.ends_at, silences.c.expired_by.is_(None))
    return next(
        (
            one
            for one in _read(connection, query.order_by(silences.c.id))
            if (one.matchers, one.author, one.reason) == (wanted.matchers, wanted.author, wanted.reason)
            and one.starts_at <= wanted.starts_at
        ),
        None,
    )


def expire_silence(connection: sa.Connection, number: int, who: str, now: datetime) -> Silence:
    """End a silence at `now` and return it; one that has not begun never will.

    Raises UsageError where there is no such silence, or it is over.
    """
    _change_silences(connection)
    query = sa.select(silences).where(silences.c.id == number)
    found = _read(connection, query)
    if not found:
        raise UsageError(f"there is no silence {number}; `driftwatch silence list --all` shows them")
    silence = found[0]
    if silence.ends_at <= now:
        raise UsageError(f"silence {number} is over already")
    expired = replace(silence, ends_at=max(now, silence.starts_at), expired_by=who)
    changes = {"ends_at": expired.ends_at, "expired_by": who}
    connection.execute(sa.update(silences).where(silences.c.id == number).values(changes))
    return expired


def list_silences(connection: sa.Connection, now: datetime, *, every: bool = False) -> list[Silence]:
    """Return the silences that are not over at `now`, those to come too, or every one; oldest first."""
    query = sa.select(silences).order_by(silences.c.id)
    return _read(connection, query if every else query.where(silences.c.ends_at > now))


def list_holding(connection: sa.Connection, now: datetime) -> list[Silence]:
    """Return the silences that hold at `now`, oldest first."""
    query = sa.select(silences).where(silences.c.starts_at <= now, silences.c.ends_at > now)
    return _read(connection, query.order_by(silences.c.id))


def count_hidden(connection: sa.Connection) -> Mapping[int, int]:
    """Return how many notices each silence has kept from being sent, by its number; 0 for any other."""
    begins = deliveries.c.decision.like("silence % by %")
    told = sa.select(deliveries.c.decision, sa.func.count()).where(begins)
    hidden: defaultdict[int, int] = defaultdict(int)
    for decision, count in connection.execute(told.group_by(deliveries.c.decision)):
        found = _DECISION.match(decision)
        if found is not None:
            hidden[int(found[1])] += count
    return hidden


def await_silences(connection: sa.Connection) -> None:
    """Wait for whoever changes a silence, and let nobody change one before this transaction ends."""
    query = sa.select(meta.c.value).where(meta.c.name == _LOCK).with_for_update(read=True)
    if connection.execute(query).scalar() is None:
        _make_lock(connection)


def _change_silences(connection: sa.Connection) -> None:
    """Wait for the claims under way, and let nobody claim before this transaction ends."""
    _make_lock(connection)
    connection.execute(sa.update(meta).where(meta.c.name == _LOCK).values(value=meta.c.value))


def _make_lock(connection: sa.Connection) -> None:
    insert_new(connection, meta, [{"name": _LOCK, "value": "1"}], key=["name"])


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[Silence]:
    return [
        Silence(
            id=row.id,
            matchers=Matchers(**row.matchers),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            author=row.author,
            reason=row.reason,
            created_at=row.created_at,
            expired_by=row.expired_by,
        )
        for row in connection.execute(query)
    ]


def _encode(matchers: Matchers) -> dict[str, str]:
    given = {name: getattr(matchers, name) for name in _MATCHERS}
    return {name: value for name, value in given.items() if value is not None}
