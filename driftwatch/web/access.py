"""Who asks for a page, and whether they may: every address of the site says which scope it needs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Request, Security, params
from fastapi.security import SecurityScopes
from starlette.exceptions import HTTPException

from driftwatch.access.caller import Caller, How, Scope
from driftwatch.store.audit import begin_recording
from driftwatch.web.acts import watch_request
from driftwatch.web.door import Door, refuse_for_now
from driftwatch.web.identify import identify

if TYPE_CHECKING:
    from driftwatch.web.house import House

__all__ = ["PUBLIC", "Asking", "Caller", "How", "Scope", "find_caller", "need"]

PUBLIC: Final = frozenset({"/static", "/sign-in", "/sign-in/provider", "/sign-in/provider/back"})
"""The addresses that need no scope: everybody may have them."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def find_caller(request: Request) -> Caller | None:
    """Return who asks, None where that must be known and is not.

    Raises HTTPException where somebody shows what opens nothing, or asks too often.
    """
    caller = identify(request)
    request.state.caller = caller
    house: House = request.app.state.house
    config, door = house.app.config, request.app.state.door
    if caller is not None and caller.is_known:
        wait = _count(door, caller, house, config.requests_per_second)
        if wait > timedelta(0):
            raise refuse_for_now(wait)
    return caller


def _count(door: Door, caller: Caller, house: House, rate: float) -> timedelta:
    return door.callers.take(f"{caller.how} {caller.name}", house.now(), rate=rate)


Asking = Annotated[Caller | None, Depends(find_caller)]
"""Who asks, None where that is not known."""


def need(scope: Scope) -> params.Security:
    """Return the dependency that lets callers with `scope` pass, and gives the Caller.

    It stands in `dependencies=[need(Scope.READ)]` of a route, or as `Annotated[Caller, need(Scope.OPERATE)]`
    where the route wants to know who it is. Others are answered 401 where nobody knows them, and 403. What a
    request changes is kept with who asked for it, in the transaction that changes it.
    """
    found: params.Security = Security(_admit, scopes=[scope.value])
    return found


async def _admit(request: Request, asking: Asking, wanted: SecurityScopes) -> Caller:
    if asking is None:
        raise HTTPException(401, "Sign in, or send a token.", {"WWW-Authenticate": "Bearer"})
    for scope in wanted.scopes:
        if not asking.may(Scope(scope)):
            raise HTTPException(403, f"This needs the scope {scope}, and you have {asking.scope}.")
    is_safe = request.method in _SAFE
    begin_recording(None if is_safe else await watch_request(request, asking))
    return asking
