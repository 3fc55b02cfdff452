"""CSV files: delimiter, byte-order mark and quoting recognised, every column read as text.

Types are decided later and on the whole reference; here `007` stays `007`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyarrow as pa
import pyarrow.csv as pcsv

from driftwatch.errors import DataError, SourceError
from driftwatch.profiles.arrays import build_texts
from driftwatch.profiles.columns import mark_text
from driftwatch.profiles.times import TimeColumn
from driftwatch.sources.datafile import TimeRange, Wanted, want_all
from driftwatch.sources.opening import TextStream
from driftwatch.sources.quotes import QuoteError, find_end_of_rows, find_open_quote, find_quotes
from driftwatch.sources.text_blocks import BLOCK_BYTES, Block, BlockedText, count_lines

__all__ = ["CsvFile", "recognise_delimiter"]

_DELIMITERS: Final = (",", ";", "\t", "|")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE_BYTES: Final = 1 << 16
_CUT_BYTES: Final = 1 << 20
_AT_MOST_HEADER_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What the first bytes of a file say."""

    columns: list[str]
    delimiter: str
    newline: bytes
    offset: int
    line: int


class CsvFile:
    """One CSV file, packed or not."""

    by_column = False
    rows = None

    def __init__(self, path: str, *, block_bytes: int = BLOCK_BYTES) -> None:
        self.path = path
        self._block_bytes = block_bytes
        self._head = _read_head(path)
        self._text = BlockedText(
            path, self._cut, offset=self._head.offset, line=self._head.line, block_bytes=block_bytes
        )

    @property
    def columns(self) -> list[str]:
        """The names in the header."""
        return list(self._head.columns)

    @cached_property
    def schema(self) -> pa.Schema:
        """Every column as text that is to be parsed."""
        return self._parse_nothing(self._head.columns).schema

    def read_column(self, name: str) -> Iterator[pa.Table]:
        """Yield one column; the whole file is gone through for it."""
        if name not in self._head.columns:
            raise DataError(f"the file {self.path} has no column {name!r}")
        yield from self.read_tables([name])

    def read_tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows, block by block."""
        for _, table in self.read_pieces(columns):
            yield table

    def read_pieces(
        self, columns: Sequence[str] | None, wanted: Wanted = want_all
    ) -> Iterator[tuple[int, pa.Table]]:
        """Yield (block, rows)."""
        names = [name for name in self._head.columns if columns is None or name in set(columns)]
        for block in self._text.read_blocks(wanted):
            yield block.number, self._parse(block, names)

    def bound_pieces(self, time: TimeColumn, timezone: str) -> list[TimeRange | None] | None:  # noqa: ARG002 - part of the contract
        """Return None: a text says nothing about its rows before they are read."""
        return None

    def _cut(self, block: Block, final: bool) -> int:
        if b"\0" in block.text:
            line = block.line + count_lines(block.text[: block.text.index(b"\0")])
            raise self._refuse(line, "there is a NUL byte, so this is no text, or writing it was cut off")
        delimiter = self._head.delimiter.encode()
        try:
            quotes = find_quotes(block.text, delimiter, final=final)
        except QuoteError as error:
            line = block.line + count_lines(block.text[: error.opened])
            raise self._refuse(
                line,
                f"the quote that opens a field here is closed on line "
                f"{block.line + count_lines(block.text[: error.place])} in front of other text; "
                "is one missing? A quote inside a field is written twice",
            ) from None
        if not final:
            return find_end_of_rows(block.text, quotes, self._head.newline)
        opened = find_open_quote(quotes)
        if opened is not None:
            line = block.line + count_lines(block.text[:opened])
            raise self._refuse(line, "a quote opens a field here and is never closed; is the file cut off?")
        return len(block.text)

    def _parse(self, block: Block, names: list[str]) -> pa.Table:
        width = len(self._head.columns)
        if not names or not block.text.strip(b"\r\n"):
            return self._parse_nothing(names, rows=count_lines(block.text) if width == 1 else 0)
        try:
            table = pcsv.read_csv(
                pa.BufferReader(block.text),
                read_options=pcsv.ReadOptions(
                    column_names=self._head.columns, block_size=self._choose_size(block)
                ),
                parse_options=pcsv.ParseOptions(
                    delimiter=self._head.delimiter,
                    newlines_in_values=b'"' in block.text,
                    # In a file of one column an empty line is a row without a value.
                    ignore_empty_lines=width > 1,
                ),
                convert_options=pcsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), include_columns=names
                ),
            )
        except pa.ArrowInvalid as error:
            raise self._explain(block, error) from None
        return mark_text(table, "parse")

    def _choose_size(self, block: Block) -> int:
        # Cut small, the text is parsed by all cores; a row must fit into what is cut.
        whole = b'"' in block.text or max(map(len, block.text.split(b"\n"))) > _CUT_BYTES // 4
        return len(block.text) + 1 if whole else _CUT_BYTES

    def _parse_nothing(self, names: list[str], rows: int = 0) -> pa.Table:
        return mark_text(pa.table({name: build_texts([""] * rows) for name in names}), "parse")

    def _explain(self, block: Block, error: pa.ArrowInvalid) -> SourceError:
        try:
            text = block.text.decode()
        except UnicodeDecodeError as wrong:
            line = block.line + count_lines(block.text[: wrong.start])
            byte = block.text[wrong.start]
            return self._refuse(line, f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8")
        wanted = len(self._head.columns)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self._head.delimiter)
        try:
            before = 0
            for row in reader:
                if row and len(row) != wanted:
                    why = f"{len(row)} fields, but the header has {wanted} columns; mend or remove the row"
                    return self._refuse(block.line + before, why)
                before = reader.line_num
        except csv.Error:
            pass
        return self._refuse(block.line, f"the rows from here on cannot be read: {error}")

    def _refuse(self, line: int, why: str) -> SourceError:
        return SourceError(f"the file {self.path}, line {line}: {why}")


def _read_head(path: str) -> _Head:
    sample, complete = _read_sample(path)
    if sample.startswith(_WIDE_MARKS):
        raise SourceError(f"the file {path} is UTF-16; save it as UTF-8")
    mark = len(_BYTE_ORDER_MARK) if sample.startswith(_BYTE_ORDER_MARK) else 0
    text = sample[mark:]
    skipped = len(text) - len(text.lstrip(b"\r\n"))
    text = text[skipped:]
    if not text.strip():
        raise SourceError(f"the file {path} has no header: it is empty; was it written completely?")
    newline = b"\r" if b"\n" not in text and b"\r" in text else b"\n"
    end = _find_end_of_header(text, newline, complete=complete)
    if end == 0:
        raise SourceError(f"the file {path} has no header: its first row does not end; is it a CSV file?")
    if b"\0" in text[:end]:
        raise SourceError(f"the file {path}, line 1: a NUL byte, so this is no text; name its format")
    rows = text if complete else text[: text.rfind(newline) + 1]
    delimiter = recognise_delimiter(rows.decode("utf-8", "replace"))
    line = 1 + count_lines(sample[: mark + skipped]) + max(count_lines(text[:end]), 1)
    columns = _read_names(path, text[:end], delimiter)
    return _Head(
        columns=columns, delimiter=delimiter, newline=newline, offset=mark + skipped + end, line=line
    )


def _read_sample(path: str) -> tuple[bytes, bool]:
    sample = b""
    with TextStream(path) as stream:
        while len(sample) < _AT_MOST_HEADER_BYTES:
            wanted = max(_SAMPLE_BYTES, len(sample))
            data = stream.read(wanted)
            sample += data
            if len(data) < wanted:
                return sample, True
            if b"\n" in data or b"\r" in data[:-1]:
                break
    return sample, False


def _find_end_of_header(text: bytes, newline: bytes, *, complete: bool) -> int:
    end = text.find(newline)
    while end >= 0:
        if text.count(b'"', 0, end) % 2 == 0:
            return end + 1
        end = text.find(newline, end + 1)
    return len(text) if complete else 0


def _read_names(path: str, header: bytes, delimiter: str) -> list[str]:
    try:
        text = header.decode()
    except UnicodeDecodeError as wrong:
        byte = header[wrong.start]
        raise SourceError(
            f"the file {path}, line 1: byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"
        ) from None
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise SourceError(f"the file {path}, line 1: the header cannot be read: {error}") from None
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise DataError(
            f"the file {path}, line 1: {names.count(twice[0])} columns are called {twice[0]!r}; "
            "every column needs a name of its own"
        )
    return names


def recognise_delimiter(sample: str) -> str:
    r"""Return the delimiter of a CSV text: the one that cuts header and rows into equally many fields.

    Among several the one that gives more fields; a comma when none fits.

    >>> recognise_delimiter("a;b\n1,5;2,5\n")
    ';'
    """

    def rate(delimiter: str) -> tuple[bool, float, int]:
        try:
            rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            counts = [len(row) for row in rows if row]
        except csv.Error:
            return False, 0.0, 0
        fields = counts[0] if counts else 0
        alike = sum(count == fields for count in counts) / max(len(counts), 1)
        return fields > 1, alike, fields

    best = max(_DELIMITERS, key=rate)
    return best if rate(best)[0] else ","
