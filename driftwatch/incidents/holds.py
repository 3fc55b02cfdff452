"""What an incident holds out of the null: its columns' windows, until it is over or a person decides.

The null stands still while an incident is open, so that it resolves because the data came back and never
because the limit moved. Once it has resolved its windows count as ordinary again, unless a person said that
they were not.
"""

from __future__ import annotations

from driftwatch.incidents.incident import Hold, Incident, Label

__all__ = ["list_holds"]

_FOR_GOOD = frozenset({Label.DRIFT, Label.BAD_DATA})


def list_holds(incident: Incident) -> tuple[Hold, ...]:
    """Return the stretches that `incident` holds out of the null now.

    1. labelled expected: none, even while it is open;
    2. labelled drift or bad data: those of every member it had, for ever;
    3. otherwise those of every member it had, while it is open; a pending one holds nothing.
    """
    if incident.opened_at is None or incident.label is Label.EXPECTED:
        return ()
    if not incident.is_open and incident.label not in _FOR_GOOD:
        return ()
    until = None if incident.is_open else incident.last_window.end
    present = (
        Hold(column=one.column, about=one.about, since=one.since, until=until) for one in incident.members
    )
    return (*incident.left, *present)
