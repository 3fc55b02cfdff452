"""What is known beside an incident itself: what happened just before, and which rows carry the change."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from driftwatch.incidents.incident import Incident
from driftwatch.incidents.slices import decode_report, say_report
from driftwatch.jobs.markers import find_named
from driftwatch.store.slices import find_search

__all__ = ["add_circumstances"]


def add_circumstances(
    tx: sa.Connection, incident: Incident, owner: str | None, *, number: int | None
) -> Incident:
    """Return an incident with what is known by now of its circumstances.

    `owner` is its monitor's, `number` its own, None where it is new.
    """
    search = None if number is None else find_search(tx, number)
    said = incident.slice
    if search is not None and search.document is not None:
        said = say_report(decode_report(search.document)) or None
    return replace(incident, markers=find_named(tx, incident, owner), slice=said)
