"""What a person sends: read from a form of ours, and of nobody else's.

A change is taken only where the browser says that a page of this site asks for it (see `web/guard.py`), and
where the form holds a secret: of the session where somebody signed in, and else the one that this browser was
given in a cookie. Another site can make a browser send a cookie, but it cannot read it. Who sends a token of
the API needs none of this: no browser sends one by itself.
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

from driftwatch.access.keys import build_form_token
from driftwatch.web.access import Asking, Caller, How
from driftwatch.web.identify import find_session_secret

__all__ = ["Fields", "Sent", "find_token", "find_who", "keep_token", "keep_who", "set_cookie"]

_TOKEN, _WHO = "driftwatch_form", "driftwatch_who"
_YEAR: Final = 365 * 86_400
_MOST_FIELDS: Final = 100
_LONGEST_NAME: Final = 191


def find_token(request: Request) -> str:
    """Return the secret of this browser's forms, a new one where it has none yet."""
    session = find_session_secret(request)
    if session:
        return build_form_token(session)
    if not hasattr(request.state, "form_token"):
        known = request.cookies.get(_TOKEN, "")
        request.state.form_token = known if len(known) >= 32 else secrets.token_urlsafe(32)
    found: str = request.state.form_token
    return found


def keep_token(request: Request, response: Response) -> None:
    """Have the browser keep the secret of its forms, where this page has one."""
    if hasattr(request.state, "form_token") and request.cookies.get(_TOKEN) != request.state.form_token:
        set_cookie(request, response, _TOKEN, request.state.form_token, None)


def find_who(request: Request) -> str:
    """Return who uses this browser: who signed in, or the name that was given with its last form."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is not None and caller.is_known:
        return caller.name
    return unquote(request.cookies.get(_WHO, ""))


def keep_who(request: Request, response: Response, who: str) -> None:
    """Have the browser remember who uses it, so that the next form need not ask; who is known stays so."""
    if find_who(request) != who:
        set_cookie(request, response, _WHO, quote(who), _YEAR)


def set_cookie(request: Request, response: Response, name: str, value: str, age: int | None) -> None:
    """Have the browser keep a cookie for us alone, for `age` seconds, or until it is closed."""
    is_secure = request.url.scheme == "https"
    path = request.scope.get("root_path") or "/"
    response.set_cookie(name, value, max_age=age, path=path, secure=is_secure, httponly=True, samesite="lax")


async def read_fields(request: Request, asking: Asking) -> Mapping[str, str]:
    """Return the fields of a form by name. Raises HTTPException where it is not one of ours."""
    fields = _parse(await request.body())
    given = fields.pop("token", "")
    if asking is not None and asking.how is How.TOKEN:
        return fields
    session = find_session_secret(request)
    known = build_form_token(session) if session else request.cookies.get(_TOKEN, "")
    if not known or not hmac.compare_digest(given.encode(), known.encode()):
        raise HTTPException(
            403, "The form is too old, or not from here: go back, load the page anew, try again."
        )
    return fields


def _parse(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise HTTPException(400, "What was sent is no form.") from None
    return dict(pairs)


Fields = Annotated[Mapping[str, str], Depends(read_fields)]
"""The fields of a form, whoever sends it."""


def _name_sender(fields: Fields, asking: Asking) -> Mapping[str, str]:
    """Return the fields of a form with who sends it: who is known is not asked."""
    given = asking.name if asking is not None and asking.is_known else fields.get("who", "")
    who = " ".join(given.split())[:_LONGEST_NAME]
    if not who:
        raise HTTPException(400, "Say who you are: what is done is recorded with a name.")
    return {**fields, "who": who}


Sent = Annotated[Mapping[str, str], Depends(_name_sender)]
"""The fields of a form; `who` is there and names somebody."""
