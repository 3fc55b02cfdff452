"""What an incident holds out of the null: its columns' windows, until it resolves or a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from driftwatch.incidents.incident import Incident

__all__ = ["Hold", "list_holds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A stretch of windows, from the one that starts at `since` on, in which a column is held out.

    `column` is None for what concerns the window as a whole, which `about` names then. `until` is exclusive,
    None where the stretch goes on.
    """

    column: str | None
    about: str
    since: datetime
    until: datetime | None = None


def list_holds(incident: Incident) -> tuple[Hold, ...]:
    """Return the stretches that `incident` holds out of the null now."""
    if not incident.is_open:
        return ()
    return tuple(Hold(column=one.column, about=one.about, since=one.since) for one in incident.members)
