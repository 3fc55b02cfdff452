"""Build the reference from its source, keep it in the store, and have the active one at hand."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from driftwatch.errors import DataError, UsageError
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.facts import is_empty_by_habit
from driftwatch.jobs.monitor import Excluded, Monitor, ReferenceSpec
from driftwatch.jobs.oddities import warn_of_oddities
from driftwatch.jobs.spans import find_cycle, list_held, pin_reference
from driftwatch.jobs.windows import windows_between
from driftwatch.profiles.build import build_reference, skip_by_name
from driftwatch.profiles.derived import skip_derived
from driftwatch.profiles.grid import get_recipe
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request
from driftwatch.store.database import Database
from driftwatch.store.monitors import MonitorRow, find_monitor
from driftwatch.store.references import (
    ReferenceState,
    list_references,
    load_reference,
    save_reference,
)

__all__ = [
    "Watch",
    "build_watch",
    "describe_spec",
    "ensure_reference",
    "is_spec_of",
    "keep_reference",
    "list_reference_windows",
    "read_reference",
    "rebuild_reference",
    "settle_reference",
]

log = logging.getLogger("driftwatch.reference")

_MOVING = frozenset({"from", "to", "held"})
_ACCEPTED = frozenset({"accepted", "configured_to"})

_ALL_TIME = Window(start=datetime(1903, 1, 1, tzinfo=UTC), end=datetime(2900, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watch:
    """A monitor with what the store knows of it: its row, and the active reference.

    `counted` is set where this is a companion: windows, verdicts and incidents are those of that one.
    """

    monitor: Monitor
    row: MonitorRow
    reference: Reference
    counted: Watch | None = None

    @property
    def origin(self) -> Watch:
        """The watch whose windows are judged: this one, or the one that it is a companion of."""
        return self.counted or self


def build_watch(monitor: Monitor, row: MonitorRow, reference: Reference) -> Watch:
    """Return the monitor with `reference`, without the columns that the configuration leaves out by now.

    What is no longer wanted is not judged from then on; a column that is wanted anew has no counts, and
    waits for the next version.
    """
    whys = {
        name: (skip_by_name if get_recipe(grid) is None else skip_derived)(name, monitor.columns)
        for name, grid in reference.grids.items()
    }
    left_out = {name: why for name, why in whys.items() if why is not None}
    return Watch(monitor=monitor, row=row, reference=reference.leave_out(left_out))


def list_reference_windows(monitor: Monitor) -> list[Window]:
    """Return the windows of the reference, one a block, without those that touch an excluded stretch.

    A reference without time has none.
    """
    spec = monitor.reference
    if spec.span is None:
        return []
    return [
        window
        for window in windows_between(monitor.schedule, *spec.span)
        if not any(out.start < window.end and window.start < out.end for out in (*spec.excluded, *spec.held))
    ]


def read_reference(monitor: Monitor) -> Reference:
    """Return the reference of `monitor`, read from its source; version 0, for no store has it yet.

    One without time is a single block without a window; of one that rolls it must be settled for when.

    Raises UsageError where its range holds no whole window, DataError where it holds no rows, and
    SourceError where the source cannot be read.
    """
    said = _say_reference(monitor.reference)
    try:
        return _read_whole(monitor) if monitor.reference.span is None else _read_windows(monitor, said)
    except DataError as error:
        raise DataError(f"{monitor.id}: {said}: {error}") from error


def _read_windows(monitor: Monitor, said: str) -> Reference:
    windows = list_reference_windows(monitor)
    if not windows:
        raise UsageError(f"{monitor.id}: no whole window of {monitor.schedule} lies in the {said}; widen it")
    source = monitor.reference.source or monitor.source
    request = Request(monitor=monitor.id, windows=tuple(windows), options=monitor.columns)
    reference = build_reference(list(source.read(request)), monitor.columns)
    return reference if monitor.reference.rolling is None else _drop_empty(reference, monitor.timezone)


def _drop_empty(reference: Reference, timezone: str) -> Reference:
    """Return the reference without windows that have no rows, unless they never have any at their time."""
    return replace(
        reference,
        blocks=tuple(
            block
            for block in reference.blocks
            if block.profile.rows or (block.window and is_empty_by_habit(reference, block.window, timezone))
        ),
    )


def _read_whole(monitor: Monitor) -> Reference:
    source, columns = monitor.reference.source or monitor.source, monitor.columns
    times = columns.time.columns if columns.time else ()
    # The times of its rows, where it has any, are no column to compare with.
    whole = replace(columns, time=None, exclude=(*columns.exclude, *times))
    request = Request(monitor=monitor.id, windows=(_ALL_TIME,), options=whole)
    return build_reference([(None, rows) for _, rows in source.read(request)], whole)


def _say_reference(spec: ReferenceSpec) -> str:
    if spec.span is None:
        return "reference"
    start, end = spec.span
    return f"reference from {write_stamp(start)} to {write_stamp(end)}"


def settle_reference(database: Database, monitor: Monitor, row: MonitorRow | None, at: datetime) -> Monitor:
    """Return the monitor with the reference that is to be read: a rolling one as of the cycle of `at`."""
    held = [] if row is None else database.read(lambda tx: list_held(tx, row))
    return pin_reference(monitor, find_cycle(monitor, at), held)


def ensure_reference(
    database: Database,
    monitor: Monitor,
    row: MonitorRow,
    now: datetime,
    *,
    at: datetime | None = None,
    read: Callable[[Monitor], Reference] = read_reference,
) -> Watch:
    """Return the monitor with its active reference; `at` is the time of the first window to judge, or now.

    `read` reads one, as `read_reference` does.

    1. Without a reference, version 1 is built and activated.
    2. Where the configuration asks for another one, a candidate is built, once; only `reference promote`
       activates it, and until then the active one goes on judging.
    """
    versions = [v for v in database.read(lambda tx: list_references(tx, row)) if v.history == row.history]
    wanted = describe_spec(monitor)
    if not any(is_spec_of(wanted, version.spec) for version in versions):
        settled = settle_reference(database, monitor, row, at or now)
        fresh = read(settled)
        built = keep_reference(database, settled, row, fresh, now)
        warn_of_oddities(monitor, fresh, built)
        if versions:
            log.warning(
                "candidate reference built monitor=%s version=%s next=`driftwatch reference promote %s %s`",
                *(monitor.id, built, monitor.id, built),
            )
    reference = database.read(lambda tx: load_reference(tx, row))
    if reference is None:
        raise UsageError(
            f"{monitor.id}: no reference version is active; see `driftwatch reference list {monitor.id}` "
            f"and activate one with `driftwatch reference promote {monitor.id} VERSION`"
        )
    return build_watch(monitor, row, reference)


def rebuild_reference(database: Database, monitor: Monitor, row: MonitorRow, now: datetime) -> int:
    """Read the reference that the configuration asks for, keep it and return its version."""
    settled = settle_reference(database, monitor, row, now)
    return keep_reference(database, settled, row, read_reference(settled), now)


def keep_reference(
    database: Database, monitor: Monitor, row: MonitorRow, reference: Reference, now: datetime
) -> int:
    """Keep `reference`, which was read as the configuration asks for, and return its version.

    The first one of a monitor's history is activated at once, a later one is a candidate.
    """

    def save(tx: Any) -> int:
        current = find_monitor(tx, row.key) or row  # Another version may have been promoted meanwhile.
        is_first = all(version.history != current.history for version in list_references(tx, current))
        state = ReferenceState.ACTIVE if is_first else ReferenceState.CANDIDATE
        return save_reference(tx, current, reference, spec=describe_spec(monitor), now=now, state=state)

    return database.write(save)


def is_spec_of(wanted: Mapping[str, Any], built: Mapping[str, Any]) -> bool:
    """Return whether a version that was `built` from a spec is one that the configuration asks for.

    Of a rolling reference every cycle's version is, and so is one in which columns were accepted since.
    """
    moving = _MOVING if "rolling" in wanted else frozenset()
    if "accepted" in built:
        built = {**built, "to": built["configured_to"]}
        moving |= _ACCEPTED
    return all(wanted.get(name) == built.get(name) for name in {*wanted, *built} - moving)


def describe_spec(monitor: Monitor) -> dict[str, Any]:
    """Return what the reference is built from: a change of it asks for another reference."""
    spec, columns = monitor.reference, monitor.columns
    return {
        "from": spec.start and write_stamp(spec.start),
        "to": spec.end and write_stamp(spec.end),
        "except": [[write_stamp(out.start), write_stamp(out.end), out.why] for out in _list_excluded(spec)],
        # Addresses are left out of what a source shows of itself.
        "source": f"{spec.source!r} {spec.source_fingerprint}" if spec.source else None,
        "include": None if columns.include is None else sorted(columns.include),
        "exclude": sorted(columns.exclude),
        "kinds": dict(sorted(columns.kinds.items())),
        "key": list(columns.key),
        "missing": [str(value) for value in columns.missing],
        # Versions of the time before derived columns are not to be built anew for want of a word.
        **({"derived": True} if columns.derived else {}),
        **_describe_rolling(spec),
    }


def _list_excluded(spec: ReferenceSpec) -> list[Excluded]:
    """Return what is left out of what is read: later stretches concern a rolling reference beside it."""
    if spec.beside is None or spec.span is None:
        return list(spec.excluded)
    start, end = spec.span
    return [out for out in spec.excluded if out.start < end and start < out.end]


def _describe_rolling(spec: ReferenceSpec) -> dict[str, Any]:
    if spec.rolling is None:
        return {}
    return {
        "rolling": {
            "last": spec.rolling.last.total_seconds(),
            "gap": spec.rolling.gap.total_seconds(),
        },
        "held": [[write_stamp(out.start), write_stamp(out.end), out.why] for out in spec.held],
    }
