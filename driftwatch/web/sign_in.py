"""Signing in with a password, and out again, here or in every browser."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from driftwatch.access.act import Act
from driftwatch.access.caller import Caller, How, Scope
from driftwatch.store.audit import write_act
from driftwatch.store.sessions import LIFETIME, begin_session, count_sessions, end_session, end_sessions
from driftwatch.store.users import find_user
from driftwatch.web.access import need
from driftwatch.web.acts import build_act
from driftwatch.web.door import Door, find_address, refuse_for_now
from driftwatch.web.forms import Fields, find_token
from driftwatch.web.frame import Frame, render
from driftwatch.web.house import Here, House
from driftwatch.web.identify import find_session_secret, has_bearer, is_secure, name_cookie

__all__ = ["LONGEST", "admit_person", "find_way_in", "record_refusal", "router", "show_sign_in"]

router = APIRouter()

LONGEST: Final = 1000
"""How long the address may be to which somebody is led on: a cookie has to hold it."""

_WRONG: Final = "That name and that password do not fit together."
_MANY: Final = timedelta(0)

_SCOPES: Final[Mapping[Scope, str]] = {
    Scope.READ: "You may look at everything.",
    Scope.OPERATE: "You may look at everything and act on it.",
    Scope.ADMIN: "You may look at everything, act on it, and see who did what.",
}
_WAYS: Final[Mapping[How, str]] = {
    How.ANONYMOUS: "Nobody is asked who they are here: give your name in each form.",
    How.TOKEN: "An API token says who you are.",
    How.SESSION: "You signed in with a password.",
    How.PROXY: "The proxy in front of this site says who you are; sign out there.",
    How.OIDC: "You signed in with your identity provider.",
}


def find_way_in(request: Request, status: int) -> Response | None:
    """Return where a person who is not known yet is led, None where a page says what is wrong."""
    house: House = request.app.state.house
    wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if status != 401 or not wants_page or has_bearer(request) or not house.app.config.access.has_sign_in:
        return None
    root = request.scope.get("root_path", "")
    path = str(request.scope["path"]).removeprefix(root)
    after = f"{path}?{request.url.query}" if request.url.query else path
    query = "" if after == "/" or len(after) > LONGEST else f"?{urlencode({'after': after})}"
    return RedirectResponse(f"{root}/sign-in{query}", status_code=303)


@router.get("/sign-in", response_class=HTMLResponse)
def ask_who(
    request: Request, house: Here, after: Annotated[str, Query(max_length=LONGEST)] = "/"
) -> HTMLResponse:
    """Show the page on which people sign in; `after` is where they wanted to go."""
    return show_sign_in(request, house, after)


@router.post("/sign-in", response_class=HTMLResponse)
def sign_in(request: Request, house: Here, fields: Fields) -> Response:
    """Let somebody in whose password fits, or say that it does not, whatever was wrong."""
    if not house.app.config.access.passwords:
        raise HTTPException(404)
    after, name = fields.get("after", "/"), fields.get("name", "").strip()
    found = _try_password(request, house, name, fields.get("password", ""))
    if found is None:
        return show_sign_in(request, house, after, name=name, refused=_WRONG, status=401)
    return admit_person(request, house, found, after)


def _try_password(request: Request, house: House, name: str, password: str) -> Caller | None:
    """Return who has this name and password, None where nobody does.

    An attempt counts as wrong until it was right, and an unknown name takes as long as a known one. Raises
    HTTPException where too many were wrong.
    """
    door: Door = request.app.state.door
    address, account, now = find_address(request, house.app.config.access), name.casefold()[:191], house.now()
    for delays, key in ((door.guessers, address), (door.accounts, account)):
        wait = delays.begin(key, now)
        if wait > _MANY:
            raise refuse_for_now(wait)
    known = house.read(lambda tx: find_user(tx, name))
    fits = door.compare(password, known[1] if known else None)
    if fits is None:
        raise refuse_for_now(timedelta(seconds=5))
    if known is None or not fits:
        record_refusal(request, house, How.SESSION, known[0].name if known else "", "wrong password")
        return None
    door.accounts.forgive(account)
    door.guessers.take_back(address, now)
    return Caller(name=known[0].name, scope=known[0].scope, how=How.SESSION)


def record_refusal(request: Request, house: House, how: How, subject: str, why: str) -> None:
    """Keep that somebody could not sign in; a name that nobody has may be a password, and is not kept."""
    nobody = Caller(name="", scope=Scope.READ, how=how)
    details = {"why": why if subject or how is not How.SESSION else "no such user"}
    act = build_act(request, nobody, "session.refuse", subject, details)
    house.app.database.write(lambda tx: write_act(tx, act))


def admit_person(request: Request, house: House, caller: Caller, after: str) -> Response:
    """Begin a session of somebody in this browser, in place of the one it had, and lead them on."""
    address = find_address(request, house.app.config.access)
    act = build_act(request, caller, "session.begin")
    before = find_session_secret(request)

    def begin(tx: sa.Connection) -> str:
        write_act(tx, act)
        return begin_session(tx, caller, act.at, address=address, replaces=before)

    secret = house.app.database.write(begin)
    root = request.scope.get("root_path", "")
    response = RedirectResponse(f"{root}{_make_local(after)}", status_code=303)
    _set_session(request, response, secret, int(LIFETIME.total_seconds()))
    return response


@router.get("/account", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_account(request: Request, house: Here) -> HTMLResponse:
    """Show who asks, what they may do, and how they sign out."""
    caller: Caller = request.state.caller
    is_session = caller.how in {How.SESSION, How.OIDC}
    values = {
        "may": _SCOPES[caller.scope],
        "way": _WAYS[caller.how],
        "sessions": house.read(lambda tx: count_sessions(tx, caller, house.now())) if is_session else 0,
        "token": find_token(request),
    }
    return render(request, "account.html", house.frame("Your account", "account"), values)


@router.post("/sign-out", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def sign_out(request: Request, house: Here, fields: Fields) -> Response:
    """End the session of this browser, or every one of whoever uses it."""
    caller: Caller = request.state.caller
    secret, everywhere = find_session_secret(request), fields.get("where") == "everywhere"
    act: Act = build_act(
        request, caller, "session.end", caller.name, {"where": "everywhere" if everywhere else "here"}
    )

    def end(tx: sa.Connection) -> None:
        write_act(tx, act)
        if everywhere:
            end_sessions(tx, caller.name, caller.how)
        end_session(tx, secret)

    house.app.database.write(end)
    response = RedirectResponse(f"{request.scope.get('root_path', '')}/sign-in", status_code=303)
    _set_session(request, response, "", 0)
    return response


def show_sign_in(
    request: Request, house: House, after: str, *, name: str = "", refused: str = "", status: int = 200
) -> HTMLResponse:
    """Return the page on which people sign in, with what was wrong before."""
    access = house.app.config.access
    if not access.has_sign_in:
        raise HTTPException(404)
    frame = Frame(title="Sign in", section="sign-in", now=house.now())
    values = {
        "after": _make_local(after),
        "name": name,
        "refused": refused,
        "passwords": access.passwords,
        "provider": urlsplit(access.oidc.issuer).hostname if access.oidc else "",
        "token": find_token(request),
    }
    return render(request, "sign_in.html", frame, values, status=status)


def _make_local(after: str) -> str:
    r"""Return an address of this site: `after`, or the first page where it would lead elsewhere.

    >>> [_make_local(text) for text in ("/incidents?page=2", "//evil.example", "/\\evil.example", "https://x")]
    ['/incidents?page=2', '/', '/', '/']
    """
    is_local = after.startswith("/") and not after.startswith(("//", "/\\")) and after.isprintable()
    return after if is_local else "/"


def _set_session(request: Request, response: Response, secret: str, age: int) -> None:
    secure = is_secure(request)
    path = "/" if secure else request.scope.get("root_path") or "/"
    response.set_cookie(
        name_cookie(request),
        secret,
        max_age=age,
        path=path,
        secure=secure,
        httponly=True,
        samesite="lax",
    )
