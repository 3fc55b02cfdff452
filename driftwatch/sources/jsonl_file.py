"""JSON Lines files: one object a line; what a row leaves out is missing there."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cached_property, reduce
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pjson

from driftwatch.errors import DataError, SourceError
from driftwatch.profiles.columns import mark_text
from driftwatch.profiles.times import TimeColumn
from driftwatch.sources.datafile import TimeRange, Wanted, want_all
from driftwatch.sources.json_values import NESTED, parse_lines
from driftwatch.sources.text_blocks import BLOCK_BYTES, Block, BlockedText, count_lines
from driftwatch.sources.widening import conform_table, widen_schemas

__all__ = ["JsonlFile"]

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_ALL_BUT_BRACKETS: Final = bytes(set(range(256)) - set(b"{}[]"))
# Arrow's parser calls itself for each level, and ends the process where the stack ends: at some 10,000.
_MOST_DEPTH: Final = 64


class JsonlFile:
    """One JSON Lines file, packed or not."""

    by_column = False
    rows = None

    def __init__(self, path: str, *, block_bytes: int = BLOCK_BYTES) -> None:
        self.path = path
        self._text = BlockedText(path, self._cut, block_bytes=block_bytes)
        self._times: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    @property
    def columns(self) -> list[str]:
        """Every key of every row, in the order in which they come; found by reading the file once."""
        return list(self.schema.names)

    @cached_property
    def schema(self) -> pa.Schema:
        """The narrowest types that hold all rows; found by reading the file once."""
        schemas: list[pa.Schema] = [pa.schema([])]
        for _, table in self.read_pieces(None):
            if table.schema != schemas[-1]:
                schemas = [widen_schemas([*schemas, table.schema])]
        return schemas[-1]

    def read_column(self, name: str) -> Iterator[pa.Table]:
        """Yield one column; the whole file is gone through for it."""
        if name not in self.columns:
            raise DataError(f"the file {self.path} has no column {name!r}")
        yield from self.read_tables([name])

    def read_tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows, block by block, with the same types throughout."""
        names = [name for name in self.columns if columns is None or name in set(columns)]
        schema = pa.schema([self.schema.field(name) for name in names])
        for _, table in self.read_pieces(names):
            yield conform_table(table, schema)

    def read_pieces(
        self, columns: Sequence[str] | None, wanted: Wanted = want_all
    ) -> Iterator[tuple[int, pa.Table]]:
        """Yield (block, rows); a column has the types of the rows of its block."""
        asked = None if columns is None else set(columns)
        for block in self._text.read_blocks(wanted):
            table = self._parse(block)
            names = [name for name in table.column_names if asked is None or name in asked]
            yield block.number, table if asked is None else table.select(names)

    def bound_pieces(self, time: TimeColumn, timezone: str) -> list[TimeRange | None] | None:  # noqa: ARG002 - part of the contract
        """Return None: a text says nothing about its rows before they are read."""
        return None

    def _cut(self, block: Block, final: bool) -> int:
        if b"\0" in block.text:
            line = block.line + count_lines(block.text[: block.text.index(b"\0")])
            raise SourceError(
                f"the file {self.path}, line {line}: there is a NUL byte, so this is no text, or writing it "
                "was cut off"
            )
        return len(block.text) if final else block.text.rfind(b"\n") + 1

    def _parse(self, block: Block) -> pa.Table:
        text = block.text.removeprefix(_BYTE_ORDER_MARK) if block.offset == 0 else block.text
        if not text.strip():
            return pa.table({})
        try:
            table = None if _may_nest_deeply(text) else self._parse_fast(text)
        except (pa.ArrowInvalid, UnicodeDecodeError):
            table = None
        if table is None:
            return parse_lines(text, self.path, block.line)
        if _has_empty_row(table) or _count_rows(text) != table.num_rows:
            # Arrow takes a line that says null for a row without values, and an object that goes on in the
            # next line, or ends in the middle of one, for an object; this raises for them.
            parse_lines(text, self.path, block.line)
        return mark_text(table, "words")

    def _parse_fast(self, text: bytes) -> pa.Table:
        if not text.isascii():
            # Arrow takes bytes for text without a look; this raises where they are none.
            text.decode()
        table = _read_json(text, self._times)
        # Arrow takes texts for times when all of a block look like it; strings stay what they are.
        times = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
        if times:
            with self._lock:
                self._times = self._times.union(times)
            table = _read_json(text, self._times).select(table.column_names)
        for place, field in enumerate(table.schema):
            if pa.types.is_nested(field.type):
                column = table.column(place)
                there = pc.if_else(column.is_valid(), pa.scalar(b"{}", NESTED), pa.scalar(None, NESTED))
                table = table.set_column(place, field.name, there)
        return table


def _count_rows(text: bytes) -> int:
    """Return how many lines there are that are not blank."""
    return sum(1 for line in text.split(b"\n") if line.strip())


def _has_empty_row(table: pa.Table) -> bool:
    """Return whether a row may have no value at all."""
    if any(column.null_count == 0 for column in table.columns):
        return False
    nulls = [pc.is_null(column) for column in table.columns]
    return not nulls or bool(pc.any(reduce(pc.and_, nulls)).as_py())


def _may_nest_deeply(text: bytes) -> bool:
    """Return whether brackets are nested more than `_MOST_DEPTH` deep, or too many have no other half."""
    rest, size = text.translate(None, _ALL_BUT_BRACKETS), -1
    for _ in range(_MOST_DEPTH):
        if len(rest) == size:
            break
        size, rest = len(rest), rest.replace(b"{}", b"").replace(b"[]", b"")
    return len(rest) > _MOST_DEPTH


def _read_json(text: bytes, strings: frozenset[str]) -> pa.Table:
    known = pa.schema([(name, pa.string()) for name in sorted(strings)])
    table = pjson.read_json(
        pa.BufferReader(text),
        read_options=pjson.ReadOptions(block_size=len(text) + 1),
        parse_options=pjson.ParseOptions(explicit_schema=known) if strings else None,
    )
    # What the schema names comes even where no row of the block has it.
    unused = [n for n in strings if n.encode() not in text and table.column(n).null_count == table.num_rows]
    return table.drop_columns(unused) if unused else table
