"""What holds for every request and answer: whose name is asked for, how much is sent, what a page may do.

The policy allows nothing but what this site serves itself: a name or a value that somebody wrote into the
data can then do no harm even where it was not escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from driftwatch.web.api.problems import build_problem, is_for_programs

__all__ = ["HEADERS", "MOST_BYTES", "Guard", "is_same_origin", "mark_answer"]

MOST_BYTES: Final = 1 << 20
"""How large what is sent to us may be."""

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Refuses what is asked for under a name that is not ours or is too large, and marks every answer.

    A name of ours is one of loopback, or one that `find_names` returns. Anybody's page could have a browser
    on this machine ask us under a name of theirs (DNS rebinding): that name is in the request.
    """

    def __init__(self, app: ASGIApp, *, find_names: Callable[[], Collection[str]]) -> None:
        self._app = app
        self._find_names = find_names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                mark_answer(MutableHeaders(scope=message))
            await send(message)

        refusal = self._refuse(scope)
        if refusal is not None:
            await refusal(scope, receive, mark)
            return
        await self._app(scope, _Bounded(receive), mark)

    def _refuse(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            said = "This address is asked for under a name that is not its own; set web.public_url."
            return _say(scope, 421, said)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > MOST_BYTES:
            return _say(scope, 413, "More is sent than is taken: 1 MiB at most.")
        return None

    def _is_ours(self, host: str) -> bool:
        name = _split_host(host)
        if name == "localhost" or name in self._find_names():
            return True
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return False


def _say(scope: Scope, status: int, said: str) -> Response:
    if is_for_programs(scope):
        return build_problem(status, said)
    return PlainTextResponse(f"{said}\n", status_code=status)


def mark_answer(headers: MutableHeaders) -> None:
    """Say in the headers of an answer what its page may do, where they do not say it yet."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")


class _Bounded:
    """Passes on what is sent, and ends it where it is more than it may be."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._taken = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > MOST_BYTES:
            return {"type": "http.disconnect"}
        return message


def _split_host(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def is_same_origin(headers: Headers) -> bool:
    """Return whether a browser says that a page of this site asks, or nobody's page does.

    Who is no browser sends neither header, and is known by something else.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    except ValueError:
        return False
