"""Steps of escalations: rows with the time they are due, each decided exactly once.

The key is the incident and the step, so that no replica doubles one; deciding is an update that must change
exactly one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import escalations

__all__ = ["EscalationRow", "add_steps", "decide_step", "end_steps", "list_steps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRow:
    """One step of an incident; `decided_at` and `decision` are None while it is to come."""

    step: int
    due_at: datetime
    decided_at: datetime | None = None
    decision: str | None = None


def add_steps(connection: sa.Connection, incident_id: int, steps: Sequence[tuple[int, datetime]]) -> None:
    """Enter steps by their number with the times they are due; one that is there stays as it is."""
    rows = [{"incident_id": incident_id, "step": step, "due_at": due_at} for step, due_at in steps]
    if rows:
        insert_new(connection, escalations, rows, key=("incident_id", "step"))


def list_steps(connection: sa.Connection, incident_id: int) -> list[EscalationRow]:
    """Return the steps of an incident in order."""
    query = (
        sa.select(escalations).where(escalations.c.incident_id == incident_id).order_by(escalations.c.step)
    )
    return [
        EscalationRow(step=row.step, due_at=row.due_at, decided_at=row.decided_at, decision=row.decision)
        for row in connection.execute(query)
    ]


def decide_step(connection: sa.Connection, incident_id: int, step: int, decision: str, now: datetime) -> bool:
    """Decide a step; return False where somebody else has decided it already."""
    changed = connection.execute(
        sa.update(escalations)
        .where(
            escalations.c.incident_id == incident_id,
            escalations.c.step == step,
            escalations.c.decided_at.is_(None),
        )
        .values(decided_at=now, decision=decision)
    )
    return changed.rowcount == 1


def end_steps(connection: sa.Connection, incident_id: int, decision: str, now: datetime) -> None:
    """Decide what is still to come of an incident: it never will."""
    connection.execute(
        sa.update(escalations)
        .where(escalations.c.incident_id == incident_id, escalations.c.decided_at.is_(None))
        .values(decided_at=now, decision=decision)
    )
