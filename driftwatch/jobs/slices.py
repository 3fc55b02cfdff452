"""The search for the rows that carry a change: beside the checks, some time after an incident has opened.

1. Incidents that want a search are found in the store, so that none is forgotten when a process ends.
2. One is claimed for as long as reading may take; whoever else finds it leaves it alone.
3. The window that shows it last, and windows of the reference of the same season, are read once more, no more
   than a million rows of each, and counted by two columns at once.
4. What is found is kept with the incident. Its page shows it, and the next notice has one sentence of it.

Nothing waits for it: it has a lane of its own, and takes one reader at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final

import sqlalchemy as sa

from driftwatch.errors import DriftwatchError, StoreError
from driftwatch.incidents.codec import decode_incident
from driftwatch.incidents.incident import Incident, rank_members
from driftwatch.incidents.slices import FoundSlice, SliceReport, encode_report, say_report
from driftwatch.jobs.lanes import Lanes
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.reading import ReadingInterrupted
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.windows import season_cycle
from driftwatch.profiles.grid import CategoryGrid, get_recipe
from driftwatch.profiles.joint import JointCounts, Layout, build_divide, build_target
from driftwatch.profiles.reference import Block
from driftwatch.profiles.window import Window
from driftwatch.statistics.slices import SliceKind, find_growth, find_slice
from driftwatch.store.evidence import load_profile
from driftwatch.store.incidents import find_incident
from driftwatch.store.slices import claim_search, list_wanted, record_search

__all__ = ["search_due", "search_incident", "start_searches"]

log = logging.getLogger("driftwatch.slices")

_INCIDENTS_A_TICK: Final = 20
_MOST_ROWS: Final = 1_000_000
_MOST_COLUMNS, _MOST_DIVIDES, _MOST_WINDOWS = 3, 20, 8
_MOST_ATTEMPTS: Final = 3
_APART: Final = {0: None, 1: "unseen", 2: "missing"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Search:
    """What is searched: an incident of a monitor, and the windows that are read for it."""

    watch: Watch
    incident: Incident
    layout: Layout
    usual: tuple[Window, ...]

    @property
    def window(self) -> Window:
        """The window whose rows are searched: the last that shows the incident."""
        return self.incident.last_window


def start_searches(
    parts: Parts, watches: Sequence[Watch], lanes: Lanes, *, stopping: Callable[[], bool]
) -> None:
    """Have the incidents that want it searched in `lanes`, and do not wait."""
    known = {watch.monitor.id: watch for watch in watches}
    lanes.offer(
        {
            str(number): partial(_search_unless, parts, known[key], number, stopping)
            for number, key in _list_wanted(parts)
            if key in known
        }
    )


def search_due(parts: Parts, watches: Sequence[Watch]) -> int:
    """Search the incidents that want it, one after the other, and return how many those were."""
    known = {watch.monitor.id: watch for watch in watches}
    wanted = [(number, known[key]) for number, key in _list_wanted(parts) if key in known]
    for number, watch in wanted:
        _search_unless(parts, watch, number, lambda: False)
    return len(wanted)


def _list_wanted(parts: Parts) -> list[tuple[int, str]]:
    return parts.database.read(lambda tx: list_wanted(tx, parts.tell_time(tx), at_most=_INCIDENTS_A_TICK))


def _search_unless(parts: Parts, watch: Watch, number: int, stopping: Callable[[], bool]) -> None:
    if stopping():
        return
    try:
        search_incident(parts, watch, number)
    except StoreError as error:
        log.error("slices not searched incident=%s reason=%s", number, error)  # noqa: TRY400 - the reason says it all.
    except Exception:  # one poisoned incident must not stop the others
        log.exception("slices not searched incident=%s", number)


def search_incident(parts: Parts, watch: Watch, number: int) -> SliceReport | None:
    """Search one incident, keep what was found and return it; None where somebody else is at it."""
    length = 2 * watch.monitor.limits.wall + parts.lease
    attempt = parts.database.write(partial(_claim, parts=parts, number=number, length=length))
    row = parts.database.read(lambda tx: find_incident(tx, number))
    if attempt is None or row is None:
        return None
    incident = decode_incident(dict(row.document), id=number)
    watch = replace(watch, row=replace(watch.row, history=row.history))
    try:
        report = _search(parts, watch, incident, attempt)
    except ReadingInterrupted:
        return None  # The claim runs out, and the next process takes it up.
    document = encode_report(report)
    if not parts.database.write(
        partial(_record, parts=parts, number=number, attempt=attempt, document=document)
    ):
        return None
    said = say_report(report) or report.failed or "no slice is responsible"
    log.info("slices searched monitor=%s incident=%s found=%s", watch.monitor.id, number, said)
    return report


def _claim(tx: sa.Connection, *, parts: Parts, number: int, length: timedelta) -> int | None:
    return claim_search(tx, number, parts.owner, parts.tell_time(tx), length)


def _record(
    tx: sa.Connection, *, parts: Parts, number: int, attempt: int, document: dict[str, object]
) -> bool:
    return record_search(tx, number, attempt, document, parts.clock.now())


def _search(parts: Parts, watch: Watch, incident: Incident, attempt: int) -> SliceReport:
    report = SliceReport(window=incident.last_window)
    found = _plan_search(watch, incident)
    if isinstance(found, str):
        return replace(report, failed=found)
    if attempt > _MOST_ATTEMPTS:
        return replace(report, failed=f"it was begun {_MOST_ATTEMPTS} times and never came to an end")
    try:
        return _read_both(parts, found)
    except DriftwatchError as error:
        stored = parts.database.read(lambda tx: _find_stored(tx, found))
        return replace(report, failed=str(error).rstrip("."), stored=stored)


def _plan_search(watch: Watch, incident: Incident) -> _Search | str:
    """Return what is to be read, or why nothing can be found by reading."""
    columns = watch.reference.total.columns
    wanted = [one.column for one in rank_members(incident.members) if one.column in columns]
    targets = [
        build_target(name, columns[name])
        for name in dict.fromkeys(filter(None, wanted))
        if get_recipe(columns[name].grid) is None and columns[name].grid.kind != "time"
    ]
    divides = [
        build_divide(name, grid)
        for name, grid in watch.reference.grids.items()
        if isinstance(grid, CategoryGrid) and grid.names
    ]
    if not targets:
        return "no column takes part whose rows could be counted again"
    if not any(one.column != targets[0].column for one in divides):
        return "there is no other column of names to divide the rows by"
    usual = _choose_usual(watch, incident.last_window)
    if not usual:
        return "the reference has no windows that could be read again"
    layout = Layout(targets=tuple(targets[:_MOST_COLUMNS]), divides=tuple(divides[:_MOST_DIVIDES]))
    return _Search(watch=watch, incident=incident, layout=layout, usual=usual)


def _choose_usual(watch: Watch, window: Window) -> tuple[Window, ...]:
    """Return windows of the reference that lie at the same place of the season, the nearest in time first."""
    season = season_cycle(watch.monitor.schedule)
    filled = [block for block in watch.reference.blocks if block.window is not None and block.profile.rows]

    def rank(block: Block) -> tuple[timedelta, timedelta]:
        start = block.window.start if block.window else window.start
        apart = (window.start - start) % season
        return min(apart, season - apart), abs(window.start - start)

    chosen: list[Window] = []
    rows = 0
    for block in sorted(filled, key=rank)[:_MOST_WINDOWS]:
        rows += block.profile.rows
        if block.window is not None and rows <= _MOST_ROWS:
            chosen.append(block.window)
    return tuple(sorted(chosen))


def _read_both(parts: Parts, search: _Search) -> SliceReport:
    monitor, layout = search.watch.monitor, search.layout
    own = replace(monitor, source=monitor.reference.source or monitor.source)
    usual = parts.reader.count_joint(own, search.usual, layout, _MOST_ROWS)
    current = parts.reader.count_joint(monitor, [search.window], layout, _MOST_ROWS)
    return SliceReport(
        window=search.window,
        columns=tuple(one.column for one in layout.targets),
        divides=len(layout.divides),
        rows=current.rows,
        usual_rows=usual.rows,
        usual_windows=len(search.usual),
        found=tuple(_find_slices(layout, usual, current)),
    )


def _find_slices(layout: Layout, usual: JointCounts, current: JointCounts) -> Iterator[FoundSlice]:
    """Yield the slice that carries the change of each target, where one does."""
    pairs = list(zip(layout.pairs, usual.tables, current.tables, strict=True))
    for target in layout.targets:
        own = [(divide, (ours, theirs)) for (of, divide), ours, theirs in pairs if of is target]
        # Rows with one of the rarer names have none in common that could be told.
        named = [[*range(len(one.grid.names)), one.groups - 2, one.groups - 1] for one, _ in own]
        found = find_slice([tables for _, tables in own], named)
        if found is not None:
            divide = own[found.pair][0]
            names = divide.grid.names
            yield FoundSlice(
                column=target.column,
                divide=divide.column,
                name=names[found.group] if found.group < len(names) else None,
                apart=_APART[found.group - len(names)] if found.group >= len(names) else None,
                kind=found.kind,
                explained=found.explained,
                share=found.share,
                usual_share=found.usual_share,
            )


def _find_stored(tx: sa.Connection, search: _Search) -> FoundSlice | None:
    """Return the name whose share of the rows changed most, by the counts that are stored."""
    watch = search.watch
    profile = load_profile(tx, watch.row, search.window, watch.reference)
    if profile is None:
        return None
    usual = watch.reference.total.columns
    names = [one.column for one in search.layout.divides if one.column in profile.columns]
    pairs = [(usual[name].cells, profile.columns[name].cells) for name in names]
    found = find_growth(pairs)
    if found is None:
        return None
    grid = usual[names[found.pair]].grid
    if not isinstance(grid, CategoryGrid) or found.group == grid.other_cell:
        return None
    return FoundSlice(
        column=search.layout.targets[0].column,
        divide=names[found.pair],
        name=grid.names[found.group] if found.group < len(grid.names) else None,
        apart="unseen" if found.group == grid.unseen_cell else None,
        kind=SliceKind.SIZE,
        explained=found.explained,
        share=found.share,
        usual_share=found.usual_share,
    )
