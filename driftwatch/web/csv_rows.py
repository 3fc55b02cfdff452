"""Lists as CSV for spreadsheets: quoted as RFC 4180 has it, in UTF-8, and with nothing that one would reckon.

A cell that begins like a formula would be one: a spreadsheet runs it when the file is opened
(https://owasp.org/www-community/attacks/CSV_Injection). An apostrophe before it makes it text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from starlette.responses import StreamingResponse

from driftwatch.incidents.stamps import write_stamp

__all__ = ["MOST_ROWS", "Cell", "build_csv", "defuse"]

MOST_ROWS: Final = 10_000
"""How many rows one file has at most: the newest ones."""

_FORMULA: Final = re.compile(r"\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")

Cell = str | int | float | datetime | None


def build_csv(name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> StreamingResponse:
    """Return `rows` as a file called `name` that is sent while it is made."""
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_write_lines(heads, rows), media_type="text/csv; charset=utf-8", headers=headers)


def _write_lines(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([_write(cell) for cell in row])
        if text.tell() > 16_384:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _write(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return write_stamp(cell)
    if isinstance(cell, str):
        return defuse(cell)
    return "" if cell is None else str(cell)


def defuse(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; numbers are written as numbers before.

    >>> defuse("=1+1"), defuse("a=1")
    ("'=1+1", 'a=1')
    """
    clean = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    return f"'{clean}" if _FORMULA.match(clean) else clean
