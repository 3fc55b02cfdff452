"""What the data itself tells about how to watch it: its time column, its range, a fitting window."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftwatch.config.starter import StarterFacts
from driftwatch.errors import UsageError
from driftwatch.jobs.event_time import recognise_time
from driftwatch.jobs.windows import Schedule, window_at
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.times import NO_TIME, TimeColumn, read_times
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request
from driftwatch.sources.files import match_files
from driftwatch.sources.formats import ENDINGS, open_file
from driftwatch.sources.frames import open_frame
from driftwatch.sources.readable import Readable
from driftwatch.sources.sql import SqlSource

__all__ = ["survey_file", "survey_table"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EVER = Window(start=datetime(1902, 1, 1, tzinfo=UTC), end=datetime(2900, 1, 1, tzinfo=UTC))
# The longest window of which the data holds enough, with rows enough in each.
_WINDOWS = (timedelta(days=7), timedelta(days=1), timedelta(hours=1), timedelta(minutes=15))
_LEAST_WINDOWS = 20
_MOST_REFERENCE_WINDOWS = 56


def survey_file(path: str, folder: Path, time_column: str | None = None) -> StarterFacts:
    """Return what is found out about a file, or the files of a pattern or folder, named relative to `folder`.

    What lies elsewhere is named from the root. Raises UsageError where nothing fits or no column can
    be taken for the event time, and SourceError or DataError where a file cannot be read.
    """
    path = _choose_pattern(path)
    files = [open_file(one) for one in match_files(path)]
    if not files:
        raise UsageError(f"no file fits {path}; name a file, or a pattern such as data/*.csv")
    time = _choose_time(files[0], path, time_column)
    parts = [read_times(rows, time) for file in files for rows in file.read_tables(list(time.columns))]
    times = np.concatenate([np.empty(0, dtype=np.int64), *parts])
    whole = Path(path).absolute()
    shown = os.path.relpath(whole, folder) if whole.is_relative_to(folder) else str(whole)
    return _build_facts(_name_after(Path(path)), time, times, path=shown)


def _choose_pattern(path: str) -> str:
    """Return the pattern of the files in a folder, and any other path as it is."""
    if not Path(path).is_dir():
        return path
    endings = {one.suffix for one in Path(path).iterdir() if one.is_file() and one.suffix in ENDINGS}
    if len(endings) != 1:
        found = f"files of several kinds ({', '.join(sorted(endings))})" if endings else "no data file"
        raise UsageError(f"{path} holds {found}; name a file, or a pattern such as {path}/*.csv")
    return str(Path(path) / f"*{endings.pop()}")


def _name_after(path: Path) -> str:
    """Return the name of a monitor of a file; of a pattern, of what is fixed in it."""
    fixed = path.name.split(".")[0]
    return _name(re.sub(r"[*?]|\[[^]]*\]", " ", fixed).strip() or path.parent.name)


def survey_table(url: str, table: str | None, time_column: str | None = None) -> StarterFacts:
    """Return what is found out about a table of the database at `url`; only its times are read."""
    if table is None:
        raise UsageError("--from URL needs --table TABLE too")
    name = _name(table.split(".")[-1])
    source = SqlSource(url=url, table=table)
    sample = source.look(ColumnOptions(), name).rows
    time = _choose_time(open_frame(sample), table, time_column)
    request = Request(monitor=name, windows=(_EVER,), options=ColumnOptions(time=time), columns=time.columns)
    parts = [read_times(rows, time) for _, rows in source.read(request) if rows.num_rows]
    times = np.concatenate([np.empty(0, dtype=np.int64), *parts])
    return _build_facts(name, time, times, url=url, table=table)


def _choose_time(rows: Readable, place: str, named: str | None) -> TimeColumn:
    if named is not None:
        if named in rows.columns:
            return TimeColumn(columns=(named,))
        raise UsageError(f"{place}: there is no column {named!r}; there are: {', '.join(rows.columns[:30])}")
    found = recognise_time(rows, ColumnOptions())
    if found is None:
        raise UsageError(
            f"{place}: no column looks like the time of the event; name one with --time-column. "
            f"Its columns are: {', '.join(rows.columns[:30])}"
        )
    return found


def _build_facts(
    name: str,
    time: TimeColumn,
    times: NDArray[np.int64],
    *,
    path: str | None = None,
    url: str | None = None,
    table: str | None = None,
) -> StarterFacts:
    known = times[times != NO_TIME]
    if len(known) == 0:
        raise UsageError(f"{path or table}: the time column {time} holds no times")
    first, last = (_EPOCH + timedelta(microseconds=int(at)) for at in (known.min(), known.max()))
    window = _choose_window(last - first, len(known))
    start = _find_start(first, last, window)
    end = window_at(
        Schedule(every=window), first + min((last - first) / 2, _MOST_REFERENCE_WINDOWS * window)
    ).start
    return StarterFacts(
        id=name,
        time_column=time.columns[0] if len(time.columns) == 1 else time.columns,
        window=window,
        reference_from=start,
        reference_to=max(end, start + window),
        path=path,
        url=url,
        table=table,
    )


def _choose_window(span: timedelta, rows: int) -> timedelta:
    """Return the longest window of which there are enough, unless a shorter one still has rows enough."""
    fitting = [window for window in _WINDOWS if span >= _LEAST_WINDOWS * window]
    filled = [window for window in fitting if rows / (span / window) >= 200]
    daily = [window for window in filled if window <= timedelta(days=1)]
    return next(iter([*daily, *filled, *fitting]), _WINDOWS[-1])


def _find_start(first: datetime, last: datetime, window: timedelta) -> datetime:
    """Return where the first whole window of the data starts: one that is cut off is no example."""
    found = window_at(Schedule(every=window), first)
    is_whole = first - found.start < window / 20 or last - first < 2 * window
    return found.start if is_whole else found.end


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "data"
