"""The versions of a rolling reference that judges beside the pinned one, and what the store calls it.

In the store it is the reference of a companion: a monitor that no configuration names and no list shows, with
scores, a calibration and a ledger of its own. A version is decided upon with the first window of its season
cycle that is judged, and judges all of that cycle: whoever takes up the work finds the same one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from driftwatch.incidents.axis import JUDGED_WORDS
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.monitor import Excluded, Rolling
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.spans import find_cycle, find_cycle_start, find_span, list_held
from driftwatch.jobs.windows import windows_between
from driftwatch.profiles.reference import Block, Reference
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.evidence import load_profile
from driftwatch.store.monitors import MonitorRow, find_monitor, name_companion, register_monitor
from driftwatch.store.references import (
    ReferenceRow,
    ReferenceState,
    list_references,
    load_reference,
    save_reference,
)
from driftwatch.store.scores import list_scores
from driftwatch.store.verdicts import list_verdicts

__all__ = ["find_scored", "open_companion"]

log = logging.getLogger("driftwatch.reference")

_LOADED: WeakKeyDictionary[Reference, tuple[int, Reference]] = WeakKeyDictionary()
"""The version that was looked at last, with the id of its companion, by the pinned reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """What the store has: the companion, None before the first attempt, and its versions, oldest first.

    `is_turn`: no window of the season cycle was judged yet.
    """

    row: MonitorRow | None
    versions: Sequence[ReferenceRow]
    is_turn: bool

    def find(self, cycle: int) -> int | None:
        """Return the version of a season cycle, None where it has none."""
        return next((one.version for one in reversed(self.versions) if one.spec["cycle"] == cycle), None)

    def find_before(self, cycle: int) -> int | None:
        """Return the newest version of an earlier season cycle."""
        return next((one.version for one in reversed(self.versions) if one.spec["cycle"] < cycle), None)


def open_companion(database: Database, watch: Watch, window: Window, now: datetime) -> Watch | None:
    """Return the rolling reference that judges `window` beside the pinned one of `watch`, if any.

    1. The version of the window's season cycle is built with the first window of the cycle that is judged,
       or with the first window after the configuration has asked for one.
    2. Where fewer than half of its windows have been judged and are not left out, the one before it goes on,
       with a warning; where there is none, the pinned reference judges alone.
    """
    rolling = watch.monitor.reference.beside
    if rolling is None or watch.monitor.judging.budget is None:
        return None
    cycle = find_cycle(watch.monitor, window.start)
    stored = database.read(lambda tx: _read_stored(tx, watch, rolling, cycle, window))
    row, version = stored.row, stored.find(cycle)
    if version is None and (row is None or stored.is_turn):
        row, version = _build(database, watch, rolling, cycle, now)
    if version is None:
        version = stored.find_before(cycle)
    return None if row is None or version is None else _load(database, watch, row, version)


def find_scored(database: Database, watch: Watch, window: Window) -> Watch | None:
    """Return the version that `window` was scored by beside the pinned one; None where there was none."""

    def find(tx: sa.Connection) -> tuple[MonitorRow, int] | None:
        row = find_monitor(tx, name_companion(watch.row.key))
        if row is None or not _is_of(row, watch):
            return None
        found = list_scores(tx, row, before=window.start + datetime.resolution, newest=1)
        return next(((row, one.reference_version) for one in found if one.window == window), None)

    found = database.read(find)
    return None if found is None else _load(database, watch, *found)


def _read_stored(tx: sa.Connection, watch: Watch, rolling: Rolling, cycle: int, window: Window) -> _Stored:
    row = find_monitor(tx, name_companion(watch.row.key))
    if row is None or row.identity != _identify(watch, rolling):
        return _Stored(row=None, versions=(), is_turn=True)
    since = find_cycle_start(watch.monitor, cycle)
    is_turn = not list_verdicts(tx, watch.row, since, window.start, newest=1)
    return _Stored(row=row, versions=_list_versions(tx, row), is_turn=is_turn)


def _identify(watch: Watch, rolling: Rolling) -> str:
    """Return what the companion watches: another history or version of the pinned one begins it anew."""
    return f"{_identify_pinned(watch)}{rolling.last}/{rolling.gap}"


