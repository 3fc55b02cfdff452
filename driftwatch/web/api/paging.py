"""Long lists a part at a time: every part says where the next one begins.

A cursor names the last entry that was seen, so that what comes in meanwhile moves nothing: no entry is given
twice, and none is passed over.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from driftwatch.incidents.stamps import read_stamp, write_stamp
from driftwatch.web.api.answers import answer

__all__ = ["Part", "read_cursor", "write_cursor"]

_T = TypeVar("_T")

_MOST: Final = 200
_LONGEST: Final = 400

Cursor = str | int | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which part of a list is asked for."""

    request: Request
    limit: Annotated[int, Query(ge=1, le=_MOST, description="How many entries at most.")] = 50
    cursor: Annotated[
        str,
        Query(
            max_length=_LONGEST,
            pattern=r"^[A-Za-z0-9_-]*$",
            description="Where to go on: it is in `next` of the part before.",
        ),
    ] = ""

    def read(self, *types: type) -> tuple[Any, ...] | None:
        """Return what the last entry that was seen is known by, None at first."""
        return read_cursor(self.cursor, *types)

    def cut(self, items: Sequence[_T]) -> tuple[Sequence[_T], bool]:
        """Return as many items as are asked for, and whether there are more."""
        return items[: self.limit], len(items) > self.limit

    def answer(self, document: Mapping[str, Any], *last: Cursor) -> Response:
        """Return `document` as the answer; `last` is what its last entry is known by, where others follow."""
        url = self.request.url.include_query_params(cursor=write_cursor(*last))
        after = str(url.replace(scheme="", netloc="")) if last else None
        headers = {"link": f'<{after}>; rel="next"'} if after else {}
        return answer(self.request, {**document, "next": after}, headers=headers)


Part = Annotated[Asked, Depends()]
"""Which part of a list is asked for, and how it is answered."""


def write_cursor(*parts: Cursor) -> str:
    """Return the place behind an entry as text for an address.

    >>> read_cursor(write_cursor("a/b", 7), str, int)
    ('a/b', 7)
    """
    spelled = [write_stamp(part) if isinstance(part, datetime) else part for part in parts]
    return base64.urlsafe_b64encode(json.dumps(spelled).encode()).decode().rstrip("=")


def read_cursor(text: str, *types: type) -> tuple[Any, ...] | None:
    """Return what `write_cursor` wrote, None for no text.

    Raises HTTPException where it wrote nothing like it.
    """
    if not text:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return tuple(_read_part(part, wanted) for part, wanted in zip(parts, types, strict=True))
    except (ValueError, TypeError, OverflowError, RecursionError):
        said = "query.cursor: it is none that this list has given; ask without one again"
        raise HTTPException(422, said) from None


def _read_part(part: Any, wanted: type) -> Any:
    if wanted is datetime:
        return read_stamp(part)
    # True is an integer too, and a great one fits no column.
    if type(part) is not wanted or (isinstance(part, int) and not 0 <= part < 2**63):
        raise ValueError(part)
    return part
