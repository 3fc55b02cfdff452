"""Which column of a batch tells the event time where nobody has said so, and from when to when it goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.profiles.columns import ColumnOptions, get_column, infer_kind, is_text, kind_of_type
from driftwatch.profiles.times import NO_TIME, TimeColumn, read_times
from driftwatch.profiles.window import Window
from driftwatch.sources.readable import Readable

__all__ = ["bound_times", "recognise_time"]

# What people call the time an event happened, the surest first.
_NAMES = (
    *("event_time", "event_timestamp", "timestamp", "datetime", "date_time", "time", "ts"),
    *("created_at", "occurred_at", "recorded_at", "event_date", "date"),
)
_SAMPLE_ROWS = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def recognise_time(rows: Readable, options: ColumnOptions) -> TimeColumn | None:
    """Return the event time column: the only column of times, or else one with a usual name.

    Columns that the user excludes, includes or gives a kind are never taken. None where no column fits.
    """
    settled = {*options.exclude, *(options.include or ()), *options.kinds}
    names = [name for name in rows.columns if name not in settled]
    times = [
        field.name for field in rows.schema if field.name in names and kind_of_type(field.type) == "time"
    ]
    if len(times) != 1:
        times += [name for name in _find_spelt_times(rows, options) if name in names]
    if len(times) == 1:
        return TimeColumn(columns=(times[0],))
    usual = [name for wanted in _NAMES for name in times or names if name.lower() == wanted]
    for name in usual:
        time = TimeColumn(columns=(name,))
        if _holds_times(rows, time, options):
            return time
    return None


def _find_spelt_times(rows: Readable, options: ColumnOptions) -> Iterator[str]:
    """Yield the text columns whose first values all read as dates or times."""
    texts = [field.name for field in rows.schema if is_text(field.type)]
    if rows.by_column:
        samples: Iterator[pa.Table] = (table for name in texts for table in islice(rows.read_column(name), 1))
    else:
        samples = (table.select(texts) for table in islice(rows.read_tables(), 1))
    for sample in samples:
        for name in sample.column_names:
            column = replace(get_column(sample.slice(0, _SAMPLE_ROWS), name), text="parse")
            if infer_kind(column, options.missing) == "time":
                yield name


def _holds_times(rows: Readable, time: TimeColumn, options: ColumnOptions) -> bool:
    first = next(iter(rows.read_column(time.columns[0])), None)
    if first is None:
        return False
    try:
        times = read_times(first.slice(0, _SAMPLE_ROWS), time, timezone=options.timezone)
    except DataError:
        return False
    return bool(np.any(times != NO_TIME))


def bound_times(times: NDArray[np.int64]) -> Window | None:
    """Return the window from the first of `times` (microseconds since 1970 UTC) to just after the last.

    None without times, and for those beyond the years 1 to 9999.
    """
    known = times[times != NO_TIME]
    if len(known) == 0:
        return None
    try:
        start, last = (_EPOCH + timedelta(microseconds=int(at)) for at in (known.min(), known.max()))
        return Window(start=start, end=last + timedelta(microseconds=1))
    except OverflowError:
        return None
