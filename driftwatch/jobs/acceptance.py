"""What an incident found becomes the new normal: its columns are judged by its own windows from now on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.incident import Incident
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.monitor import Excluded, Monitor, ReferenceSpec
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.promotion import need_row, promote_version
from driftwatch.jobs.reference import list_reference_windows
from driftwatch.profiles.grid import get_recipe
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.replacing import replace_columns
from driftwatch.profiles.window import Window
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.references import (
    ReferenceRow,
    ReferenceState,
    list_references,
    load_reference,
    save_reference,
)
from driftwatch.store.verdicts import list_verdicts

__all__ = ["Accepted", "Renewal", "accept_incident", "build_renewal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The version that judges from now on, the columns that it has anew, and the windows they are from."""

    version: ReferenceRow
    columns: tuple[str, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Renewal:
    """The reference as accepting would have it: what of it is new, from which windows, and its spec."""

    row: MonitorRow
    reference: Reference
    columns: tuple[str, ...]
    windows: tuple[Window, ...]
    spec: Mapping[str, object]


def accept_incident(parts: Parts, monitor: Monitor, incident: Incident, who: str, why: str = "") -> Accepted:
    """Make what `incident` of `monitor` shows the new normal because `who` says so; return what was done.

    The reference of `build_renewal` is kept as a new version and promoted: another history begins after the
    last of its windows, what is open ends. `why` is what `who` says about it.
    """
    renewal = build_renewal(parts, monitor, incident, who, why)
    now = parts.clock.now()
    version = parts.database.write(
        lambda tx: save_reference(tx, renewal.row, renewal.reference, spec=renewal.spec, now=now)
    )
    promoted = promote_version(parts, monitor, version, who=who, why=why)
    return Accepted(version=promoted, columns=renewal.columns, windows=renewal.windows)


def build_renewal(
    parts: Parts, monitor: Monitor, incident: Incident, who: str = "", why: str = ""
) -> Renewal:
    """Return the reference that accepting `incident` would have; nothing is kept.

    1. The windows since it began are read again, and a reference is built of them.
    2. Its columns, and what is derived from them, take the place of those of the active reference; the others
       stay as they are.

    Raises UsageError where there is nothing to accept: the incident is over or about no column, or the
    reference rolls. SourceError and DataError where its windows cannot be read, or not be judged by.
    """
    row = parts.database.read(lambda tx: need_row(tx, monitor))
    _refuse(monitor, incident)
    active, reference = parts.database.read(lambda tx: _load_active(tx, row))
    columns = tuple(sorted(_list_columns(incident, reference)))
    if not columns:
        raise UsageError(
            f"incident {incident.id} is about no column that could be replaced; if nothing is wrong: "
            f"`driftwatch incident label {incident.id} expected`"
        )
    windows = parts.database.read(lambda tx: _list_windows(tx, row, incident))
    fresh = _read(parts.reader.read_reference, monitor, windows)
    said: dict[str, object] = {"incident": incident.id, "by": who}
    return Renewal(
        row=row,
        reference=replace_columns(reference, fresh, columns),
        columns=columns,
        windows=tuple(windows),
        spec=_describe(active, columns, windows, said | ({"why": why} if why else {})),
    )


def _refuse(monitor: Monitor, incident: Incident) -> None:
    if monitor.reference.rolling is not None:
        raise UsageError(
            f"the reference of {monitor.id} rolls and takes in what lasts by itself; to let it: "
            f"`driftwatch incident label {incident.id} expected`"
        )
    if not incident.is_open:
        raise UsageError(
            f"incident {incident.id} is over: what came back needs no other reference; "
            f"its file may name another one, which `driftwatch reference build {monitor.id}` builds"
        )


def _list_columns(incident: Incident, reference: Reference) -> set[str]:
    """Return the delivered columns that are members, and those that derived members come from."""
    found: set[str] = set()
    for member in incident.members:
        grid = reference.grids.get(member.column or "")
        if member.column is not None and grid is not None:
            recipe = get_recipe(grid)
            found |= {member.column} if recipe is None else set(recipe.columns)
    return found


def _load_active(tx: sa.Connection, row: MonitorRow) -> tuple[ReferenceRow, Reference]:
    active = next((one for one in list_references(tx, row) if one.state is ReferenceState.ACTIVE), None)
    reference = load_reference(tx, row)
    if active is None or reference is None:
        raise UsageError(f"{row.key} has no active reference; see `driftwatch reference list {row.key}`")
    return active, reference


def _list_windows(tx: sa.Connection, row: MonitorRow, incident: Incident) -> list[Window]:
    """Return the windows with rows since the incident began, oldest first."""
    found = list_verdicts(tx, row, _find_begin(incident), None)
    windows = [one.window for one in found if one.verdict.word in JUDGED_WORDS and one.verdict.rows]
    if not windows:
        raise UsageError(f"incident {incident.id} has no window with rows yet that could be accepted")
    return windows


def _find_begin(incident: Incident) -> datetime:
    return min(member.since for member in incident.members if member.column is not None)


def _read(read: Callable[[Monitor], Reference], monitor: Monitor, windows: list[Window]) -> Reference:
    """Return the reference that is made of `windows` of the monitor's own source."""
    spec = ReferenceSpec(start=windows[0].start, end=windows[-1].end)
    whole = replace(monitor, reference=spec)
    wanted = set(windows)
    others = tuple(
        Excluded(start=window.start, end=window.end, why="not judged")
        for window in list_reference_windows(whole)
        if window not in wanted
    )
    return read(replace(whole, reference=replace(spec, excluded=others)))


def _describe(
    active: ReferenceRow, columns: tuple[str, ...], windows: list[Window], why: dict[str, object]
) -> dict[str, object]:
    """Return the spec of the active version with what was accepted since; what is owed begins after it."""
    accepted = {
        **why,
        "columns": list(columns),
        "from": write_stamp(windows[0].start),
        "to": write_stamp(windows[-1].end),
    }
    earlier = active.spec.get("accepted", [])
    configured = active.spec.get("configured_to", active.spec.get("to"))
    return {
        **active.spec,
        "to": accepted["to"],
        "configured_to": configured,
        "accepted": [*earlier, accepted],
    }
