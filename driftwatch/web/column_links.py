"""Addresses of columns: their names come from data, and may hold anything."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from urllib.parse import quote, urlencode

from driftwatch.errors import UsageError
from driftwatch.incidents.stamps import write_stamp
from driftwatch.profiles.window import Window

__all__ = ["link_column", "read_key"]

_STEPS: Final = {".", "..", ""}
"""What a browser takes for a step within an address."""


def link_column(monitor: str, column: str, at: Window | None = None, kind: str = "") -> str:
    """Return the address of a column's page, below the root of the site, whatever its name is.

    What a browser would make another address of is written as a key. `at` is the window to show, `kind` is
    `json` or `csv` for what programs read.

    >>> link_column("loans", "fee/net <b>")
    '/monitors/loans/columns/fee/net%20%3Cb%3E'
    >>> link_column("loans", "..")
    '/monitors/loans/columns/?key=Li4%3D'
    """
    asked = {} if at is None else {"at": write_stamp(at.start)}
    if kind:
        asked["format"] = kind
    is_plain = column.isprintable() and _STEPS.isdisjoint(column.split("/"))
    if not is_plain:
        asked["key"] = urlsafe_b64encode(column.encode("utf-8", "surrogatepass")).decode()
    path = f"/monitors/{quote(monitor, safe='')}/columns/{quote(column) if is_plain else ''}"
    return f"{path}?{urlencode(asked)}" if asked else path


def read_key(key: str) -> str:
    """Return the name that `link_column` wrote as a key. Raises UsageError for anything else."""
    try:
        return urlsafe_b64decode(key).decode("utf-8", "surrogatepass")
    except ValueError:
        raise UsageError("there is no column with this key") from None
