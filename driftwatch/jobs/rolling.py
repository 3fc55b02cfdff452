"""A reference that moves along: one version for each season cycle, of the windows before it.

A version is built when the first window of its cycle is judged, and judges all of that cycle, in a replay
too. It is kept like any other, and takes the place of the one before without another history: what a column
moves by itself stays known.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from driftwatch.errors import DataError, SourceError, UsageError
from driftwatch.incidents.stamps import read_stamp
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.oddities import warn_of_oddities
from driftwatch.jobs.reference import (
    Watch,
    build_watch,
    describe_spec,
    is_spec_of,
    list_reference_windows,
    read_reference,
)
from driftwatch.jobs.spans import find_cycle, list_held, pin_reference
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.references import (
    ReferenceRow,
    ReferenceState,
    list_references,
    load_reference,
    save_reference,
)

__all__ = ["group_windows", "roll_reference"]

log = logging.getLogger("driftwatch.reference")


def group_windows(monitor: Monitor, windows: Sequence[Window]) -> Iterator[list[Window]]:
    """Yield `windows` in groups that one version of the reference judges, in order."""
    if monitor.reference.rolling is None and monitor.reference.beside is None:
        yield list(windows)
        return
    for _, group in groupby(windows, key=lambda window: find_cycle(monitor, window.start)):
        yield list(group)


def roll_reference(
    database: Database,
    watch: Watch,
    window: Window,
    now: datetime,
    *,
    read: Callable[[Monitor], Reference] = read_reference,
) -> Watch:
    """Return the monitor with the version of its reference that judges `window`, built where there is none.

    1. A reference that does not roll stays; so does one that rolls otherwise than the configuration says by
       now, until another one is promoted.
    2. A version that a person promoted since stays until the next season cycle.
    3. Where the version cannot be built, or fewer than half of its windows could be part of it, the active
       one stays, and a warning says why.
    """
    if watch.monitor.reference.rolling is None:
        return watch
    versions = database.read(lambda tx: _list_versions(tx, watch))
    active = next((one for one in versions if one.state is ReferenceState.ACTIVE), None)
    if active is None:
        return watch
    cycle, current = find_cycle(watch.monitor, window.start), _read_cycle(watch.monitor, active)
    known = next((one for one in reversed(versions) if _read_cycle(watch.monitor, one) == cycle), None)
    chosen = active.version
    if known is not None and current > cycle:
        chosen = known.version
    elif known is None:
        chosen = _build(database, watch, cycle, now, read) or active.version
    return watch if chosen == watch.reference.version else _load(database, watch, chosen)


def _load(database: Database, watch: Watch, version: int) -> Watch:
    reference = database.read(lambda tx: load_reference(tx, watch.row, version))
    return watch if reference is None else build_watch(watch.monitor, watch.row, reference)


def _list_versions(tx: sa.Connection, watch: Watch) -> list[ReferenceRow]:
    """Return what judges or judged in the present history, built as the configuration asks."""
    wanted = describe_spec(watch.monitor)
    return [
        one
        for one in list_references(tx, watch.row)
        if one.history == watch.row.history
        and one.state is not ReferenceState.CANDIDATE
        and is_spec_of(wanted, one.spec)
    ]


def _read_cycle(monitor: Monitor, version: ReferenceRow) -> int:
    rolling, end = monitor.reference.rolling, read_stamp(version.spec["to"])
    return find_cycle(monitor, end if rolling is None else end + rolling.gap)


def _build(
    database: Database,
    watch: Watch,
    cycle: int,
    now: datetime,
    read: Callable[[Monitor], Reference],
) -> int | None:
    """Return the version that was built for a season cycle, None where it could not be."""
    monitor = watch.monitor
    settled = pin_reference(monitor, cycle, database.read(lambda tx: list_held(tx, watch.row)))
    asked = len(list_reference_windows(pin_reference(monitor, cycle, ())))
    try:
        fresh = _read(settled, asked, read)
    except (DataError, SourceError, UsageError) as error:
        log.warning("reference not rolled monitor=%s reason=%s; the active one stays", monitor.id, error)
        return None

    def save(tx: Any) -> int:
        versions = _list_versions(tx, watch)
        for one in versions:  # Somebody else may have built it meanwhile.
            if _read_cycle(monitor, one) == cycle:
                return one.version
        is_newest = all(_read_cycle(monitor, one) < cycle for one in versions)
        state = ReferenceState.ACTIVE if is_newest else ReferenceState.RETIRED
        return save_reference(tx, watch.row, fresh, spec=describe_spec(settled), now=now, state=state)

    version = database.write(save)
    log.info("reference rolled monitor=%s version=%s cycle=%s", monitor.id, version, cycle)
    warn_of_oddities(monitor, fresh, version)
    return version


def _read(settled: Monitor, asked: int, read: Callable[[Monitor], Reference]) -> Reference:
    """Return the reference, of which at least half of the windows `asked` for have rows.

    Raises DataError where fewer have, or are left out.
    """
    left = len(list_reference_windows(settled))
    if 2 * left < asked:
        raise DataError(f"open or labelled incidents leave {left} of its {asked} windows")
    fresh = read(settled)
    filled = sum(block.profile.rows > 0 for block in fresh.blocks)
    if 2 * filled < asked:
        raise DataError(f"only {filled} of its {asked} windows have rows and are not left out")
    return fresh
