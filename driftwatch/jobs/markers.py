"""Markers: kept when somebody says that something happened, and found by incidents that begin soon after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.incidents.incident import Incident, IncidentKind
from driftwatch.incidents.markers import CONFIGURATION, MODEL, Marker, check_marker, choose_named, find_soon
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.store.markers import Wanted, add_marker, list_markers
from driftwatch.store.monitors import MonitorRow, list_monitors

__all__ = ["build_marker", "find_named", "mark", "note_changes"]

_MOST_NEAR: Final = 20


def build_marker(  # noqa: PLR0913 - a marker's parts, as forms and commands give them.
    kind: str,
    now: datetime,
    *,
    at: datetime | None = None,
    version: str | None = None,
    text: str | None = None,
    monitor: str | None = None,
    owner: str | None = None,
    author: str | None = None,
) -> Marker:
    """Return a marker of what somebody says; blank texts are none, and `at` is now where none is given."""
    return Marker(
        kind=kind.strip(),
        at=at or now,
        created_at=now,
        version=(version or "").strip() or None,
        text=" ".join((text or "").split()) or None,
        monitor=monitor or None,
        owner=owner or None,
        author=author,
    )


def mark(parts: Parts, monitors: Sequence[Monitor], marker: Marker) -> Marker:
    """Keep a marker and return it with its number; the same one given twice is kept once.

    Raises UsageError where it may not be kept, or is about a monitor or an owner that nobody knows.
    """
    check_marker(marker, parts.clock.now())

    def keep(tx: sa.Connection) -> Marker:
        _check_concerned(tx, monitors, marker)
        return add_marker(tx, marker)

    return parts.database.write(keep)


def _check_concerned(tx: sa.Connection, monitors: Sequence[Monitor], marker: Marker) -> None:
    named = {one.id for one in monitors}
    if marker.monitor is not None and marker.monitor not in named | {row.key for row in list_monitors(tx)}:
        known = ", ".join(sorted(named)) or "none"
        raise UsageError(f"there is no monitor {marker.monitor!r} in the configuration; there are: {known}")
    owners = {one.owner for one in monitors if one.owner}
    if marker.owner is not None and marker.owner not in owners:
        known = ", ".join(sorted(owners)) or "none"
        raise UsageError(f"no monitor has the owner {marker.owner!r}; there are: {known}")


def note_changes(
    tx: sa.Connection, monitor: Monitor, before: MonitorRow | None, row: MonitorRow, now: datetime
) -> None:
    """Mark that the monitor's configuration, or the model that it names, is another than before.

    `before` is what the store knew of it, None at its first start. Only the configuration that is applied at
    the time is known: what was used meanwhile by hand is not marked.
    """
    if before is None:
        return
    if before.model is not None and row.model is not None and before.model != row.model:
        text = f"the model is {row.model} now, and was {before.model}"
        version = monitor.model.version if monitor.model else None
        made = build_marker(MODEL, now, version=version, text=text, monitor=monitor.id)
        add_marker(tx, made)
    elif before.config_fingerprint != row.config_fingerprint:
        text = "what the configuration says about this monitor has changed"
        add_marker(tx, build_marker(CONFIGURATION, now, text=text, monitor=monitor.id))


def find_named(tx: sa.Connection, incident: Incident, owner: str | None) -> tuple[Marker, ...]:
    """Return the markers that an incident names, the latest first, as far as they are known now.

    What it named before it still names when the marker itself is kept no longer. `owner` is its monitor's.
    """
    if incident.kind is IncidentKind.STALE:
        return ()  # It opens at a time that was known long before.
    start, end = find_soon(incident.first_window)
    wanted = Wanted(monitor=incident.monitor, owner=owner, start=start, end=end)
    found = {one.id: one for one in (*incident.markers, *list_markers(tx, wanted, at_most=_MOST_NEAR))}
    return choose_named(found.values(), incident.first_window)
