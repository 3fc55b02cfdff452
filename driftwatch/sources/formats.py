"""Open a file of rows, whatever its format."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final, Literal

from driftwatch.errors import SourceError
from driftwatch.sources.csv_file import CsvFile
from driftwatch.sources.datafile import DataFile, Format
from driftwatch.sources.jsonl_file import JsonlFile
from driftwatch.sources.opening import TextStream
from driftwatch.sources.parquet_file import ParquetFile
from driftwatch.sources.text_blocks import BLOCK_BYTES

__all__ = ["ENDINGS", "open_file", "recognise_format"]

ENDINGS: Final[dict[str, Literal["csv", "jsonl", "parquet"]]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_SAMPLE_BYTES: Final = 4096


def open_file(path: str, format: Format = "auto", *, block_bytes: int = BLOCK_BYTES) -> DataFile:  # noqa: A002 - the word users write
    """Return the file at `path`, opened and looked at, ready to be read several times and by several threads.

    `auto` goes by the name's ending (before `.gz`), and by the first bytes where that says nothing. Text is
    read in blocks of about `block_bytes`. Raises SourceError when the file cannot be read and DataError when
    two of its columns have the same name; both name the file.
    """
    known = recognise_format(path) if format == "auto" else format
    if known == "parquet":
        return ParquetFile(path)
    if known == "csv":
        return CsvFile(path, block_bytes=block_bytes)
    return JsonlFile(path, block_bytes=block_bytes)


def recognise_format(path: str) -> Literal["csv", "jsonl", "parquet"]:
    """Return the format that a file's name says, or else its first bytes. Raises SourceError.

    >>> recognise_format("rows.jsonl.gz")
    'jsonl'
    """
    if "://" in path:
        raise SourceError(
            f"{path.partition('://')[0]}:// is not read by this version; name a file or a pattern of files"
        )
    name = PurePath(path).name.lower().removesuffix(".gz")
    known = ENDINGS.get(PurePath(name).suffix)
    if known is not None:
        return known
    with TextStream(path) as stream:
        start = stream.read(_SAMPLE_BYTES)
    if start.startswith(b"PAR1"):
        return "parquet"
    return "jsonl" if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "csv"
