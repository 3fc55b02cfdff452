"""Batches that are in order, in every format, for tests that damage them."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from driftwatch.profiles.window import Window

__all__ = ["ENDINGS", "FORMATS", "build_rows", "write_csv", "write_jsonl", "write_parquet"]

Rows = Mapping[str, list[Any]]
_DAY = timedelta(days=1)


def build_rows(random: Random, window: Window, count: int = 120) -> dict[str, list[Any]]:
    """Return `count` rows of the window: a time, a number, a whole number, a category and a boolean."""
    seconds = int(window.length.total_seconds())
    times = sorted(window.start + timedelta(seconds=random.randrange(seconds)) for _ in range(count))
    return {
        "at": times,
        "amount": [round(random.gauss(100, 10), 3) for _ in range(count)],
        "count": [random.randrange(40) for _ in range(count)],
        "kind": [random.choice("abcd") for _ in range(count)],
        "flag": [random.random() < 0.3 for _ in range(count)],
    }


def write_csv(rows: Rows, spell: Callable[[Any], str] | None = None) -> bytes:
    """Return the rows as CSV without quotes; `spell` says how a value is written."""
    spell = spell or _spell
    lines = [",".join(rows)]
    lines += [",".join(map(spell, values)) for values in zip(*rows.values(), strict=True)]
    return ("\n".join(lines) + "\n").encode()


def _spell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def write_jsonl(rows: Rows) -> bytes:
    """Return the rows as JSON Lines."""
    names = list(rows)
    lines = (dict(zip(names, values, strict=True)) for values in zip(*rows.values(), strict=True))
    return "".join(json.dumps(line, default=_spell) + "\n" for line in lines).encode()


def write_parquet(rows: Rows | pa.Table, **options: Any) -> bytes:
    """Return the rows as Parquet; `options` are those of pyarrow, uncompressed and plain without any."""
    table = rows if isinstance(rows, pa.Table) else _build_table(rows)
    sink = io.BytesIO()
    pq.write_table(
        table, sink, **{"compression": "none", "use_dictionary": False, "store_schema": False, **options}
    )
    return sink.getvalue()


def _build_table(rows: Rows) -> pa.Table:
    table = pa.table(dict(rows))
    place = table.column_names.index("at") if "at" in table.column_names else -1
    if place < 0 or not pa.types.is_timestamp(table.schema.field(place).type):
        return table
    return table.set_column(place, "at", table.column(place).cast(pa.timestamp("us", "UTC")))


def _pack(content: bytes) -> bytes:
    return gzip.compress(content, 5, mtime=0)


FORMATS: Mapping[str, Callable[[Rows], bytes]] = {
    "csv": write_csv,
    "csv.gz": lambda rows: _pack(write_csv(rows)),
    "jsonl": write_jsonl,
    "jsonl.gz": lambda rows: _pack(write_jsonl(rows)),
    "parquet": write_parquet,
    "parquet+dictionary": lambda rows: write_parquet(rows, use_dictionary=True, compression="snappy"),
    "parquet+checksums": lambda rows: write_parquet(rows, write_page_checksum=True),
    "parquet+zstd+checksums": lambda rows: write_parquet(
        rows, write_page_checksum=True, compression="zstd", use_dictionary=True, data_page_version="2.0"
    ),
    "parquet.gz": lambda rows: _pack(write_parquet(rows)),
}
"""How rows are written, by the name of the format; what follows a plus is a way to write it."""

ENDINGS: Mapping[str, str] = {name: f".{name.partition('+')[0]}" for name in FORMATS}
