"""What a person sends: read from a form of ours, and of nobody else's.

A change is taken only where the browser says that a page of this site asks for it, and where the form holds
the secret that this browser was given in a cookie: another site can make a browser send the cookie, but it
cannot read it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import parse_qsl, quote, unquote

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from driftwatch.web.guard import is_same_origin

__all__ = ["Sent", "find_token", "find_who", "keep_token", "keep_who"]

_TOKEN, _WHO = "driftwatch_form", "driftwatch_who"
_YEAR: Final = 365 * 86_400
_MOST_FIELDS: Final = 50
_LONGEST_NAME: Final = 100


def find_token(request: Request) -> str:
    """Return the secret of this browser's forms, a new one where it has none yet."""
    if not hasattr(request.state, "form_token"):
        known = request.cookies.get(_TOKEN, "")
        request.state.form_token = known if len(known) >= 32 else secrets.token_urlsafe(32)
    found: str = request.state.form_token
    return found


def keep_token(request: Request, response: Response) -> None:
    """Have the browser keep the secret of its forms, where this page has one."""
    if hasattr(request.state, "form_token") and request.cookies.get(_TOKEN) != request.state.form_token:
        _set_cookie(request, response, _TOKEN, request.state.form_token, None)


def find_who(request: Request) -> str:
    """Return the name that was given with this browser's last form, none at first."""
    return unquote(request.cookies.get(_WHO, ""))


def keep_who(request: Request, response: Response, who: str) -> None:
    """Have the browser remember who uses it, so that the next form need not ask."""
    _set_cookie(request, response, _WHO, quote(who), _YEAR)


def _set_cookie(request: Request, response: Response, name: str, value: str, age: int | None) -> None:
    is_secure = request.url.scheme == "https"
    path = request.scope.get("root_path") or "/"
    response.set_cookie(name, value, max_age=age, path=path, secure=is_secure, httponly=True, samesite="lax")


async def _read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form by name. Raises HTTPException where it is not one of ours."""
    if not is_same_origin(request.headers):
        raise HTTPException(403, "This was sent from a page of another site, and nothing was changed.")
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise HTTPException(400, "What was sent is no form.") from None
    fields = dict(pairs)
    given, known = fields.pop("token", ""), request.cookies.get(_TOKEN, "")
    if not known or not hmac.compare_digest(given.encode(), known.encode()):
        raise HTTPException(
            403, "The form is too old, or not from here: go back, load the page anew, try again."
        )
    who = " ".join(fields.get("who", "").split())[:_LONGEST_NAME]
    if not who:
        raise HTTPException(400, "Say who you are: what is done is recorded with a name.")
    return {**fields, "who": who}


Sent = Annotated[Mapping[str, str], Depends(_read_form)]
"""The fields of a form; `who` is there and names somebody."""
