"""What an incident holds out of the null: its columns' windows, until it is over or a person decides.

The null stands still while an incident is open, so that it resolves because the data came back and never
because the limit moved. Once it has resolved its windows count as ordinary again, unless a person said that
they were not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.calibration import Scored
from driftwatch.calibration.layout import Layout
from driftwatch.incidents.finding import FindingKind
from driftwatch.incidents.incident import Hold, Incident, Label
from driftwatch.profiles.window import Window

__all__ = ["hold_out", "list_holds"]

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


def hold_out(layout: Layout, past: Sequence[Scored], holds: Sequence[Hold]) -> Sequence[Scored]:
    """Return the past windows, with what `holds` keep out marked: a column's parts, or one of the window."""
    if not holds:
        return past
    return [replace(one, held=_mark_held(layout, one.window, holds)) for one in past]


def _mark_held(layout: Layout, window: Window, holds: Sequence[Hold]) -> NDArray[np.bool_]:
    held = np.zeros(len(layout.parts), dtype=bool)
    columns = len(layout.columns)
    for hold in holds:
        if window.start < hold.since or (hold.until is not None and window.start >= hold.until):
            continue
        if hold.column is None:
            held[-2] |= hold.about == FindingKind.VOLUME
            held[-1] |= hold.about == FindingKind.REPEATED_KEYS
        elif hold.column in layout.places:
            held[layout.places[hold.column] : 3 * columns : columns] = True
    return held
