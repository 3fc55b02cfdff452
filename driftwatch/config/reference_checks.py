"""What has to fit together in the `reference` section: pinned, rolling, both, or without time."""

from __future__ import annotations

from datetime import datetime, timedelta

from driftwatch.config.mistakes import Note, Path
from driftwatch.config.promises import has_budget
from driftwatch.config.reading import list_good
from driftwatch.config.resolving import resolve_moment, resolve_schedule
from driftwatch.config.sections import list_settings
from driftwatch.config.settings import MonitorSettings, ReferenceSettings
from driftwatch.config.values import Moment
from driftwatch.jobs.windows import find_usual_length, windows_between

__all__ = ["check_reference"]

_NO_BUDGET = (
    "judges beside a pinned reference by the false-alarm budget, and the rules of this monitor judge without "
    "one; leave last out, or set false_pages"
)


def check_reference(monitor: MonitorSettings, path: Path, note: Note) -> None:
    """Record what does not fit together in the `reference` section of the monitor at `path`."""
    reference = monitor.reference
    if reference is None:
        return
    path = (*path, "reference")
    if reference.last is not None:
        _check_rolling(monitor, reference.last, path, note)
        if reference.from_ is None and reference.to is None:
            return
        if not has_budget(monitor):
            note((*path, "last"), _NO_BUDGET)
    elif reference.gap is not None:
        note((*path, "gap"), "goes with last")
    if not _has_no_time(reference):
        _check_pinned(monitor, reference, path, note)


def _has_no_time(reference: ReferenceSettings) -> bool:
    """Return whether the reference is all that lies in files of its own."""
    source = reference.source
    in_files = source is not None and source.kind == "files" and source.extra.time_column is None
    return in_files and reference.from_ is None and reference.to is None


def _check_rolling(monitor: MonitorSettings, last: timedelta, path: Path, note: Note) -> None:
    try:
        schedule = resolve_schedule(monitor)
    except ValueError:
        return
    if schedule is not None and last < find_usual_length(schedule):
        note((*path, "last"), f"holds no whole window of {schedule}; widen the reference")


def _check_pinned(monitor: MonitorSettings, reference: ReferenceSettings, path: Path, note: Note) -> None:
    for key, moment in (("from", reference.from_), ("to", reference.to)):
        if moment is None:
            note((*path, key), f"is missing: {list_settings(ReferenceSettings)[key].text}")
    if reference.from_ is not None and reference.to is not None:
        _check_span(monitor, reference, (reference.from_, reference.to), path, note)


def _check_span(
    monitor: MonitorSettings,
    reference: ReferenceSettings,
    span: tuple[Moment, Moment],
    path: Path,
    note: Note,
) -> None:
    start, end = (resolve_moment(moment, monitor.timezone) for moment in span)
    if end <= start:
        note((*path, "to"), "must be after from; it is exclusive")
        return
    _check_holds_window(monitor, start, end, path, note)
    for place, one in list_good(reference.except_):
        if one.from_ is None or one.to is None:
            continue
        left, right = (resolve_moment(moment, monitor.timezone) for moment in (one.from_, one.to))
        if right <= left:
            note((*path, "except", place, "to"), "must be after from; it is exclusive")
        elif reference.last is None and (right <= start or left >= end):
            note((*path, "except", place), "lies outside the reference and leaves nothing out")


def _check_holds_window(
    monitor: MonitorSettings, start: datetime, end: datetime, path: Path, note: Note
) -> None:
    try:
        schedule = resolve_schedule(monitor)
    except ValueError:
        return
    if schedule is not None and next(windows_between(schedule, start, end), None) is None:
        note((*path, "to"), f"leaves no whole window of {schedule} in the reference; widen the reference")
