"""What changes a monitor's history, as a text short enough to be stored beside it.

An identity is five short hashes: of source, window, time zone, column kinds and time column. It can be
compared part by part, so that `validate` can say what changed although only the identity was stored.

*Why secrets are left out of it:* a rotated password keeps the history. Of an address that is a secret only
the machine and the path count. Fingerprints take four hex digits of a secret's hash: enough to see
that it changed, too few to test guesses with.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from driftwatch.jobs.windows import Schedule
from driftwatch.net.secrets import Secret
from driftwatch.profiles.columns import ColumnOptions

__all__ = [
    "IDENTITY_PARTS",
    "build_fingerprint",
    "build_identity",
    "fingerprint_source",
    "name_changed_parts",
]

IDENTITY_PARTS: Final = ("source", "window", "timezone", "column kinds", "time column")
_DIGITS: Final = 12
# How rows are fetched does not change which rows are meant.
_OPERATIONAL: Final = frozenset({"at_most_bytes", "auth", "fetch", "headers"})


def build_identity(kind: str, source: Any, schedule: Schedule, columns: ColumnOptions) -> str:
    """Return 64 characters that change when, and only when, a new history has to start."""
    others = (
        str(schedule),
        [schedule.timezone, columns.timezone],
        _describe(columns.kinds, _mask),
        _describe(columns.time, _mask),
    )
    return "-".join([fingerprint_source(kind, source), *(_digest(part)[:_DIGITS] for part in others)])


def fingerprint_source(kind: str, source: Any) -> str:
    """Return hex digits that change when a source means other rows; a rotated password changes nothing."""
    return _digest([kind, _describe_source(source)])[:_DIGITS]


def name_changed_parts(old: str, new: str) -> tuple[str, ...]:
    """Return which of `IDENTITY_PARTS` differ between two identities."""
    before, after = old.split("-"), new.split("-")
    if len(before) != len(IDENTITY_PARTS) or len(after) != len(IDENTITY_PARTS):
        return () if old == new else IDENTITY_PARTS
    pairs = zip_longest(IDENTITY_PARTS, before, after)
    return tuple(str(name) for name, left, right in pairs if left != right)


def build_fingerprint(*values: Any) -> str:
    """Return 64 hex digits that change when anything in the values changes."""
    return _digest([_describe(value, _mask) for value in values])


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _mask(secret: Secret) -> str:
    text = secret.reveal().encode("utf-8", "surrogatepass")
    return f"***{hashlib.sha256(text).hexdigest()[-4:]}"


def _keep_address(secret: Secret) -> str:
    text = secret.reveal()
    return _strip_address(text).partition("?")[0] if "://" in text else ""


def _strip_address(text: str) -> str:
    """Return an address without user, password and driver; another text as it is."""
    scheme, separator, _ = text.partition("://")
    if not separator:
        return text
    try:
        parts = urlsplit(text)
        place = (
            f"{parts.hostname or ''}:{parts.port or ''}{parts.path}{'?' if parts.query else ''}{parts.query}"
        )
    except ValueError:
        return scheme
    # How the database is spoken to does not change what it holds.
    return f"{scheme.partition('+')[0]}://{place}"


def _describe_source(source: Any) -> Any:
    """Return the settings that say which rows are meant, without waiting times and credentials."""
    if not dataclasses.is_dataclass(source):
        return type(source).__qualname__
    values = {field.name: getattr(source, field.name) for field in dataclasses.fields(source)}
    return {
        name: _strip_address(value) if isinstance(value, str) else _describe(value, _keep_address)
        for name, value in values.items()
        if not isinstance(value, timedelta) and not name.startswith("_") and name not in _OPERATIONAL
    }


def _describe(value: Any, secret: Any) -> Any:
    if isinstance(value, Secret):
        return secret(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value) if not field.name.startswith("_")]
        shown = {name: _describe(getattr(value, name), secret) for name in fields}
        return {"": type(value).__qualname__, **shown}
    if isinstance(value, Mapping):
        return {str(name): _describe(one, secret) for name, one in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(str(one) for one in value)
    if isinstance(value, tuple | list):
        return [_describe(one, secret) for one in value]
    return _describe_plain(value)


def _describe_plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else type(value).__qualname__
