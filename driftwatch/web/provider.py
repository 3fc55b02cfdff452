"""Signing in with an identity provider: there, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from driftwatch.access.caller import Caller, How
from driftwatch.access.granting import grant_scope
from driftwatch.config.access import Oidc
from driftwatch.net.identity import (
    Client,
    IdentityError,
    Journey,
    begin_journey,
    end_journey,
    find_start,
)
from driftwatch.web.door import Door, find_address, refuse_for_now
from driftwatch.web.house import Here, House
from driftwatch.web.identify import is_secure, name_cookie
from driftwatch.web.sign_in import LONGEST, admit_person, record_refusal, show_sign_in

__all__ = ["BACK", "router"]

router = APIRouter()

BACK: Final = "/sign-in/provider/back"
"""Where the provider sends people, below the public address."""

_COOKIE: Final = "driftwatch_journey"
_MINUTES: Final = 10
_LONGEST_NAME: Final = 191


@router.get("/sign-in/provider", response_class=HTMLResponse)
def leave(request: Request, house: Here, after: Annotated[str, Query(max_length=LONGEST)] = "/") -> Response:
    """Send somebody to the provider; the browser keeps what it needs to come back.

    This is a link and no form: a form may lead to this site alone.
    """
    client, journey = _build_client(house, _need_oidc(house)), begin_journey()
    try:
        response = RedirectResponse(find_start(client, journey), status_code=303)
    except IdentityError as error:
        return show_sign_in(request, house, after, refused=_say(error), status=502)
    parts = [journey.state, journey.nonce, journey.verifier, quote(after, safe="")]
    _set_journey(request, response, ".".join(parts), _MINUTES * 60)
    return response


@router.get(BACK, response_class=HTMLResponse)
def come_back(request: Request, house: Here) -> Response:
    """Let somebody in whom the provider names, or say why not."""
    oidc, door, now = _need_oidc(house), _find_door(request), house.now()
    wait = door.guessers.begin(find_address(request, house.app.config.access), now)
    if wait.total_seconds() > 0:
        raise refuse_for_now(wait)
    journey, after = _read_journey(request)
    try:
        claims = end_journey(_build_client(house, oidc), journey, dict(request.query_params), now)
        caller = _read_caller(oidc, claims)
    except IdentityError as error:
        record_refusal(request, house, How.OIDC, "", str(error))
        response: Response = show_sign_in(request, house, after, refused=_say(error), status=401)
    else:
        door.guessers.take_back(find_address(request, house.app.config.access), now)
        response = admit_person(request, house, caller, after)
    _set_journey(request, response, "", 0)
    return response


def _read_caller(oidc: Oidc, claims: Mapping[str, Any]) -> Caller:
    """Return whom the provider names. Raises IdentityError where they are in none of the groups."""
    groups = claims.get(oidc.groups_claim, [])
    names = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    scope = grant_scope([str(name) for name in names], oidc.groups, oidc.otherwise)
    if scope is None:
        raise IdentityError("you are in none of the groups that may look at this")
    return Caller(name=_read_name(oidc, claims), scope=scope, how=How.OIDC)


def _read_name(oidc: Oidc, claims: Mapping[str, Any]) -> str:
    """Return the name of somebody: an address counts only where the provider does not doubt it."""
    name = claims.get(oidc.name_claim)
    is_doubtful = oidc.name_claim == "email" and claims.get("email_verified") is False
    is_usable = isinstance(name, str) and 0 < len(name.strip()) <= _LONGEST_NAME and name.isprintable()
    return str(name).strip() if is_usable and not is_doubtful else str(claims["sub"])[:_LONGEST_NAME]


def _need_oidc(house: House) -> Oidc:
    oidc = house.app.config.access.oidc
    if oidc is None or not house.app.config.access.is_asked:
        raise HTTPException(404)
    return oidc


def _build_client(house: House, oidc: Oidc) -> Client:
    return Client(
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        client_secret=oidc.client_secret,
        scopes=oidc.scopes,
        redirect_uri=f"{house.app.config.public_url}{BACK}",
    )


def _find_door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


def _read_journey(request: Request) -> tuple[Journey, str]:
    """Return the journey that this browser is on, and where it is to go then; a new one without any."""
    parts = request.cookies.get(name_cookie(request, _COOKIE), "").split(".", 3)
    if len(parts) != 4:
        return begin_journey(), "/"
    state, nonce, verifier, after = parts
    return Journey(state=state, nonce=nonce, verifier=verifier), unquote(after)


def _set_journey(request: Request, response: Response, value: str, age: int) -> None:
    response.set_cookie(
        name_cookie(request, _COOKIE),
        value,
        max_age=age,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def _say(error: IdentityError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
