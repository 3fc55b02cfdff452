"""What addresses and bodies are given, and what is taken of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import Path, Query
from starlette.exceptions import HTTPException

from driftwatch.errors import UsageError
from driftwatch.jobs.moments import parse_moment
from driftwatch.store.monitors import find_monitor
from driftwatch.web.house import House

__all__ = ["PLAIN", "At", "Name", "Number", "Text", "need_monitor", "read_moment"]

PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
"""A text on one line: control characters are in no name of ours."""

_LONGEST: Final = 200

Name = Annotated[
    str,
    Path(
        min_length=1,
        max_length=_LONGEST,
        pattern=PLAIN,
        description="The monitor's id.",
        examples=["flight-delays"],
    ),
]
Number = Annotated[int, Path(ge=1, le=2**53, description="Its number.", examples=[7])]
Text = Annotated[str, Query(max_length=_LONGEST, pattern=PLAIN)]
_MOMENT: Final = (
    "A time such as 2013-02-08 or 2013-02-08T06:00:00Z; one that names no zone is in the monitor's. "
    "The window that contains it is meant."
)
At = Annotated[
    str, Path(max_length=40, pattern=PLAIN, description=_MOMENT, examples=["2013-02-08T00:00:00Z"])
]


def read_moment(text: str, timezone: str, *, field: str) -> datetime:
    """Return a time in UTC, in `timezone` where it names none. Raises HTTPException where it is no time."""
    try:
        return parse_moment(text, timezone)
    except UsageError as error:
        # In an address a + stands for a space.
        hint = "; in an address, write %2B for +" if " " in text else ""
        raise HTTPException(422, f"{field}: {error}{hint}") from None


def need_monitor(house: House, name: str) -> None:
    """Raise UsageError for a name, if any, of no monitor of the configuration or of the store."""
    if name and house.read(lambda tx: find_monitor(tx, name)) is None:
        house.app.find_monitor(name)
