"""Files of every format, damaged at random, and an independent reading of what damage left of them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.malformed_rows import ENDINGS

__all__ = ["DAMAGES", "Reach", "damage", "find_reach"]

Reach = Literal["broken", "whole", "out of reach"]
"""What an undetected damage is: one that could have been seen; one that changed no value; neither."""

Content = tuple[list[str], list[tuple[Any, ...]]]


def _flip_bit(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << random.randrange(8)]) + content[place + 1 :]


def _change_byte(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + bytes([random.randrange(256)]) + content[place + 1 :]


def _flip_many(random: Random, content: bytes) -> bytes:
    for _ in range(random.randrange(2, 30)):
        content = _flip_bit(random, content)
    return content


def _change_end(random: Random, content: bytes) -> bytes:
    place = len(content) - 1 - random.randrange(min(600, len(content)))
    return content[:place] + bytes([content[place] ^ 1 << random.randrange(8)]) + content[place + 1 :]


def _cut(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content))]


def _cut_end(random: Random, content: bytes) -> bytes:
    return content[: -random.randrange(1, min(40, len(content)))]


def _cut_start(random: Random, content: bytes) -> bytes:
    return content[random.randrange(1, len(content)) :]


def _choose_range(random: Random, content: bytes) -> slice:
    start = random.randrange(len(content))
    return slice(start, start + random.randrange(1, 1 << random.randrange(1, 12)))


def _drop(random: Random, content: bytes) -> bytes:
    at = _choose_range(random, content)
    return content[: at.start] + content[at.stop :]


def _repeat(random: Random, content: bytes) -> bytes:
    at = _choose_range(random, content)
    return content[: at.stop] + content[at.start :]


def _blank(random: Random, content: bytes) -> bytes:
    at = _choose_range(random, content)
    filler = random.choice([b"\0", b"\xff", b" ", b"0", b"\n"])
    return content[: at.start] + filler * len(content[at]) + content[at.stop :]


def _move(random: Random, content: bytes) -> bytes:
    at = _choose_range(random, content)
    piece, rest = content[at], content[: at.start] + content[at.stop :]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + piece + rest[place:]


def _insert(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.choice(_SCRAPS) + content[place:]


def _append(random: Random, content: bytes) -> bytes:
    return content + random.choice([*_SCRAPS, random.randbytes(50), content[: len(content) // 2]])


_SCRAPS = [
    *(b'"', b"'", b",", b"\n", b"\r", b"\r\n", b"\0", b"{", b"}", b"[", b"]", b":", b"\\", b"\t", b";"),
    *(
        b"null",
        b"NaN",
        b"1e400",
        b"-0",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\x1a",
        b" ",
    ),
    *(b'"\n"', b'""', b"=cmd|' /C calc'!A0", b"\xe2\x80\xa8", b"PAR1", b"\x1f\x8b\x08", b"9" * 500),
]

DAMAGES: Mapping[str, Callable[[Random, bytes], bytes]] = {
    "bit": _flip_bit,
    "byte": _change_byte,
    "bits": _flip_many,
    "end": _change_end,
    "cut": _cut,
    "cut end": _cut_end,
    "cut start": _cut_start,
    "drop": _drop,
    "repeat": _repeat,
    "blank": _blank,
    "move": _move,
    "insert": _insert,
    "append": _append,
}


def damage(random: Random, content: bytes) -> tuple[str, bytes]:
    """Return the name of a damage and the damaged content, which differs from `content`."""
    while True:
        name = random.choice(list(DAMAGES))
        damaged = DAMAGES[name](random, content)
        if damaged != content:
            return name, damaged


def find_reach(how: str, whole: bytes, damaged: bytes) -> Reach:
    """Return what the damage of a file in the format `how` is, where nothing was said about it.

    Broken is what a strict reader of the format refuses, what lacks a column, and what lacks rows that the
    file itself counts. Text that ends early at the end of a row, and a value that reads as another value,
    are out of reach: nothing in the file tells.
    """
    names, rows = _read(how, whole)
    try:
        found_names, found = _read(how, damaged)
    except (ValueError, EOFError, OSError, csv.Error, RecursionError, pa.ArrowException):
        return "broken"
    if not set(names) <= set(found_names):
        return "broken"
    places = [found_names.index(name) for name in names]
    found = [tuple(row[place] for place in places) for row in found]
    if repr(found) == repr(rows):
        return "whole"
    counts_rows = ENDINGS[how].startswith(".parquet")
    return "broken" if counts_rows and len(found) != len(rows) else "out of reach"


def _read(how: str, content: bytes) -> Content:
    ending = ENDINGS[how]
    if ending.endswith(".gz"):
        # Packed content is told by its first bytes: what has others is read as it is.
        content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    readers: Mapping[str, Callable[[bytes], Content]] = {
        ".csv": _read_csv,
        ".jsonl": _read_jsonl,
        ".parquet": _read_parquet,
    }
    return readers[ending.removesuffix(".gz")](content)


def _read_csv(content: bytes) -> Content:
    if b"\0" in content:
        raise ValueError("a NUL byte")
    text = content.decode("utf-8-sig").lstrip("\r\n")
    names, *rows = (tuple(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row)
    if any(len(row) != len(names) for row in rows) or len(set(names)) != len(names):
        raise ValueError("rows of several lengths, or names that come twice")
    return list(names), rows


def _read_jsonl(content: bytes) -> Content:
    if b"\0" in content:
        raise ValueError("a NUL byte")
    lines = [json.loads(line) for line in content.decode("utf-8-sig").split("\n") if line.strip(" \t\r\n")]
    if not all(isinstance(line, dict) for line in lines):
        raise ValueError("no object")
    names = list(dict.fromkeys(name for line in lines for name in line))
    return names, [tuple(line.get(name) for name in names) for line in lines]


def _read_parquet(content: bytes) -> Content:
    table = pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True).read()
    # A stamp beyond the year 9999 is no Python value, but a number it is.
    plain = [
        column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column for column in table.columns
    ]
    rows = list(zip(*(column.to_pylist() for column in plain), strict=True))
    names = [re.sub(r"^.*\.", "", name) for name in table.column_names]
    return names, rows
