"""Who asks for a page, and whether they may: every address of the site says which scope it needs."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request, Security, params
from fastapi.security import SecurityScopes
from starlette.exceptions import HTTPException

from driftwatch.access.caller import Caller, How, Scope

__all__ = ["PUBLIC", "Asking", "Caller", "How", "Scope", "find_caller", "need"]

PUBLIC: Final = frozenset({"/static"})
"""The addresses that need no scope: everybody may have them."""

_NOBODY: Final = Caller(name="", scope=Scope.ADMIN, how=How.ANONYMOUS)


def find_caller(request: Request) -> Caller | None:  # noqa: ARG001 - what asks will say who it is.
    """Return who asks, None where that must be known and is not."""
    return _NOBODY


Asking = Annotated[Caller | None, Depends(find_caller)]
"""Who asks, None where that is not known."""


def need(scope: Scope) -> params.Security:
    """Return the dependency that lets callers with `scope` pass, and gives the Caller.

    It stands in `dependencies=[need(Scope.READ)]` of a route, or as `Annotated[Caller, need(Scope.OPERATE)]`
    where the route wants to know who it is. Others are answered 401 where nobody knows them, and 403.
    """
    found: params.Security = Security(_admit, scopes=[scope.value])
    return found


def _admit(asking: Asking, wanted: SecurityScopes) -> Caller:
    if asking is None:
        raise HTTPException(401, "Sign in, or send a token.", {"WWW-Authenticate": "Bearer"})
    for scope in wanted.scopes:
        if not asking.may(Scope(scope)):
            raise HTTPException(403, f"This needs the scope {scope}, and you have {asking.scope}.")
    return asking
