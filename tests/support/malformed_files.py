"""Files that arrive in real life and should not, and odd ones that are in order: a corpus made by seeds.

Each is written into a folder as the batch of a window. What must come of it is one of four:

======= ==========================================================================================
refuse  it cannot be proven whole: it is an error, or no data, or partial, or a data finding says so
notice  it is readable and not as usual: anything but `ok`
ok      it is odd and in order: it is judged like any other
any     it is readable, and whether it is noticed depends on how much of it is odd
======= ==========================================================================================
"""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta, timezone
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import pyarrow as pa

from driftwatch.profiles.window import Window
from tests.support.malformed_rows import build_rows, write_csv, write_jsonl, write_parquet
from tests.support.parquet_forgery import Lies, forge_parquet

__all__ = ["CORPUS", "LARGE", "Must", "OddFile"]

Must = Literal["refuse", "notice", "ok", "any"]
Rows = dict[str, list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OddFile:
    """A file of the corpus; `write` puts it into a folder as the batch of a window and returns its path."""

    family: str
    name: str
    must: Must
    write: Callable[[Path, Random, Window], Path]


_FOUND: list[OddFile] = []
_LARGE: list[OddFile] = []


def _add(
    name: str, must: Must, write: Callable[[Path, Random, Window], Path], *, large: bool = False
) -> None:
    odd = OddFile(family=name.partition(":")[0], name=name, must=must, write=write)
    (_LARGE if large else _FOUND).append(odd)


def _add_bytes(
    name: str,
    ending: str,
    must: Must,
    build: Callable[[Rows, Random], bytes],
    *,
    large: bool = False,
) -> None:
    def write(folder: Path, random: Random, window: Window) -> Path:
        path = folder / f"batch{ending}"
        path.write_bytes(build(build_rows(random, window), random))
        return path

    _add(name, must, write, large=large)


def _change(column: str, change: Callable[[Any], Any], every: int = 1) -> Callable[[Rows], Rows]:
    """Return rows whose `column` is changed in every so many rows."""

    def build(rows: Rows) -> Rows:
        values = [change(v) if at % every == 0 else v for at, v in enumerate(rows[column])]
        return {**rows, column: values}

    return build


def _add_rows(
    name: str, must: Must, change: Callable[[Rows], Rows], formats: str = "csv jsonl parquet"
) -> None:
    """Add the changed rows in several formats."""
    writers: dict[str, Callable[[Rows], bytes]] = {
        "csv": write_csv,
        "jsonl": write_jsonl,
        "parquet": write_parquet,
    }
    for ending in formats.split():
        build = partial(_write_changed, writers[ending], change)
        _add_bytes(f"values: {name} ({ending})", f".{ending}", must, build)


def _write_changed(
    write: Callable[[Rows], bytes], change: Callable[[Rows], Rows], rows: Rows, _: Random
) -> bytes:
    return write(change(rows))


def _without(*names: str) -> Callable[[Rows], Rows]:
    return lambda rows: {name: values for name, values in rows.items() if name not in names}


def _rename(old: str, new: str) -> Callable[[Rows], Rows]:
    return lambda rows: {new if name == old else name: values for name, values in rows.items()}


_INF, _NAN = float("inf"), float("nan")

_add_rows("everything as usual", "ok", lambda rows: rows)
_add_rows("minus zero", "ok", _change("count", lambda v: -0.0 if v == 0 else float(v)))
_add_rows("NaN throughout", "refuse", _change("amount", lambda _: _NAN))
_add_rows("NaN here and there", "any", _change("amount", lambda _: _NAN, 60))
_add_rows("infinite throughout", "notice", _change("amount", lambda _: _INF))
_add_rows("infinite half of the time", "notice", _change("amount", lambda _: -_INF, 2))
_add_rows("both infinities once", "any", _change("amount", lambda v: _INF if v > 100 else -_INF, 70))
_add_rows("largest numbers", "notice", _change("amount", lambda _: 1.7976931348623157e308, 2))
_add_rows("smallest numbers", "notice", _change("amount", lambda _: 5e-324))
_add_rows("1e400 throughout", "notice", _change("amount", lambda _: "1e400"), "csv")
_add_rows("1e400 once", "any", _change("amount", lambda _: "1e400", 119), "csv")
_add_rows("null throughout", "refuse", _change("amount", lambda _: None))
_add_rows("null category", "refuse", _change("kind", lambda _: None))
_add_rows(
    "nothing but times",
    "refuse",
    lambda rows: {n: v if n == "at" else [None] * len(v) for n, v in rows.items()},
)
_add_rows("one row", "any", lambda rows: {name: values[:1] for name, values in rows.items()})
_add_rows("no rows", "refuse", lambda rows: {name: [] for name in rows}, "csv")
_add_rows("constant number", "notice", _change("amount", lambda _: 100.0))
_add_rows("constant category", "notice", _change("kind", lambda _: "a"))
_add_rows("text for a number", "refuse", _change("amount", lambda v: f"about {v}"))
_add_rows("text for one number in four", "refuse", _change("amount", lambda v: f"{v} EUR", 4), "csv jsonl")
_add_rows("numbers for a category", "notice", _change("kind", ord))
_add_rows("boolean for a number", "notice", _change("amount", lambda v: v > 100))
_add_rows("formulas for a category", "notice", _change("kind", lambda _: "=cmd|' /C calc'!A0"))
_add_rows("control characters", "notice", _change("kind", lambda v: f"\x07{v}\x1b[31m"), "csv jsonl parquet")
_add_rows(
    "composed and decomposed letters", "notice", _change("kind", lambda v: "\u00e9" if v < "c" else "e\u0301")
)
_add_rows("bidirectional and invisible letters", "notice", _change("kind", lambda v: f"\u202e{v}\u200b"))
_add_rows("cells of a megabyte", "notice", _change("kind", lambda v: v * (1 << 20), 20))
_add_rows("a missing column", "refuse", _without("amount"))
_add_rows("several missing columns", "refuse", _without("amount", "kind"))
_add_rows("a renamed column", "refuse", _rename("amount", "Amount"))
_add_rows("a column with a space behind its name", "refuse", _rename("kind", "kind "))
_add_rows("a column in letters that look alike", "refuse", _rename("amount", "\uff41mount"))
_add_rows("an extra column", "ok", lambda rows: {**rows, "extra": [1] * len(rows["at"])})
_add_rows("an extra column without a name", "ok", lambda rows: {**rows, "": ["x"] * len(rows["at"])})
_add_rows("columns in another order", "ok", lambda rows: dict(reversed(rows.items())))
_add_rows("no time column", "refuse", _without("at"))
_add_rows("a time column without times", "refuse", _change("at", lambda _: "soon"))
_add_rows("no time in one row of three", "any", _change("at", lambda _: None, 3))
_add_rows(
    "no time that can be read in one row of three", "refuse", _change("at", lambda _: "soon", 3), "csv jsonl"
)
_add_rows("times of next year", "any", _change("at", lambda at: at + timedelta(days=366)))
_add_rows("times in seconds since 1970", "any", _change("at", lambda at: int(at.timestamp())))
_PLUS_2, _MINUS_7 = timezone(timedelta(hours=2)), timezone(timedelta(hours=-7))
_add_rows(
    "times in several zones",
    "ok",
    _change("at", lambda at: at.astimezone(_PLUS_2 if at.minute % 2 else _MINUS_7).isoformat()),
    "csv jsonl",
)
_add_rows(
    "times with and without a zone",
    "any",
    _change("at", lambda at: at.replace(tzinfo=None).isoformat(), 2),
    "csv jsonl",
)
_add_rows("times of the year 9999", "any", _change("at", lambda _: "9999-12-31T23:59:59Z", 2), "csv jsonl")
_add_rows("times of the year 0", "any", _change("at", lambda _: "0000-01-01T00:00:00Z", 2), "csv jsonl")
_add_rows("a second 60", "any", _change("at", lambda at: at.strftime("%Y-%m-%dT%H:%M:60Z"), 30), "csv jsonl")

_add_bytes("csv: an empty file", ".csv", "refuse", lambda *_: b"")
_add_bytes("csv: blank lines", ".csv", "refuse", lambda *_: b"\n\r\n\n")
_add_bytes("csv: a mark alone", ".csv", "refuse", lambda *_: b"\xef\xbb\xbf")
_add_bytes("csv: a byte-order mark", ".csv", "ok", lambda rows, _: b"\xef\xbb\xbf" + write_csv(rows))
_add_bytes("csv: line ends of Windows", ".csv", "ok", lambda rows, _: write_csv(rows).replace(b"\n", b"\r\n"))
_add_bytes("csv: line ends of old", ".csv", "ok", lambda rows, _: write_csv(rows).replace(b"\n", b"\r"))
_add_bytes("csv: semicolons", ".csv", "ok", lambda rows, _: write_csv(rows).replace(b",", b";"))
_add_bytes("csv: tabs", ".tsv", "ok", lambda rows, _: write_csv(rows).replace(b",", b"\t"))
_add_bytes(
    "csv: quotes everywhere", ".csv", "ok", lambda rows, _: write_csv(rows, lambda v: json.dumps(str(v)))
)
_add_bytes("csv: no last line end", ".csv", "ok", lambda rows, _: write_csv(rows)[:-1])
_add_bytes("csv: a last line cut short", ".csv", "refuse", lambda rows, _: write_csv(rows)[:-20])
_add_bytes("csv: a NUL byte", ".csv", "refuse", lambda rows, _: write_csv(rows).replace(b"a", b"\0", 3))
_add_bytes("csv: NUL bytes at the end", ".csv", "refuse", lambda rows, _: write_csv(rows) + b"\0" * 4096)
_add_bytes("csv: NUL bytes alone", ".csv", "refuse", lambda *_: b"\0" * 10_000)
_add_bytes("csv: UTF-16", ".csv", "refuse", lambda rows, _: write_csv(rows).decode().encode("utf-16"))
_add_bytes(
    "csv: Latin-1", ".csv", "refuse", lambda rows, _: write_csv(rows).replace(b",a,", ",ä,".encode("latin-1"))
)
_add_bytes(
    "csv: half a letter", ".csv", "refuse", lambda rows, _: write_csv(rows).replace(b",a,", b",\xc3,", 1)
)
_add_bytes(
    "csv: a quote that never closes",
    ".csv",
    "refuse",
    lambda rows, _: write_csv(rows).replace(b",a,", b',"a,', 1),
)
_add_bytes(
    "csv: text behind a quote",
    ".csv",
    "refuse",
    lambda rows, _: write_csv(rows).replace(b",a,", b',"a"x,', 1),
)
_add_bytes("csv: a row too short", ".csv", "refuse", lambda rows, _: write_csv(rows).replace(b",a,", b",", 1))
_add_bytes(
    "csv: a row too long", ".csv", "refuse", lambda rows, _: write_csv(rows).replace(b",a,", b",a,a,", 1)
)
_add_bytes("csv: ragged rows", ".csv", "refuse", lambda rows, _: write_csv(rows).replace(b",b,", b",b,,,"))
_add_bytes("csv: no header", ".csv", "refuse", lambda rows, _: write_csv(rows).partition(b"\n")[2])
_add_bytes("csv: a header in the middle", ".csv", "any", lambda rows, _: write_csv(rows) + write_csv(rows))
_add_bytes(
    "csv: a column twice", ".csv", "refuse", lambda rows, _: write_csv(rows).replace(b"count", b"amount", 1)
)
_add_bytes(
    "csv: a page of HTML", ".csv", "refuse", lambda *_: b"<!doctype html>\n<html><body>502</body></html>\n"
)
_add_bytes("csv: a zip", ".csv", "refuse", lambda rows, _: _zip(write_csv(rows)))
_add_bytes("csv: noise", ".csv", "refuse", lambda _, random: random.randbytes(20_000))
_add_bytes(
    "csv: a line of 70 MB", ".csv", "refuse", lambda rows, _: write_csv(rows) + b"9" * (70 << 20), large=True
)
_add_bytes("csv: 100,000 categories", ".csv", "notice", lambda rows, _: _write_levels(rows, 100_000))
_add_bytes(
    "csv: a million categories", ".csv", "notice", lambda rows, _: _write_levels(rows, 10**6), large=True
)
_add_bytes("csv: 10,000 columns", ".csv", "ok", lambda rows, _: write_csv(_widen(rows, 10_000)))
_add_bytes("jsonl: 2,000 columns", ".jsonl", "ok", lambda rows, _: write_jsonl(_widen(rows, 2000)))
_add_bytes(
    "jsonl: 10,000 columns", ".jsonl", "ok", lambda rows, _: write_jsonl(_widen(rows, 10_000)), large=True
)
_add_bytes("parquet: 2,000 columns", ".parquet", "ok", lambda rows, _: write_parquet(_widen(rows, 2000)))
_add_bytes(
    "parquet: 10,000 columns",
    ".parquet",
    "ok",
    lambda rows, _: write_parquet(_widen(rows, 10_000)),
    large=True,
)

_add_bytes("jsonl: an empty file", ".jsonl", "refuse", lambda *_: b"")
_add_bytes("jsonl: a byte-order mark", ".jsonl", "ok", lambda rows, _: b"\xef\xbb\xbf" + write_jsonl(rows))
_add_bytes(
    "jsonl: line ends of Windows", ".jsonl", "ok", lambda rows, _: write_jsonl(rows).replace(b"\n", b"\r\n")
)
_add_bytes("jsonl: blank lines", ".jsonl", "ok", lambda rows, _: write_jsonl(rows).replace(b"\n", b"\n\n"))
_add_bytes("jsonl: a line cut short", ".jsonl", "refuse", lambda rows, _: write_jsonl(rows)[:-8])
_add_bytes(
    "jsonl: a broken line",
    ".jsonl",
    "refuse",
    lambda rows, _: write_jsonl(rows).replace(b'", "flag', b", flag", 1),
)
_add_bytes("jsonl: a list a line", ".jsonl", "refuse", lambda rows, _: write_jsonl(rows) + b"[1, 2]\n")
_add_bytes("jsonl: a word a line", ".jsonl", "refuse", lambda rows, _: write_jsonl(rows) + b'"end"\n')
_add_bytes("jsonl: null a line", ".jsonl", "refuse", lambda rows, _: write_jsonl(rows) + b"null\n")
_add_bytes(
    "jsonl: one list",
    ".json",
    "refuse",
    lambda rows, _: b"[" + write_jsonl(rows).replace(b"\n", b",\n") + b"{}]",
)
_add_bytes(
    "jsonl: spread over lines", ".json", "refuse", lambda rows, _: write_jsonl(rows).replace(b", ", b",\n")
)
_add_bytes(
    "jsonl: two objects a line", ".jsonl", "refuse", lambda rows, _: write_jsonl(rows).replace(b"\n", b" ", 1)
)
_add_bytes(
    "jsonl: a key twice",
    ".jsonl",
    "refuse",
    lambda rows, _: write_jsonl(rows).replace(b'"count"', b'"amount"', 1),
)
_add_bytes("jsonl: deep lists", ".jsonl", "refuse", lambda rows, _: write_jsonl(rows) + _nest(100_000))
_add_bytes("jsonl: lists in lists", ".jsonl", "any", lambda rows, _: write_jsonl(rows) + _nest(50))
_add_bytes(
    "jsonl: objects for a number",
    ".jsonl",
    "refuse",
    lambda rows, _: write_jsonl(_change("amount", lambda v: {"v": v})(rows)),
)
_add_bytes(
    "jsonl: lists for a category",
    ".jsonl",
    "refuse",
    lambda rows, _: write_jsonl(_change("kind", lambda v: [v])(rows)),
)
_add_bytes(
    "jsonl: objects among numbers",
    ".jsonl",
    "refuse",
    lambda rows, _: write_jsonl(_change("amount", lambda v: {"v": v}, 3)(rows)),
)
_add_bytes(
    "jsonl: 400 digits",
    ".jsonl",
    "any",
    lambda rows, _: write_jsonl(_change("amount", lambda _: 10**400, 50)(rows)),
)
_add_bytes(
    "jsonl: 5,000 digits",
    ".jsonl",
    "any",
    lambda rows, _: write_jsonl(rows) + b'{"at": null, "amount": ' + b"9" * 5000 + b"}\n",
)
_add_bytes(
    "jsonl: 1e400", ".jsonl", "any", lambda rows, _: write_jsonl(rows) + b'{"amount": 1e400, "at": null}\n'
)
_add_bytes(
    "jsonl: half a pair of letters",
    ".jsonl",
    "any",
    lambda rows, _: write_jsonl(_change("kind", lambda _: "\ud800", 9)(rows)),
)
_add_bytes(
    "jsonl: an escaped NUL",
    ".jsonl",
    "any",
    lambda rows, _: write_jsonl(_change("kind", lambda _: "\0", 9)(rows)),
)
_add_bytes(
    "jsonl: not UTF-8", ".jsonl", "refuse", lambda rows, _: write_jsonl(rows).replace(b'"a"', b'"\xe4"', 1)
)
_add_bytes("jsonl: UTF-16", ".jsonl", "refuse", lambda rows, _: write_jsonl(rows).decode().encode("utf-16"))
_add_bytes(
    "jsonl: texts and numbers", ".jsonl", "any", lambda rows, _: write_jsonl(_change("amount", str, 2)(rows))
)
_add_bytes("jsonl: NUL bytes at the end", ".jsonl", "refuse", lambda rows, _: write_jsonl(rows) + b"\0" * 500)

_add_bytes("gzip: two members", ".csv.gz", "ok", lambda rows, _: _pack_twice(write_csv(rows)))
_add_bytes(
    "gzip: NUL bytes behind", ".csv.gz", "ok", lambda rows, _: gzip.compress(write_csv(rows)) + b"\0" * 512
)
_add_bytes("gzip: a file that is not packed", ".csv.gz", "ok", lambda rows, _: write_csv(rows))
_add_bytes("gzip: packed without saying so", ".csv", "ok", lambda rows, _: gzip.compress(write_csv(rows)))
_add_bytes(
    "gzip: packed twice", ".csv.gz", "refuse", lambda rows, _: gzip.compress(gzip.compress(write_csv(rows)))
)
_add_bytes("gzip: cut off", ".csv.gz", "refuse", lambda rows, _: gzip.compress(write_csv(rows))[:-300])
_add_bytes("gzip: no checksum", ".csv.gz", "refuse", lambda rows, _: gzip.compress(write_csv(rows))[:-8])
_add_bytes(
    "gzip: a header alone", ".jsonl.gz", "refuse", lambda rows, _: gzip.compress(write_jsonl(rows))[:12]
)
_add_bytes("gzip: two bytes", ".csv.gz", "refuse", lambda *_: b"\x1f\x8b")
_add_bytes("gzip: nothing packed", ".csv.gz", "refuse", lambda *_: gzip.compress(b""))
_add_bytes(
    "gzip: the second member cut off",
    ".jsonl.gz",
    "refuse",
    lambda rows, _: _pack_twice(write_jsonl(rows))[:-30],
)
_add_bytes(
    "gzip: noise behind",
    ".csv.gz",
    "refuse",
    lambda rows, _: gzip.compress(write_csv(rows)) + b"\1noise",
)
_add_bytes(
    "gzip: a wrong checksum",
    ".csv.gz",
    "refuse",
    lambda rows, _: gzip.compress(write_csv(rows))[:-8] + b"\1" * 8,
)
_add_bytes(
    "gzip: Parquet cut off",
    ".parquet.gz",
    "refuse",
    lambda rows, _: gzip.compress(write_parquet(rows))[:-100],
)
_add_bytes("gzip: 100 MB of NUL bytes", ".csv.gz", "refuse", lambda *_: gzip.compress(bytes(100 << 20), 1))
_add_bytes("gzip: 100 MB on one line", ".jsonl.gz", "refuse", lambda *_: gzip.compress(b"[" * (100 << 20), 1))
_add_bytes("gzip: a bomb of rows", ".csv.gz", "refuse", lambda rows, _: _build_bomb(rows), large=True)

_add_bytes("parquet: an empty file", ".parquet", "refuse", lambda *_: b"")
_add_bytes("parquet: a magic number", ".parquet", "refuse", lambda *_: b"PAR1")
_add_bytes("parquet: two magic numbers", ".parquet", "refuse", lambda *_: b"PAR1PAR1")
_add_bytes("parquet: a footer of no bytes", ".parquet", "refuse", lambda *_: b"PAR1\0\0\0\0PAR1")
_add_bytes("parquet: a footer of 2 GB", ".parquet", "refuse", lambda *_: b"PAR1\0\0\0\0\xff\xff\xff\x7fPAR1")
_add_bytes(
    "parquet: an encrypted footer",
    ".parquet",
    "refuse",
    lambda rows, _: b"PARE" + write_parquet(rows)[4:-4] + b"PARE",
)
_add_bytes("parquet: no footer", ".parquet", "refuse", lambda rows, _: write_parquet(rows)[:-200])
_add_bytes(
    "parquet: half of it",
    ".parquet",
    "refuse",
    lambda rows, _: (whole := write_parquet(rows))[: len(whole) // 2],
)
_add_bytes(
    "parquet: the middle lost",
    ".parquet",
    "refuse",
    lambda rows, _: (whole := write_parquet(rows))[:200] + whole[2000:],
)
_add_bytes("parquet: text", ".parquet", "refuse", lambda rows, _: write_csv(rows))
_add_bytes("parquet: a column twice", ".parquet", "refuse", lambda rows, _: write_parquet(_double(rows)))
_add_bytes(
    "parquet: no rows", ".parquet", "refuse", lambda rows, _: write_parquet(_as_table(rows).slice(0, 0))
)
_add_bytes(
    "parquet: no columns", ".parquet", "refuse", lambda rows, _: write_parquet(_as_table(rows).select([]))
)
_add_bytes(
    "parquet: a type for each unit of time",
    ".parquet",
    "ok",
    lambda rows, _: write_parquet(_cast(rows, "at", pa.timestamp("ms", "UTC"))),
)
_add_bytes(
    "parquet: nanoseconds without a zone",
    ".parquet",
    "ok",
    lambda rows, _: write_parquet(_cast(rows, "at", pa.timestamp("ns"))),
)
_add_bytes(
    "parquet: a zone that is not there",
    ".parquet",
    "any",
    lambda rows, _: write_parquet(_cast(rows, "at", pa.timestamp("us", "Mars/Olympus")), store_schema=True),
)
_add_bytes(
    "parquet: days for times",
    ".parquet",
    "any",
    lambda rows, _: write_parquet(_cast(rows, "at", pa.date32())),
)
_add_bytes(
    "parquet: decimals",
    ".parquet",
    "ok",
    lambda rows, _: write_parquet(_change("amount", lambda v: Decimal(str(v)))(rows)),
)
_add_bytes(
    "parquet: single precision",
    ".parquet",
    "any",
    lambda rows, _: write_parquet(_cast(rows, "amount", pa.float32())),
)
_add_bytes(
    "parquet: whole numbers as numbers",
    ".parquet",
    "ok",
    lambda rows, _: write_parquet(_cast(rows, "count", pa.float64())),
)
_add_bytes(
    "parquet: small whole numbers",
    ".parquet",
    "ok",
    lambda rows, _: write_parquet(_cast(rows, "count", pa.uint8())),
)
_add_bytes(
    "parquet: bytes for a category",
    ".parquet",
    "any",
    lambda rows, _: write_parquet(_cast(rows, "kind", pa.binary())),
)
_add_bytes(
    "parquet: bytes that are no text",
    ".parquet",
    "notice",
    lambda rows, _: write_parquet(_change("kind", lambda v: b"\xff" + v.encode())(rows)),
)
_add_bytes(
    "parquet: long texts",
    ".parquet",
    "ok",
    lambda rows, _: write_parquet(_cast(rows, "kind", pa.large_string()), store_schema=True),
)
_add_bytes(
    "parquet: numbers by their place",
    ".parquet",
    "ok",
    lambda rows, _: write_parquet(_as_dictionary(rows, "kind"), store_schema=True),
)
_add_bytes(
    "parquet: lists for a number",
    ".parquet",
    "refuse",
    lambda rows, _: write_parquet(_change("amount", lambda v: [v])(rows)),
)
_add_bytes(
    "parquet: objects for a number",
    ".parquet",
    "refuse",
    lambda rows, _: write_parquet(_change("amount", lambda v: {"v": v})(rows)),
)
_add_bytes(
    "parquet: times of day for a number",
    ".parquet",
    "refuse",
    lambda rows, _: write_parquet(_change("amount", lambda _: timedelta(1))(rows), store_schema=True),
)
_add_bytes(
    "parquet: a column of nothing",
    ".parquet",
    "refuse",
    lambda rows, _: write_parquet(_set(rows, "amount", pa.nulls(120))),
)
_add_bytes(
    "parquet: one row a group", ".parquet", "ok", lambda rows, _: write_parquet(rows, row_group_size=1)
)


def _forge(name: str, must: Must, lies: Lies) -> None:
    def build(rows: Rows, _: Random) -> bytes:
        stamps = [int(at.timestamp()) * 1_000_000 for at in rows["at"]]
        return forge_parquet({"at": stamps, "amount": rows["amount"]}, lies)

    _add_bytes(f"forged: {name}", ".parquet", must, build)


_BILLION: Final = 10**9
# Every one of them lacks three columns, which alone must be told.
_forge("the truth", "refuse", Lies())
_forge("a page of 1e9 values", "refuse", Lies(page_values=_BILLION))
_forge("a page of -1 values", "refuse", Lies(page_values=-1))
_forge("a page of no values", "refuse", Lies(page_values=0))
_forge("a page of 2 GB", "refuse", Lies(page_bytes=2**31 - 1))
_forge("a page of 2 GB once unpacked", "refuse", Lies(unpacked_bytes=2**31 - 1))
_forge("a page of -1 bytes once unpacked", "refuse", Lies(unpacked_bytes=-1))
_forge("a page of -1 bytes", "refuse", Lies(page_bytes=-1))
_forge("a column of 1e9 values", "refuse", Lies(chunk_values=_BILLION))
_forge("a row group of 1e9 rows", "refuse", Lies(group_rows=_BILLION))
_forge("a row group of -1 rows", "refuse", Lies(group_rows=-1))
_forge("a footer of 1e9 rows", "refuse", Lies(footer_rows=_BILLION))
_forge("rows counted twice as many", "refuse", Lies(group_rows=240, footer_rows=240))
_forge(
    "1e9 rows throughout",
    "refuse",
    Lies(page_values=_BILLION, chunk_values=_BILLION, group_rows=_BILLION, footer_rows=_BILLION),
)
_forge(
    "1e9 nulls in six bytes",
    "refuse",
    Lies(
        page_values=_BILLION, chunk_values=_BILLION, group_rows=_BILLION, footer_rows=_BILLION, nulls=_BILLION
    ),
)
_forge(
    "2e6 nulls in six bytes", "refuse", Lies(page_values=2_000_000, chunk_values=2_000_000, nulls=2_000_000)
)
_forge("data beyond the end", "refuse", Lies(offset=1 << 40))
_forge("data before the start", "refuse", Lies(offset=-4))


def _put(name: str, must: Must, put: Callable[[Path, Rows], Path]) -> None:
    _add(f"path: {name}", must, lambda folder, random, window: put(folder, build_rows(random, window)))


def _link(folder: Path, target: Path | str, ending: str = ".csv") -> Path:
    path = folder / f"batch{ending}"
    path.symlink_to(target)
    return path


def _put_pipe(folder: Path, _: Rows) -> Path:
    os.mkfifo(folder / "batch.csv")
    return folder / "batch.csv"


def _put_socket(folder: Path, _: Rows) -> Path:
    # A socket's path may have 108 bytes at most; the name alone is put there.
    path, here = folder / "batch.csv", Path.cwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind("batch.csv")
    finally:
        os.chdir(here)
    return path


def _put_folder(folder: Path, _: Rows) -> Path:
    (folder / "batch.csv").mkdir()
    return folder / "batch.csv"


def _put_named(name: str) -> Callable[[Path, Rows], Path]:
    def put(folder: Path, rows: Rows) -> Path:
        path = folder / name
        path.write_bytes(write_csv(rows))
        return path

    return put


def _put_beside(content: bytes, ending: str) -> Callable[[Path, Rows], Path]:
    def put(folder: Path, rows: Rows) -> Path:
        (folder / "batch.csv").write_bytes(write_csv(rows))
        path = folder / f"beside{ending}"
        path.write_bytes(content)
        return path

    return put


def _put_sparse(folder: Path, rows: Rows) -> Path:
    path = folder / "batch.csv"
    path.write_bytes(write_csv(rows))
    os.truncate(path, 20 << 30)
    return path


def _put_link(folder: Path, rows: Rows) -> Path:
    (folder.parent / "elsewhere.csv").write_bytes(write_csv(rows))
    return _link(folder, folder.parent / "elsewhere.csv")


_put("a link to itself", "refuse", lambda folder, _: _link(folder, "batch.csv"))
_put("a link to nothing", "refuse", lambda folder, _: _link(folder, "nowhere.csv"))
_put("a link to a file", "ok", _put_link)
_put("a pipe", "refuse", _put_pipe)
_put("a socket", "refuse", _put_socket)
_put("a folder", "refuse", _put_folder)
_put("endless NUL bytes", "refuse", lambda folder, _: _link(folder, "/dev/zero"))
_put("endless noise", "refuse", lambda folder, _: _link(folder, "/dev/urandom", ".parquet"))
_put("the device of nothing", "refuse", lambda folder, _: _link(folder, "/dev/null", ".jsonl"))
_put("a file of the kernel", "refuse", lambda folder, _: _link(folder, "/proc/self/mem"))
_put("a file that claims no bytes", "refuse", lambda folder, _: _link(folder, "/proc/self/maps", ".parquet"))
_put("20 GB of nothing", "refuse", _put_sparse)
_put("a name that is no text", "ok", _put_named(os.fsdecode(b"batch\xff.csv")))
_put("a name with a line end", "ok", _put_named("batch\n.csv"))
_put("a name of 250 letters", "ok", _put_named("b" * 246 + ".csv"))
_put("an empty file beside", "refuse", _put_beside(b"", ".csv"))
_put("a broken file beside", "refuse", _put_beside(b'at,amount\n"', ".csv"))
_put("an empty Parquet file beside", "refuse", _put_beside(b"", ".parquet"))


def _zip(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as packed:
        packed.writestr("batch.csv", content)
    return sink.getvalue()


def _nest(levels: int) -> bytes:
    return b'{"at": null, "extra": ' + b"[" * levels + b"]" * levels + b"}\n"


def _widen(rows: Rows, columns: int) -> Rows:
    return {**rows, **{f"c{number}": [number] * len(rows["at"]) for number in range(columns)}}


def _write_levels(rows: Rows, levels: int) -> bytes:
    line = f"{rows['at'][0]:%Y-%m-%dT%H:%M:%SZ},100.0,1,level{{}},true\n"
    return b"at,amount,count,kind,flag\n" + "".join(map(line.format, range(levels))).encode()


def _pack_twice(content: bytes) -> bytes:
    middle = len(content) // 2
    return gzip.compress(content[:middle]) + gzip.compress(content[middle:])


def _build_bomb(rows: Rows) -> bytes:
    """Return 12 MB that unpack to 2.4 GB of rows: the members are the same."""
    content = write_csv(rows)
    header, _, lines = content.partition(b"\n")
    line = lines.partition(b"\n")[0] + b"\n"
    member = gzip.compress(line * ((24 << 20) // len(line)), 9)
    return gzip.compress(header + b"\n") + member * 100


def _as_table(rows: Rows) -> pa.Table:
    return pa.table(rows)


def _double(rows: Rows) -> pa.Table:
    table = _as_table(rows)
    return table.append_column("amount", table.column("count"))


def _set(rows: Rows, name: str, column: pa.Array) -> pa.Table:
    table = _as_table(rows)
    return table.set_column(table.column_names.index(name), name, column)


def _cast(rows: Rows, name: str, kind: pa.DataType) -> pa.Table:
    column = _as_table(rows).column(name)
    if pa.types.is_timestamp(kind) and kind.tz not in (None, "UTC"):
        column = pa.chunked_array(
            [column.cast(pa.timestamp("us")).combine_chunks().view(pa.int64()).view(kind)]
        )
        return _set(rows, name, column)
    return _set(rows, name, column.cast(kind, safe=False))


def _as_dictionary(rows: Rows, name: str) -> pa.Table:
    return _set(rows, name, _as_table(rows).column(name).dictionary_encode())


CORPUS: Final[tuple[OddFile, ...]] = tuple(_FOUND)
LARGE: Final[tuple[OddFile, ...]] = tuple(_LARGE)
"""Those that take a second or more: for the long run."""
