"""Rows from files: CSV, JSON Lines and Parquet, each also packed with gzip."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from driftwatch.errors import ConfigError, DataError, SourceError
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.times import TimeColumn
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request, Sample, name_asker
from driftwatch.sources.datafile import DataFile, Format
from driftwatch.sources.formats import open_file
from driftwatch.sources.opening import FileStamp, read_stamp
from driftwatch.sources.placing import WindowEdges
from driftwatch.sources.splitting import BUDGET_BYTES, Splitter
from driftwatch.sources.time_cache import RangeCache, RangeKey

__all__ = ["SAMPLE_ROWS", "FilesSource", "match_files", "read_whole_files"]

SAMPLE_ROWS: Final = 1000
_RANGES: Final = RangeCache()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesSource:
    """Rows from files of one folder or many.

    `path` is a file, a pattern such as `data/**/*.parquet`, or a list of both. `format` is auto, csv, jsonl
    or parquet; auto goes by the name's ending, then by the content. Delimiter, byte-order mark, quoting and
    gzip are recognised.
    """

    path: str | tuple[str, ...] = field(
        metadata={"text": "a file, a pattern such as data/**/*.parquet, or a list of both"}
    )
    format: Format = field(
        default="auto", metadata={"text": "csv, jsonl or parquet; auto goes by name and content"}
    )

    def __post_init__(self) -> None:
        if not self._patterns or not all(self._patterns):
            raise ConfigError("path is empty; name a file, a pattern such as data/*.csv, or a list")

    @property
    def _patterns(self) -> tuple[str, ...]:
        return (self.path,) if isinstance(self.path, str) else tuple(self.path)

    def read(self, request: Request) -> Iterator[tuple[Window, pa.Table]]:
        """Yield (window, rows): the files are gone through once for all windows, not once for each.

        Raises SourceError when no file fits the pattern or one cannot be read, and DataError when the time
        column is missing or holds no times; files that have no row in a window are no error.
        """
        if not request.windows:
            return
        with _name_errors(name_asker(request.monitor, *request.windows)):
            paths = self._list_paths()
            stamps = {path: read_stamp(path) for path in paths}
            if request.options.time is None:
                files = [open_file(path, self.format) for path in paths]
                yield from read_whole_files(files, request)
            else:
                yield from self._split(stamps, request, request.options.time)
            _check_unchanged(stamps)

    def _split(
        self, stamps: dict[str, FileStamp], request: Request, time: TimeColumn
    ) -> Iterator[tuple[Window, pa.Table]]:
        edges = WindowEdges(request.windows)
        keys: dict[str, RangeKey] = {
            path: (path, stamp, time, request.options.timezone, self.format) for path, stamp in stamps.items()
        }
        near = [path for path in stamps if not _RANGES.lies_apart(keys[path], edges.low, edges.high)]
        # One file at least is opened, for its columns are those of windows without rows.
        opened = [open_file(path, self.format) for path in near or list(stamps)[-1:]]
        splitter = Splitter(opened, request, time, BUDGET_BYTES)
        yield from splitter.split(lambda: _check_unchanged(stamps))
        for path, found in splitter.found_ranges.items():
            _RANGES.note(keys[path], found)

    def look(self, options: ColumnOptions, monitor: str) -> Sample:  # noqa: ARG002 - part of the contract
        """Return the first rows of the first file that has any."""
        with _name_errors(name_asker(monitor)):
            table = None
            for path in self._list_paths():
                for table in open_file(path, self.format).read_tables():
                    if table.num_rows:
                        return Sample(rows=table.slice(0, SAMPLE_ROWS))
            return Sample(rows=table if table is not None else pa.table({}))

    def _list_paths(self) -> list[str]:
        found = dict.fromkeys(path for pattern in self._patterns for path in match_files(pattern))
        if not found:
            raise SourceError(
                f"no file matches {', '.join(self._patterns)} (seen from {Path.cwd()}); correct source.path, "
                "or wait until the first file is there",
                again=True,
            )
        return list(found)


def match_files(pattern: str) -> list[str]:
    """Return the files that fit a pattern, in order; what is no pattern as it is, there or not."""
    if not glob.has_magic(pattern) or Path(pattern).exists():
        return [pattern]
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute patterns
    return [match for match in matches if not Path(match).is_dir()]


def read_whole_files(files: list[DataFile], request: Request) -> Iterator[tuple[Window, pa.Table]]:
    """Yield all rows of `files` as those of the only window. Raises DataError when several are asked for."""
    if len(request.windows) != 1:
        raise DataError(
            "needs source.time_column: without one all rows belong to one window, and "
            f"{len(request.windows)} are asked for"
        )
    begun = False
    for file in files:
        for table in file.read_tables(request.columns):
            if table.num_rows:
                begun = True
                yield request.windows[0], table
    if not begun:
        names = [n for n in files[0].columns if request.columns is None or n in request.columns]
        schema = files[0].schema
        yield request.windows[0], pa.schema([schema.field(name) for name in names]).empty_table()


def _check_unchanged(stamps: dict[str, FileStamp]) -> None:
    for path, stamp in stamps.items():
        if read_stamp(path) != stamp:
            raise SourceError(
                f"the file {path} changed while it was read; write files under another name and rename them "
                "when they are complete",
                again=True,
            )


@contextmanager
def _name_errors(asker: str) -> Iterator[None]:
    """Put who asks, and for which windows, in front of errors that name file, line and column."""
    try:
        yield
    except SourceError as error:
        raise SourceError(f"{asker}: {error}", again=error.again) from error
    except DataError as error:
        raise DataError(f"{asker}: {error}") from error
