"""Event times of rows, as microseconds since 1970 in UTC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.profiles.arrays import build_texts, fill_nulls, view_numbers
from driftwatch.profiles.window import to_micros

__all__ = ["NO_TIME", "TimeColumn", "parse_times", "read_times", "shift_to_local", "shift_to_utc"]

Micros = NDArray[np.int64]

NO_TIME = int(np.iinfo(np.int64).min)
"""Stands for a row without a time; such a row belongs to no window."""

# Offsets change at quarter hours at the finest, so one look-up serves all times of a quarter hour.
_QUARTER = 15 * 60 * 1_000_000
_DAY_PARTS = ("hour", "minute", "second")
_DATE_PARTS = ("year", "month", "day")
# Whole numbers are epoch seconds, milliseconds, microseconds or nanoseconds; the year 1973 to 5138 in
# seconds lie between the first two bounds, and each further unit is a thousand times that.
_EPOCH_UNITS = ((10**8, 10**11, 1_000_000), (10**11, 10**14, 1000), (10**14, 10**17, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeColumn:
    """Where the event time of a row stands.

    Several `columns` are joined: a date and an hour, or year, month and day. `format` is a strptime
    format; without it ISO 8601, typed times and epoch numbers are understood. `timezone` is that of stamps
    without a zone; None means the monitor's.
    """

    columns: tuple[str, ...]
    format: str | None = None
    timezone: str | None = None

    def __str__(self) -> str:
        return " + ".join(self.columns)


def read_times(table: pa.Table, time: TimeColumn, *, timezone: str = "UTC") -> Micros:
    """Return the event time of every row of `table`, in microseconds since 1970 UTC.

    Rows without a time get `NO_TIME`. Raises DataError when a column is missing or holds no times.

    >>> rows = pa.table({"t": ["2013-01-01T05:00:00Z", None]})
    >>> int(read_times(rows, TimeColumn(columns=("t",)))[0]) // 1_000_000
    1357016400
    """
    for name in time.columns:
        if name not in table.column_names:
            raise DataError(
                f"the time column {name!r} is not there; there are: {', '.join(table.column_names[:30])}"
            )
    if table.num_rows == 0:
        return np.zeros(0, dtype=np.int64)
    zone = time.timezone or timezone
    if len(time.columns) == 1:
        return parse_times(table.column(time.columns[0]), str(time), time.format, zone)
    if time.format is not None:
        texts = [pc.cast(table.column(name), pa.string()) for name in time.columns]
        return parse_times(pc.binary_join_element_wise(*texts, " "), str(time), time.format, zone)
    return _join_parts(table, time, zone)


def parse_times(array: pa.ChunkedArray | pa.Array, name: str, format: str | None, zone: str) -> Micros:  # noqa: A002 - the word users write
    """Return the times in `array` as microseconds since 1970 UTC; `name` is for the error message."""
    if pa.types.is_dictionary(array.type):
        array = pc.cast(array, array.type.value_type)
    if pa.types.is_null(array.type):
        return np.full(len(array), NO_TIME, dtype=np.int64)
    if format is not None:
        return _parse_texts(pc.cast(array, pa.string()), name, zone, _reader_of(format))
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        return _read_stamps(array, zone)
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        return _read_epochs(array, name)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return _read_iso(array, name, zone)
    raise DataError(f"the time column {name!r} holds {array.type}, not times; name another time_column")


def _reader_of(format: str) -> Callable[[str], datetime]:  # noqa: A002 - the word users write
    def read(text: str) -> datetime:
        return datetime.strptime(text, format)  # noqa: DTZ007 - the zone is added by the caller

    return read


def _to_numpy(array: pa.ChunkedArray | pa.Array) -> Micros:
    return fill_nulls(array, NO_TIME).astype(np.int64, copy=False)


def _read_stamps(array: pa.ChunkedArray | pa.Array, zone: str) -> Micros:
    zoned = pa.types.is_timestamp(array.type) and array.type.tz is not None
    micros = _to_numpy(
        pc.cast(pc.cast(array, pa.timestamp("us", array.type.tz if zoned else None), safe=False), pa.int64())
    )
    return micros if zoned else shift_to_utc(micros, zone)


def _read_epochs(array: pa.ChunkedArray | pa.Array, name: str) -> Micros:
    usable = pc.drop_null(array)
    if len(usable) == 0:
        return np.full(len(array), NO_TIME, dtype=np.int64)
    typical = float(np.median(np.abs(view_numbers(usable))))
    for least, most, factor in _EPOCH_UNITS:
        if least <= typical < most:
            values = fill_nulls(pc.cast(array, pa.float64(), safe=False), np.nan)
            return np.where(np.isnan(values), NO_TIME, np.nan_to_num(values) * factor).astype(np.int64)
    raise DataError(
        f"the time column {name!r} holds no times: numbers around {typical:g} are not seconds, milliseconds "
        "or microseconds since 1970; name another time_column or give its format"
    )


def _read_iso(array: pa.ChunkedArray | pa.Array, name: str, zone: str) -> Micros:
    blank = pc.is_in(pc.utf8_trim_whitespace(array), value_set=build_texts([""], array.type))
    texts = pc.if_else(blank, pa.nulls(len(array), array.type), array)
    for target in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
        try:
            return _read_stamps(pc.cast(texts, target), zone)
        except pa.ArrowInvalid:
            continue
    try:
        return _read_epochs(pc.cast(texts, pa.float64()), name)
    except (pa.ArrowInvalid, DataError):
        return _parse_texts(texts, name, zone, datetime.fromisoformat)


def _parse_texts(array: pa.ChunkedArray, name: str, zone: str, read: Callable[[str], datetime]) -> Micros:
    encoded = pc.dictionary_encode(array)
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().chunk(0)
    stamps = np.empty(len(encoded.dictionary) + 1, dtype=np.int64)
    stamps[-1] = NO_TIME
    for place, text in enumerate(encoded.dictionary.to_pylist()):
        try:
            moment = read(text.strip())
        except ValueError as error:
            raise DataError(
                f"the time column {name!r} holds {text!r}, which is not a time ({error}); "
                "give its format (time_column: {column: …, format: '%d-%m-%Y %H:%M'}) or another column"
            ) from None
        stamps[place] = to_micros(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))
    place_of_row: Micros = fill_nulls(encoded.indices, len(stamps) - 1)
    return stamps[place_of_row]


def _join_parts(table: pa.Table, time: TimeColumn, zone: str) -> Micros:
    columns = [table.column(name) for name in time.columns]
    local, parts = _read_date(columns, time, _DATE_PARTS)
    for part, column in zip(_DAY_PARTS, parts, strict=False):
        whole = column if pa.types.is_integer(column.type) else _cast_whole(column, time)
        length = timedelta(**{part + "s": 1}) // timedelta(microseconds=1)
        more = fill_nulls(whole, 0).astype(np.int64)
        local = np.where(local == NO_TIME, NO_TIME, local + more * length)
    return shift_to_utc(local, zone)


def _read_date(
    columns: list[pa.ChunkedArray], time: TimeColumn, names: tuple[str, ...]
) -> tuple[Micros, list[pa.ChunkedArray]]:
    first = columns[0]
    if not (pa.types.is_integer(first.type) or _is_whole_text(first)):
        return parse_times(first, str(time), None, "UTC"), columns[1:]
    if len(columns) < len(names):
        raise DataError(f"the time columns {time} hold numbers; give year, month and day, or a format")
    year, month, day = (fill_nulls(_cast_whole(c, time), -1).astype(np.int64) for c in columns[:3])
    months = (year - 1970) * 12 + month - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1
    absent = np.minimum(np.minimum(year, month), day) < 0
    return np.where(absent, NO_TIME, days * 86_400_000_000), columns[3:]


def _is_whole_text(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_string(column.type):
        return False
    return bool(pc.all(pc.match_substring_regex(column, r"^\s*\d{1,4}\s*$"), min_count=0).as_py())


def _cast_whole(column: pa.ChunkedArray, time: TimeColumn) -> pa.ChunkedArray:
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid as error:
        raise DataError(f"the time columns {time} cannot be joined: {error}; give a format") from None


def shift_to_utc(local: Micros, zone: str) -> Micros:
    """Return local wall-clock microseconds of `zone` as UTC; an ambiguous time is the first of the two.

    >>> shift_to_utc(np.array([0]), "Europe/Paris").tolist()
    [-3600000000]
    """
    return local if zone == "UTC" else _shift(local, ZoneInfo(zone), from_utc=False)


def shift_to_local(utc: Micros, zone: str) -> Micros:
    """Return UTC microseconds as wall-clock microseconds of `zone`.

    >>> shift_to_local(np.array([0]), "Europe/Paris").tolist()
    [3600000000]
    """
    return utc if zone == "UTC" else _shift(utc, ZoneInfo(zone), from_utc=True)


def _shift(micros: Micros, zone: ZoneInfo, *, from_utc: bool) -> Micros:
    quarters, place = np.unique(micros // _QUARTER, return_inverse=True)
    no_time = NO_TIME // _QUARTER
    offsets = np.zeros(len(quarters), dtype=np.int64)
    for at, quarter in enumerate(quarters.tolist()):
        if quarter != no_time:
            offsets[at] = _offset(quarter * _QUARTER, zone, from_utc=from_utc)
    signed = offsets[place] if from_utc else -offsets[place]
    return np.where(micros == NO_TIME, NO_TIME, micros + signed)


def _offset(micros: int, zone: ZoneInfo, *, from_utc: bool) -> int:
    naive = datetime(1970, 1, 1) + timedelta(microseconds=micros)  # noqa: DTZ001 - the zone follows
    moment = naive.replace(tzinfo=UTC).astimezone(zone) if from_utc else naive.replace(tzinfo=zone)
    return (moment.utcoffset() or timedelta()) // timedelta(microseconds=1)
