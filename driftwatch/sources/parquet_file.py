"""Parquet files, a few rows of a row group at a time, and only the columns that are wanted.

What the footer says is checked before anything is decoded: a file may claim more rows than any memory holds.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from driftwatch.errors import DataError, SourceError
from driftwatch.profiles.columns import is_text
from driftwatch.profiles.times import NO_TIME, TimeColumn, parse_times
from driftwatch.sources.datafile import TimeRange, Wanted, want_all
from driftwatch.sources.opening import (
    AT_MOST_RATIO,
    FREE_BYTES,
    PositionedFile,
    open_regular,
    unpack_to_disk,
)

__all__ = ["ParquetFile"]

_BOUNDED: Final = frozenset({"INT32", "INT64"})
_MAGIC: Final = b"PAR1"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_BATCH_BYTES: Final = 8 << 20
_AT_MOST_BATCH_ROWS: Final = 1 << 16
_AT_LEAST_BATCH_ROWS: Final = 64
_BUFFERS_BYTES: Final = 32 << 20
# A text of unknown length is taken for this many bytes when the rows of a batch are chosen.
_TEXT_BYTES: Final = 32
_DAY: Final = 86_400_000_000


class ParquetFile:
    """One Parquet file, or a gzip of one, which is unpacked to a temporary file that nobody else can open."""

    by_column = True

    def __init__(self, path: str) -> None:
        self.path = path
        self._unpacked: BinaryIO | None = None
        self._lock = threading.Lock()
        with self._open_bytes() as file, self._explain():
            _check_magic(path, file)
            reader = pq.ParquetFile(pa.PythonFile(file, mode="r"))
            self._metadata: pq.FileMetaData = reader.metadata
            self.schema: pa.Schema = reader.schema_arrow.remove_metadata()
            self._size = file.seek(0, 2)
            self._names: list[str] = list(self.schema.names)
            # Names of time zones are bytes until they are looked at, and may be damaged as well.
            self._zones: list[str] = [k.tz for k in self.schema.types if pa.types.is_timestamp(k) and k.tz]
        twice = [name for name, times in Counter(self._names).items() if times > 1]
        if twice:
            raise DataError(
                f"the file {path}: {self._names.count(twice[0])} columns are called {twice[0]!r}; "
                "every column needs a name of its own"
            )
        self._check_footer()

    @property
    def columns(self) -> list[str]:
        """The names of the columns; parts of nested ones are not columns of their own."""
        return list(self._names)

    @property
    def rows(self) -> int:
        """How many rows the footer counts."""
        return int(self._metadata.num_rows)

    def read_column(self, name: str) -> Iterator[pa.Table]:
        """Yield one column; nothing else of the file is read."""
        if name not in self._names:
            raise DataError(f"the file {self.path} has no column {name!r}")
        yield from self.read_tables([name])

    def read_tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows, a few megabytes at a time."""
        for _, table in self.read_pieces(columns):
            yield table

    def read_pieces(
        self, columns: Sequence[str] | None, wanted: Wanted = want_all
    ) -> Iterator[tuple[int, pa.Table]]:
        """Yield (row group, rows)."""
        names = [name for name in self._names if columns is None or name in set(columns)]
        if not names:
            return
        schema = pa.schema([self.schema.field(name) for name in names])
        rows = self._choose_batch_rows(schema)
        with self._open_bytes() as file, self._explain():
            reader = self._open_reader(file, len(names))
            for group in range(self._metadata.num_row_groups):
                if not wanted(group):
                    continue
                found = 0
                for batch in reader.iter_batches(batch_size=rows, row_groups=[group], columns=names):
                    found += batch.num_rows
                    table = pa.Table.from_batches([batch]).select(names).cast(schema)
                    _check_texts(table)
                    yield group, table
                self._check_count(group, found)

    def bound_pieces(self, time: TimeColumn, timezone: str) -> list[TimeRange | None] | None:
        """Return the range of times of each row group, where its statistics hold them."""
        if len(time.columns) != 1 or time.format is not None or time.columns[0] not in self._names:
            return None
        kind = self.schema.field(time.columns[0]).type
        if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            return None
        place = self._find_leaf(time.columns[0])
        # Times in 96 bits have no bounds, and damaged ones end the whole process when bounds are asked for.
        if place is None or self._metadata.schema.column(place).physical_type not in _BOUNDED:
            return None
        zoned = pa.types.is_timestamp(kind) and kind.tz is not None
        zone = "UTC" if zoned else time.timezone or timezone
        bounds: list[TimeRange | None] = []
        with self._open_bytes() as file, self._explain():
            reader = self._open_reader(file, 1)
            for at in range(self._metadata.num_row_groups):
                # Damaged metadata of a column ends the whole process when it is looked at from Python;
                # reading a row checks it first, and raises.
                next(reader.iter_batches(batch_size=1, row_groups=[at], columns=[time.columns[0]]), None)
                bounds.append(_bound(self._metadata.row_group(at).column(place), kind, zone))
        return bounds

    def _find_leaf(self, name: str) -> int | None:
        schema = self._metadata.schema
        return next((at for at in range(len(schema)) if schema.column(at).path == name), None)

    def _choose_batch_rows(self, schema: pa.Schema) -> int:
        width = sum(_estimate_bytes(field.type) for field in schema)
        return int(min(max(_BATCH_BYTES // width, _AT_LEAST_BATCH_ROWS), _AT_MOST_BATCH_ROWS))

    def _open_bytes(self) -> PositionedFile:
        with self._lock:
            if self._unpacked is not None:
                return PositionedFile(self._unpacked, shared=True)
            file = open_regular(self.path)
            if file.read(2) == _GZIP_MAGIC:
                file.close()
                file = self._unpacked = unpack_to_disk(self.path)
                weakref.finalize(self, file.close)
            return PositionedFile(file, shared=self._unpacked is not None)

    def _open_reader(self, file: PositionedFile, columns: int) -> pq.ParquetFile:
        # Buffered, a row group is decoded bit by bit; otherwise all of it is in memory at once. A small file
        # may be, and must: buffered, room is made for as many bytes as the header of a page claims.
        is_small = self._size <= _BUFFERS_BYTES
        buffer = 0 if is_small else min(max(_BUFFERS_BYTES // columns, 4096), 1 << 20)
        source = pa.PythonFile(file, mode="r")
        # Most writers leave page checksums out; where they are, a changed value does not pass for a value.
        return pq.ParquetFile(
            source,
            metadata=self._metadata,
            buffer_size=buffer,
            pre_buffer=False,
            page_checksum_verification=True,
        )

    @contextmanager
    def _explain(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError, MemoryError, OverflowError, UnicodeError) as error:
            why = " ".join(str(error).split())[:200]
            raise SourceError(
                f"the Parquet file {self.path} is damaged or cut off ({why}); write or copy it again",
                again=True,
            ) from None

    def _check_footer(self) -> None:
        groups = [self._metadata.row_group(at) for at in range(self._metadata.num_row_groups)]
        width = sum(_least_bytes(field.type) for field in self.schema)
        for at, group in enumerate(groups):
            decoded = max(group.num_rows * width, group.total_byte_size)
            if group.num_rows < 0 or (decoded > FREE_BYTES and decoded > AT_MOST_RATIO * self._size):
                raise SourceError(
                    f"the Parquet file {self.path} claims {group.num_rows} rows in row group {at}, "
                    f"{decoded >> 20} MB unpacked, more than {AT_MOST_RATIO} times its size; it is damaged "
                    "or a trap: write it again"
                )
        rows = sum(group.num_rows for group in groups)
        if rows != self._metadata.num_rows:
            raise SourceError(
                f"the Parquet file {self.path} is damaged: its footer counts {self._metadata.num_rows} rows, "
                f"its row groups {rows}; write it again"
            )

    def _check_count(self, group: int, found: int) -> None:
        promised = self._metadata.row_group(group).num_rows
        if found != promised:
            raise SourceError(
                f"the Parquet file {self.path} is damaged: row group {group} should have {promised} rows and "
                f"has {found}; write or copy it again"
            )


def _check_texts(table: pa.Table) -> None:
    for place, field in enumerate(table.schema):
        if is_text(field.type):
            # Arrow takes bytes for text without a look.
            table.column(place).validate(full=True)


def _check_magic(path: str, file: PositionedFile) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(4) or b""
    if size == 0:
        raise SourceError(f"the file {path} is empty; was it written completely?", again=True)
    if start != _MAGIC:
        raise SourceError(
            f"the file {path} is not Parquet: it begins with {start!r}; set format if it is csv or jsonl"
        )
    file.seek(-4, 2)
    if size < 12 or file.read(4) != _MAGIC:
        raise SourceError(
            f"the Parquet file {path} is cut off: it has no footer; wait until it is written, or copy it",
            again=True,
        )
    file.seek(0)


def _bound(chunk: Any, kind: pa.DataType, zone: str) -> TimeRange | None:
    found = chunk.statistics if chunk.is_stats_set else None
    if found is None or not found.has_min_max:
        return None
    try:
        ends = pa.array([found.min, found.max], kind)
        low, high = parse_times(ends, "", None, zone).tolist()
    except (pa.ArrowException, DataError, ValueError, OverflowError, TypeError):
        return None
    if low == NO_TIME or high < low:
        return None
    # Local clocks go back and forth: the order of stamps is that of times to within a day.
    slack = 0 if zone == "UTC" else _DAY
    return low - slack, high + slack


def _least_bytes(kind: pa.DataType) -> int:
    # One bit for each value is the least there is; texts and lists take at least their offsets.
    try:
        return max(int(kind.bit_width) // 8, 1)
    except ValueError:
        return 4


def _estimate_bytes(kind: pa.DataType) -> int:
    try:
        return max(int(kind.bit_width) // 8, 1)
    except ValueError:
        return _TEXT_BYTES
