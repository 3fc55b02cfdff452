"""What every change has in common: it is sent as JSON, by somebody with a name, and meant for what was seen.

*Why JSON alone:* a page of another site can have a browser send a form anywhere, with what the browser is
known by, but no JSON without asking first.

*Why `If-Match`:* a program whose answer was lost asks again; with the tag of what it saw, what it did already
is refused and not done twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Header, Request
from pydantic import Field
from starlette.exceptions import HTTPException

from driftwatch.config.values import parse_duration
from driftwatch.errors import UsageError
from driftwatch.jobs.cases import OutdatedError
from driftwatch.web.access import Caller, Scope, need
from driftwatch.web.api.shapes.shape import Body
from driftwatch.web.api.values import PLAIN

__all__ = [
    "CHANGES",
    "Actor",
    "By",
    "Expected",
    "Length",
    "Line",
    "WhyBody",
    "Words",
    "change",
    "name_actor",
    "read_length",
    "read_tag",
]

_T = TypeVar("_T")

_LONGEST_NAME: Final = 100

Actor = Annotated[Caller, need(Scope.OPERATE)]
"""Who asks for a change, and may."""

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
"""A line of text."""

Words = Annotated[str, Field(min_length=1, max_length=2000)]
"""A text that somebody writes for others."""

Length = Annotated[str, Field(max_length=12, pattern=r"^[0-9]+[smhdw]$", examples=["4h"])]
"""How long something lasts: a whole number and s, m, h, d or w."""

Expected = Annotated[
    str,
    Header(
        alias="If-Match",
        max_length=200,
        pattern=r"^[!-~]*$",
        description="The tag of the incident as it was seen: refused where something happened since.",
    ),
]
"""The tag of what was seen, empty where it does not matter."""


class By(Body):
    """Who does it."""

    who: Annotated[str, Field(max_length=_LONGEST_NAME, pattern=PLAIN)] | None = None
    """Who does it: needed where nobody is asked who they are, and otherwise the name of the token."""


class WhyBody(By):
    """Why it is done."""

    why: Words


def _need_json(request: Request) -> None:
    """Raise HTTPException unless a request is sent as JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send JSON, as content-type: application/json.")


CHANGES: Final = [need(Scope.OPERATE), Depends(_need_json)]
"""What every address that changes something depends on."""


def change(take: Callable[[], _T]) -> _T:
    """Return what a change returns. Raises HTTPException where it is refused, or something happened since."""
    try:
        return take()
    except OutdatedError as error:
        raise HTTPException(412, str(error)) from None
    except UsageError as error:
        raise HTTPException(409, str(error)) from None


def name_actor(caller: Caller, by: By) -> str:
    """Return who does it. Raises HTTPException where nobody says so, or somebody says another name."""
    given = " ".join((by.who or "").split())
    if caller.is_known:
        if given and given != caller.name:
            raise HTTPException(422, f"body.who: you are known as {caller.name}; leave it out")
        return caller.name
    if not given:
        raise HTTPException(422, "body.who: say who you are: what is done is recorded with a name")
    return given


def read_length(text: str, field: str) -> timedelta:
    """Return how long something lasts. Raises HTTPException for no such length."""
    try:
        length = parse_duration(text)
    except (ValueError, OverflowError):
        raise HTTPException(422, f"{field}: write a length such as 4h or 2d, of 10 years at most") from None
    if not length:
        raise HTTPException(422, f"{field}: nothing lasts {text}; write a length such as 4h or 2d")
    return length


def read_tag(expected: str) -> int | None:
    """Return the number of the last step that a tag of an incident begins with, None for no tag.

    Raises HTTPException for a tag that no incident has: what it was given for is another one by now.
    """
    if expected in {"", "*"}:
        return None
    number = expected.strip('"').partition(".")[0]
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        raise HTTPException(412, "If-Match holds no tag of an incident; read the incident again.")
    return int(number)
