"""What else changed when an incident began, and incidents like it, read from the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from driftwatch.incidents.axis import DATA_KINDS
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.finding import Finding, FindingKind, VerdictWord
from driftwatch.incidents.incident import Incident, IncidentKind
from driftwatch.incidents.markers import find_soon
from driftwatch.incidents.similar import Similar, find_similar
from driftwatch.incidents.surroundings import (
    Neighbour,
    Promoted,
    Surroundings,
    say_looked_at,
    say_surroundings,
)
from driftwatch.jobs.monitor import Monitor
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.evidence import load_statistics
from driftwatch.store.incidents import IncidentRow
from driftwatch.store.markers import Wanted, list_markers
from driftwatch.store.monitors import MonitorRow, find_monitor
from driftwatch.store.references import list_references
from driftwatch.store.surroundings import (
    BatchSeen,
    list_batches,
    list_near_incidents,
    list_past_incidents,
)
from driftwatch.store.verdicts import list_verdicts

__all__ = ["Around", "read_around"]

_BEFORE: Final = 14
_NEAR: Final = 20
_PAST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stood around an incident in words: what else changed, what was looked at, what was like it."""

    changes: tuple[str, ...]
    looked_at: str
    similar: tuple[Similar, ...]


def read_around(
    tx: sa.Connection, row: IncidentRow, monitor: Monitor | None, same_source: Sequence[str]
) -> Around:
    """Return what stood around a stored incident.

    `monitor` is None where the configuration names it no more; `same_source` are the monitors that read its
    source, itself first.
    """
    incident = decode_incident(dict(row.document), id=row.id)
    owner = find_monitor(tx, row.monitor_key)
    found = Surroundings()
    if owner is not None:
        found = _read_own(tx, replace(owner, history=row.history), incident, monitor)
    others = tuple(name for name in same_source if name != incident.monitor)
    found = replace(found, others=others, neighbours=_list_neighbours(tx, incident, others))
    return Around(
        changes=say_surroundings(found, incident),
        looked_at=say_looked_at(found),
        similar=tuple(_list_similar(tx, incident, [incident.monitor, *others])),
    )


def _read_own(
    tx: sa.Connection, owner: MonitorRow, incident: Incident, monitor: Monitor | None
) -> Surroundings:
    first = incident.first_window
    batches = list_batches(tx, owner, first.start, at_most=_BEFORE + 1)
    now = next((one for one in batches if one.window == first), None)
    before = [one for one in batches if one.window < first]
    last = next((one for one in reversed(before) if one.rows), None)
    start, end = find_soon(first)
    wanted = Wanted(monitor=incident.monitor, owner=monitor.owner if monitor else None, start=start, end=end)
    return Surroundings(
        rows=now.rows if now else None,
        rows_before=tuple(one.rows for one in before if one.rows),
        missing=_compare_missing(tx, owner, last, now),
        came=tuple(sorted(now.extra - last.extra)) if now and last else (),
        gone=tuple(sorted(now.absent - last.absent)) if now and last else (),
        empty=_count_empty(before),
        beside=_list_beside(tx, owner, incident),
        changes=tuple(one for one in list_markers(tx, wanted, at_most=_NEAR) if one.author is None),
        promoted=_list_promoted(tx, owner, start, end),
        model=owner.model,
    )


def _compare_missing(
    tx: sa.Connection, owner: MonitorRow, before: BatchSeen | None, now: BatchSeen | None
) -> dict[str, tuple[float, float]]:
    if before is None or now is None:
        return {}
    shares = [_read_missing(load_statistics(tx, owner, one.window)) for one in (before, now)]
    return {name: (shares[0][name], share) for name, share in shares[1].items() if name in shares[0]}


def _read_missing(statistics: dict[str, dict[str, Statistic]]) -> dict[str, float]:
    found = ((name, by_name.get("missing_share")) for name, by_name in statistics.items())
    return {name: one.value for name, one in found if one is not None and one.value is not None}


def _count_empty(before: Sequence[BatchSeen]) -> int:
    count = 0
    for one in reversed(before):
        if one.word != VerdictWord.NO_DATA:
            break
        count += 1
    return count


def _list_beside(tx: sa.Connection, owner: MonitorRow, incident: Incident) -> tuple[Finding, ...]:
    """Return what the first window shows that is on no axis of the incident itself."""
    first = incident.first_window
    own = {
        IncidentKind.DRIFT: frozenset({FindingKind.DRIFT}),
        IncidentKind.DATA: DATA_KINDS,
    }.get(incident.kind, frozenset())
    rows = list_verdicts(tx, owner, first.start, first.end)
    return tuple(one for row in rows for one in row.verdict.findings if one.kind not in own)


def _list_promoted(
    tx: sa.Connection, owner: MonitorRow, start: datetime, end: datetime
) -> tuple[Promoted, ...]:
    rows = list_references(tx, owner)
    return tuple(
        Promoted(version=one.version, at=one.promoted_at)
        for one in rows
        if one.promoted_at is not None and start <= one.promoted_at < end
    )


def _list_neighbours(tx: sa.Connection, incident: Incident, others: Sequence[str]) -> tuple[Neighbour, ...]:
    start, end = find_soon(incident.first_window)
    keys = [incident.monitor, *others]
    near = list_near_incidents(tx, keys, start, end + (end - start), at_most=_NEAR)
    rows = [row for row in near if row.id != incident.id]
    return tuple(
        Neighbour(number=row.id, monitor=row.monitor_key, kind=row.kind, window=one.first_window)
        for row, one in zip(rows, _decode(rows), strict=True)
    )


def _list_similar(tx: sa.Connection, incident: Incident, keys: Sequence[str]) -> list[Similar]:
    rows = list_past_incidents(tx, keys, incident.id or 0, at_most=_PAST)
    return find_similar(incident, _decode(rows))


def _decode(rows: Iterable[IncidentRow]) -> list[Incident]:
    return [decode_incident(dict(row.document), id=row.id) for row in rows]
