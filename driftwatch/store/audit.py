"""Who did what: rows that are added and never changed.

What somebody does is written in the transaction that does it: whoever asks opens a recording, and the next
transaction that is committed takes it along. Both are there, or neither is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from driftwatch.access.act import Act, clean_details, clean_name
from driftwatch.access.caller import How
from driftwatch.store.access_tables import audit

__all__ = [
    "Recording",
    "WantedActs",
    "begin_recording",
    "find_recording",
    "list_actions",
    "page_acts",
    "recording",
    "write_act",
]


class Recording:
    """An act that the next transaction takes along; `find` is asked for it then."""

    def __init__(self, find: Callable[[], Act]) -> None:
        self.find = find
        self.is_kept = False


_RECORDING: ContextVar[Recording | None] = ContextVar("recording", default=None)


def begin_recording(find: Callable[[], Act] | None) -> None:
    """Have the next transaction of this task keep the act that `find` returns, or none."""
    _RECORDING.set(None if find is None else Recording(find))


@contextmanager
def recording(act: Act) -> Iterator[None]:
    """Have the next transaction in this context keep `act`."""
    token = _RECORDING.set(Recording(lambda: act))
    try:
        yield
    finally:
        _RECORDING.reset(token)


def find_recording() -> Recording | None:
    """Return what a transaction is to take along, None where there is nothing, or another one did."""
    found = _RECORDING.get()
    return None if found is None or found.is_kept else found


def write_act(connection: sa.Connection, act: Act) -> None:
    """Keep an act."""
    row = {
        "at": act.at,
        "actor": clean_name(act.actor),
        "how": act.how.value,
        "address": clean_name(act.address),
        "action": clean_name(act.action),
        "subject": clean_name(act.subject),
        "details": clean_details(act.details),
    }
    connection.execute(sa.insert(audit).values(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedActs:
    """Which acts are asked for; what is None does not matter."""

    actor: str | None = None
    action: str | None = None


def page_acts(
    connection: sa.Connection, wanted: WantedActs, *, at_most: int, skip: int = 0
) -> tuple[list[Act], int]:
    """Return acts, the newest first, and how many there are."""
    given: Mapping[str, str | None] = {"actor": wanted.actor, "action": wanted.action}
    conditions = [audit.c[name] == value for name, value in given.items() if value is not None]
    query = sa.select(audit).where(*conditions).order_by(audit.c.id.desc()).limit(at_most).offset(skip)
    total = sa.select(sa.func.count()).select_from(audit).where(*conditions)
    return [_build(row) for row in connection.execute(query)], int(connection.execute(total).scalar_one())


def list_actions(connection: sa.Connection) -> list[str]:
    """Return the actions that were ever done, in alphabetical order."""
    query = sa.select(audit.c.action).distinct().order_by(audit.c.action)
    return list(connection.execute(query).scalars())


def _build(row: sa.Row[Any]) -> Act:
    return Act(
        id=row.id,
        at=row.at,
        actor=row.actor,
        how=How(row.how),
        address=row.address,
        action=row.action,
        subject=row.subject,
        details=row.details,
    )
