"""How a document is answered: as JSON with a tag that changes exactly when the document does.

Who asks again sends the tag in `If-None-Match`, and is answered 304 without a body where nothing has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from driftwatch.store.documents import dump_json

__all__ = ["answer", "build_tag", "fits_tag", "reply"]

_MOMENTS: Final = frozenset({"now"})
"""The members that are other ones every second: a document without them is the same one."""


def answer(
    request: Request,
    document: Mapping[str, Any],
    *,
    tag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return `document` as the answer; NaN and infinities become null.

    What a change has made is answered without a tag.

    `tag` takes the place of the one that is made of the whole document.
    """
    if request.method != "GET":
        return reply(document)
    tag = tag or build_tag(document)
    marks = {"cache-control": "private, no-cache", "etag": tag, **(headers or {})}
    if fits_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=marks)
    return Response(dump_json(document) + "\n", 200, marks, "application/json")


def reply(document: Mapping[str, Any], *, status: int = 200) -> Response:
    """Return what a change has made as the answer to it."""
    return Response(dump_json(document) + "\n", status, media_type="application/json")


def build_tag(document: Mapping[str, Any]) -> str:
    """Return the tag of a document: a weak one where it says what time it is.

    >>> build_tag({"now": "a", "healthy": True}) == build_tag({"now": "b", "healthy": True})
    True
    """
    lasting = {name: value for name, value in document.items() if name not in _MOMENTS}
    digest = hashlib.sha256(dump_json(lasting).encode()).hexdigest()[:32]
    return f'"{digest}"' if len(lasting) == len(document) else f'W/"{digest}"'


def fits_tag(given: str, tag: str) -> bool:
    """Return whether one of the tags in `given` is this one; `*` is any.

    >>> fits_tag('"a", W/"b"', '"b"'), fits_tag("*", '"b"'), fits_tag('"a"', '"b"')
    (True, True, False)
    """
    known = {one.strip().removeprefix("W/") for one in given.split(",")}
    return "*" in known or tag.removeprefix("W/") in known
