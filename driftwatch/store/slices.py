"""Searches for the rows that carry a change: which incidents still want one, who is at it, what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import incidents, monitors, slice_searches

__all__ = [
    "SearchRow",
    "SearchState",
    "ask_search",
    "claim_search",
    "find_search",
    "list_wanted",
    "record_search",
]

_LIVE: Final = ("open", "recovering")
_SEARCHED: Final = ("drift", "data")


class SearchState(StrEnum):
    """How far a search is."""

    WAITING = "waiting"  # Somebody asked for it.
    SEARCHING = "searching"  # A process reads rows for it, until its claim runs out.
    DONE = "done"  # Its document says what was found, or why nothing could be.


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRow:
    """A search: of which incident, how far it is, and the document that it left."""

    incident_id: int
    state: SearchState
    attempts: int
    document: Mapping[str, Any] | None
    searched_at: datetime | None


def list_wanted(connection: sa.Connection, now: datetime, *, at_most: int) -> list[tuple[int, str]]:
    """Return incidents that want a search, with the keys of their monitors, oldest first.

    Those are open drift and data incidents of their monitor's present history that nobody has searched, those
    of which a person asked for it, and those of which the process that was at it is gone.
    """
    table = slice_searches
    never = sa.and_(
        table.c.incident_id.is_(None), incidents.c.state.in_(_LIVE), incidents.c.history == monitors.c.history
    )
    gone = sa.and_(table.c.state == SearchState.SEARCHING, table.c.claim_until < now)
    query = (
        sa.select(incidents.c.id, monitors.c.monitor_key)
        .select_from(
            incidents.join(monitors, monitors.c.id == incidents.c.monitor_id).outerjoin(
                table, table.c.incident_id == incidents.c.id
            )
        )
        .where(
            incidents.c.kind.in_(_SEARCHED),
            incidents.c.opened_at.is_not(None),
            sa.or_(never, table.c.state == SearchState.WAITING, gone),
        )
        .order_by(incidents.c.id)
        .limit(at_most)
    )
    return [(int(row.id), str(row.monitor_key)) for row in connection.execute(query)]


def claim_search(
    connection: sa.Connection, number: int, owner: str, now: datetime, length: timedelta
) -> int | None:
    """Claim the search of an incident for a time, and return the attempt; None where somebody else has it."""
    table = slice_searches
    fresh = {"incident_id": number, "state": SearchState.WAITING, "attempts": 0, "claim_until": now}
    insert_new(connection, table, [fresh], key=["incident_id"])
    is_free = sa.or_(
        table.c.state == SearchState.WAITING,
        sa.and_(table.c.state == SearchState.SEARCHING, table.c.claim_until < now),
    )
    claimed = connection.execute(
        sa.update(table)
        .where(table.c.incident_id == number, is_free)
        .values(
            state=SearchState.SEARCHING,
            attempts=table.c.attempts + 1,
            owner=owner,
            claim_until=now + length,
        )
    )
    found = find_search(connection, number)
    return None if claimed.rowcount != 1 or found is None else found.attempts


def record_search(
    connection: sa.Connection, number: int, attempt: int, document: Mapping[str, Any], now: datetime
) -> bool:
    """Keep what a search left; False where somebody else has taken it over."""
    table = slice_searches
    recorded = connection.execute(
        sa.update(table)
        .where(
            table.c.incident_id == number,
            table.c.attempts == attempt,
            table.c.state == SearchState.SEARCHING,
        )
        .values(state=SearchState.DONE, document=dict(document), searched_at=now)
    )
    return recorded.rowcount == 1


def ask_search(connection: sa.Connection, number: int, now: datetime) -> None:
    """Have an incident searched, once more where that was done; what was found is shown until then."""
    table = slice_searches
    fresh = {"incident_id": number, "state": SearchState.WAITING, "attempts": 0, "claim_until": now}
    insert_new(connection, table, [fresh], key=["incident_id"])
    connection.execute(
        sa.update(table)
        .where(table.c.incident_id == number, table.c.state == SearchState.DONE)
        .values(state=SearchState.WAITING)
    )


def find_search(connection: sa.Connection, number: int) -> SearchRow | None:
    """Return the search of an incident, None where there was none yet."""
    row = connection.execute(
        sa.select(slice_searches).where(slice_searches.c.incident_id == number)
    ).one_or_none()
    if row is None:
        return None
    return SearchRow(
        incident_id=row.incident_id,
        state=SearchState(row.state),
        attempts=row.attempts,
        document=row.document,
        searched_at=row.searched_at,
    )
