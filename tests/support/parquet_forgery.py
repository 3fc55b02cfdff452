"""Parquet files written by hand, byte by byte, so that their headers can lie about what follows."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

__all__ = ["Lies", "forge_parquet"]

_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
_PHYSICAL = {"time": 2, "number": 5}
_TIMESTAMP_MICROS = 10

Fields = Sequence[tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lies:
    """What the headers claim instead of the truth; None is the truth.

    `page_values` stands in the header of every page, `page_bytes` is its size there, and `unpacked_bytes` its
    size once unpacked, of a page that is packed with Snappy; the others stand in the footer. `nulls` makes
    columns optional and every value null, which a run of any length says in six bytes.
    """

    page_values: int | None = None
    page_bytes: int | None = None
    unpacked_bytes: int | None = None
    chunk_values: int | None = None
    group_rows: int | None = None
    footer_rows: int | None = None
    offset: int | None = None
    nulls: int | None = None


def forge_parquet(columns: Mapping[str, Sequence[float]], lies: Lies | None = None) -> bytes:
    """Return a Parquet file of one row group; integers are times in microseconds, floats are numbers."""
    lies = lies or Lies()
    rows = len(next(iter(columns.values())))
    body, chunks = bytearray(b"PAR1"), []
    for name, values in columns.items():
        kind = "time" if isinstance(values[0], int) else "number"
        page = _build_page(values, kind, lies)
        chunks.append(_build_chunk(name, kind, rows, len(body), len(page), lies))
        body += page
    schema = [_write_struct([(4, _BINARY, _text("schema")), (5, _I32, _whole(len(columns)))])]
    schema += [_build_column(name, values, lies) for name, values in columns.items()]
    group = [
        (1, _LIST, _list(_STRUCT, chunks)),
        (2, _I64, _whole(len(body) - 4)),
        (3, _I64, _whole(_choose(lies.group_rows, rows))),
    ]
    footer = _write_struct(
        [
            (1, _I32, _whole(1)),
            (2, _LIST, _list(_STRUCT, schema)),
            (3, _I64, _whole(_choose(lies.footer_rows, rows))),
            (4, _LIST, _list(_STRUCT, [_write_struct(group)])),
        ]
    )
    return bytes(body) + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _build_page(values: Sequence[float], kind: str, lies: Lies) -> bytes:
    content = struct.pack(f"<{len(values)}{'q' if kind == 'time' else 'd'}", *values)
    if lies.nulls is not None and kind == "number":
        run = _varint(lies.nulls << 1) + b"\0"
        content = struct.pack("<I", len(run)) + run
    count = _choose(lies.page_values, len(values))
    unpacked = _choose(lies.unpacked_bytes, _choose(lies.page_bytes, len(content)))
    if lies.unpacked_bytes is not None:
        content = pa.compress(content, "snappy", asbytes=True)
    size = _choose(lies.page_bytes, len(content))
    inner = [(1, _I32, _whole(count)), (2, _I32, _whole(0)), (3, _I32, _whole(3)), (4, _I32, _whole(3))]
    header = _write_struct(
        [
            (1, _I32, _whole(0)),
            (2, _I32, _whole(unpacked)),
            (3, _I32, _whole(size)),
            (5, _STRUCT, _write_struct(inner)),
        ]
    )
    return header + content


def _build_chunk(name: str, kind: str, rows: int, offset: int, size: int, lies: Lies) -> bytes:
    place = _whole(_choose(lies.offset, offset))
    data = [
        (1, _I32, _whole(_PHYSICAL[kind])),
        (2, _LIST, _list(_I32, [_whole(0), _whole(3)])),
        (3, _LIST, _list(_BINARY, [_text(name)])),
        (4, _I32, _whole(int(lies.unpacked_bytes is not None))),
        (5, _I64, _whole(_choose(lies.chunk_values, rows))),
        (6, _I64, _whole(size)),
        (7, _I64, _whole(size)),
        (9, _I64, place),
    ]
    return _write_struct([(2, _I64, place), (3, _STRUCT, _write_struct(data))])


def _build_column(name: str, values: Sequence[float], lies: Lies) -> bytes:
    is_time = isinstance(values[0], int)
    optional = lies.nulls is not None and not is_time
    fields: list[tuple[int, int, bytes]] = [
        (1, _I32, _whole(_PHYSICAL["time" if is_time else "number"])),
        (3, _I32, _whole(int(optional))),
        (4, _BINARY, _text(name)),
    ]
    if is_time:
        fields.append((6, _I32, _whole(_TIMESTAMP_MICROS)))
    return _write_struct(fields)


def _choose(lie: int | None, truth: int) -> int:
    return truth if lie is None else lie


def _write_struct(fields: Fields) -> bytes:
    found, last = bytearray(), 0
    for number, kind, content in fields:
        found.append((number - last) << 4 | kind)
        found += content
        last = number
    return bytes(found) + b"\0"


def _list(kind: int, items: Sequence[bytes]) -> bytes:
    head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + _varint(len(items))
    return head + b"".join(items)


def _text(text: str) -> bytes:
    return _varint(len(text.encode())) + text.encode()


def _whole(number: int) -> bytes:
    return _varint((number << 1) ^ (number >> 63))


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    found = bytearray()
    while number >= 128:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes(found) + bytes([number])
