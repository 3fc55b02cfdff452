"""Who asks: told by an API token, by a trusted proxy, or by the session of somebody who signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.exceptions import HTTPException

from driftwatch.access.caller import Caller, How, Scope
from driftwatch.access.granting import grant_scope
from driftwatch.config.access import Access
from driftwatch.store.sessions import find_session, see_session
from driftwatch.store.tokens import SEEN_EVERY, find_token, see_token
from driftwatch.web.door import is_from_proxy, is_near

if TYPE_CHECKING:
    from driftwatch.web.house import House

__all__ = ["find_session_secret", "has_bearer", "identify", "is_secure", "name_cookie"]

NOBODY: Final = Caller(name="", scope=Scope.ADMIN, how=How.ANONYMOUS)
"""Whoever asks where nobody is asked who they are."""

_SESSION: Final = "driftwatch_session"
_LONGEST_NAME: Final = 191
_NO_TOKEN: Final = "The token is not known, has expired or was revoked."  # noqa: S105 - what is said of one that is none.


def identify(request: Request) -> Caller | None:
    """Return who asks, None where that must be known and is not.

    Raises HTTPException where somebody shows a token that opens nothing, and where a proxy names somebody
    who may not look: less than they ask for is never more than they have.
    """
    house: House = request.app.state.house
    access = house.app.config.access
    found = _find_by_token(request, house) or _find_by_proxy(request, access)
    if found is None and access.is_asked:
        found = _find_by_session(request, house, access)
    if found is not None or access.is_asked:
        return found
    # A file that was read again may ask nobody any more, while the socket is still the one from before.
    return NOBODY if access.is_open or is_near(request) else None


def has_bearer(request: Request) -> bool:
    """Return whether a token is sent along, good or not."""
    return request.headers.get("authorization", "").lower().startswith("bearer ")


def is_secure(request: Request) -> bool:
    """Return whether people reach this site by https, with us or with what stands before us."""
    house: House = request.app.state.house
    public = urlsplit(house.app.config.public_url or "")
    return request.url.scheme == "https" or public.scheme == "https"


def name_cookie(request: Request, name: str = _SESSION) -> str:
    """Return the name of a cookie; by https it has a prefix, and no other site can set one of that name."""
    return f"__Host-{name}" if is_secure(request) else name


def find_session_secret(request: Request) -> str:
    """Return the secret of the session that the browser shows, an empty text where it shows none."""
    return request.cookies.get(name_cookie(request), "")


def _find_by_token(request: Request, house: House) -> Caller | None:
    if not has_bearer(request):
        return None
    text = request.headers["authorization"][len("bearer ") :].strip()
    row, now = house.read(lambda tx: find_token(tx, text)), house.now()
    if row is None or not row.is_good(now):
        raise HTTPException(401, _NO_TOKEN, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    number = row.id
    if row.last_used_at is None or row.last_used_at <= now - SEEN_EVERY:
        house.app.database.write(lambda tx: see_token(tx, number, now))
    return Caller(name=row.name, scope=row.scope, how=How.TOKEN)


def _find_by_proxy(request: Request, access: Access) -> Caller | None:
    proxy = access.proxy
    if proxy is None or not is_from_proxy(request, access, proxy):
        return None
    names = request.headers.getlist(proxy.user_header)
    name = _read_text(names[0]).strip() if len(names) == 1 else ""
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        return None
    lines = request.headers.getlist(proxy.groups_header)
    groups = [group.strip() for line in lines for group in _read_text(line).split(",")]
    scope = grant_scope(groups, proxy.groups, proxy.otherwise)
    if scope is None:
        raise HTTPException(403, "You are in none of the groups that may look at this.")
    return Caller(name=name, scope=scope, how=How.PROXY)


def _read_text(header: str) -> str:
    """Return the text of a header that was written in UTF-8, as it stands where it was not."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _find_by_session(request: Request, house: House, access: Access) -> Caller | None:
    secret, now = find_session_secret(request), house.now()
    row = house.read(lambda tx: find_session(tx, secret, now)) if secret else None
    if row is None or not _is_offered(row.caller.how, access):
        return None
    if row.seen_at <= now - SEEN_EVERY:
        house.app.database.write(lambda tx: see_session(tx, secret, now))
    return row.caller


def _is_offered(how: How, access: Access) -> bool:
    """Return whether people may still sign in as somebody did."""
    return access.passwords if how is How.SESSION else access.oidc is not None
