"""What somebody does that is kept for good, in the words in which it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from driftwatch.access.caller import How

__all__ = ["Act", "clean_details", "clean_name"]

_LONGEST_NAME: Final = 191
_LONGEST_DETAIL: Final = 500
_SECRET: Final = ("token", "password", "secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that somebody did.

    `action` is a noun and a verb, as the command line has them: `incident.acknowledge`; `subject` is what it
    was done to. `address` is where it came from, where that is known. `id` is None before it is kept.
    """

    at: datetime
    actor: str
    how: How
    action: str
    subject: str = ""
    address: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    id: int | None = None


def clean_name(text: str) -> str:
    """Return a name that every database takes, with a mark in the place of what cannot be printed.

    >>> clean_name("Ana" + chr(0) + "x")
    'Ana�x'
    """
    kept = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return kept.strip()[:_LONGEST_NAME]


def clean_details(given: Mapping[str, object]) -> dict[str, str]:
    """Return what was given with an action, without what is empty or a secret; long texts are cut.

    >>> clean_details({"length": "4 hours", "reason": "", "new_password": "hunter2", "token": "dw_x"})
    {'length': '4 hours'}
    """
    return {
        name: str(value)[:_LONGEST_DETAIL]
        for name, value in given.items()
        if value not in (None, "", False) and not any(word in name.lower() for word in _SECRET)
    }
