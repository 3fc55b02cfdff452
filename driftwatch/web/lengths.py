"""How long a person may want to hear nothing: the choices of forms, by their words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from driftwatch.errors import UsageError

__all__ = ["LENGTHS", "choose_length"]

LENGTHS: Final[Mapping[str, timedelta]] = {
    "1 hour": timedelta(hours=1),
    "4 hours": timedelta(hours=4),
    "12 hours": timedelta(hours=12),
    "1 day": timedelta(days=1),
    "3 days": timedelta(days=3),
    "7 days": timedelta(days=7),
}


def choose_length(words: str) -> timedelta:
    """Return the length that a form asked for. Raises UsageError where it offers none like it.

    >>> choose_length("4 hours")
    datetime.timedelta(seconds=14400)
    """
    if words not in LENGTHS:
        raise UsageError(f"say how long it lasts: {', '.join(LENGTHS)}")
    return LENGTHS[words]