def _identify_pinned(watch: Watch) -> str:
    return f"{watch.row.history}/{watch.reference.version}/"


def _is_of(row: MonitorRow, watch: Watch) -> bool:
    return row.identity.startswith(_identify_pinned(watch))


def _list_versions(tx: sa.Connection, row: MonitorRow) -> list[ReferenceRow]:
    return [one for one in list_references(tx, row) if one.history == row.history]


def _load(database: Database, watch: Watch, row: MonitorRow, version: int) -> Watch | None:
    known = _LOADED.get(watch.reference)
    if known is None or (known[0], known[1].version) != (row.id, version):
        found = database.read(lambda tx: load_reference(tx, row, version))
        if found is None:
            return None
        known = (row.id, _leave_out(found, watch))
        _LOADED[watch.reference] = known
    return Watch(monitor=watch.monitor, row=row, reference=known[1], counted=watch)


def _leave_out(found: Reference, watch: Watch) -> Reference:
    """Return the reference without what the pinned one does not judge any more."""
    gone = {name: "it is not judged" for name in found.grids if name not in watch.reference.grids}
    return found.leave_out(gone)


def _build(
    database: Database, watch: Watch, rolling: Rolling, cycle: int, now: datetime
) -> tuple[MonitorRow, int | None]:
    """Return the companion with the version that was built for a season cycle, None where it could not be."""
    span = find_span(watch.monitor, rolling, cycle)
    asked = sum(1 for _ in windows_between(watch.monitor.schedule, *span))
    blocks = database.read(lambda tx: _load_blocks(tx, watch, span))
    fresh = Reference(grids=watch.reference.grids, blocks=tuple(blocks))
    spec = {
        "beside": watch.reference.version,
        "cycle": cycle,
        "from": write_stamp(span[0]),
        "to": write_stamp(span[1]),
    }

    def save(tx: sa.Connection) -> tuple[MonitorRow, int | None, bool]:
        row = register_monitor(
            tx,
            name_companion(watch.row.key),
            identity=_identify(watch, rolling),
            config_fingerprint=watch.monitor.fingerprint,
            now=now,
        )
        versions = _list_versions(tx, row)
        for one in versions:  # Somebody else may have built it meanwhile.
            if one.spec["cycle"] == cycle:
                return row, one.version, True
        if not blocks or 2 * len(blocks) < asked:
            return row, None, bool(versions)
        is_newest = all(one.spec["cycle"] < cycle for one in versions)
        state = ReferenceState.ACTIVE if is_newest else ReferenceState.RETIRED
        return row, save_reference(tx, row, fresh, spec=spec, now=now, state=state), True

    row, version, has_any = database.write(save)
    known = (watch.monitor.id, watch.reference.version)
    if version is not None:
        log.info("reference rolled monitor=%s beside=%s version=%s cycle=%s", *known, version, cycle)
    else:
        level = logging.WARNING if has_any else logging.INFO
        left = f"only {len(blocks)} of its {asked} windows were judged and are not left out"
        after = "the one before goes on" if has_any else "the pinned one judges alone"
        log.log(level, "reference not rolled monitor=%s beside=%s reason=%s; %s", *known, left, after)
    return row, version


def _load_blocks(tx: sa.Connection, watch: Watch, span: tuple[datetime, datetime]) -> list[Block]:
    """Return the windows of a span that were judged whole, without what is left out of it.

    Those are open and labelled incidents, and what the configuration excepts.
    """
    held = [*list_held(tx, watch.row), *watch.monitor.reference.excluded]
    found = []
    for row in list_verdicts(tx, watch.row, *span):
        if row.verdict.word not in JUDGED_WORDS or _is_held(row.window, held):
            continue
        profile = load_profile(tx, watch.row, row.window, watch.reference, only_fine=True)
        if profile is not None and profile.rows and not profile.absent:
            found.append(Block(window=row.window, profile=profile))
    return found


def _is_held(window: Window, held: Sequence[Excluded]) -> bool:
    return any(out.start < window.end and window.start < out.end for out in held)
