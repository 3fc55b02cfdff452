"""What holds for every request and answer: whose name is asked for, how much is sent, what a page may do.

The policy allows nothing but what this site serves itself: a name or a value that somebody wrote into the
data can then do no harm even where it was not escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from driftwatch.web.api.problems import build_problem, is_for_programs

__all__ = ["HEADERS", "MOST_BYTES", "Guard", "is_same_origin", "mark_answer", "say_refusal"]

MOST_BYTES: Final = 1 << 20
"""How large what is sent to us may be."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
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
    """Refuses what is not meant for us, comes from another site's page or is too large; marks every answer.

    `is_ours` says whether a name is one of ours. Where nobody is asked who they are, anybody's page could
    have a browser on this machine ask us under a name of theirs (DNS rebinding): that name is in the request.
    """

    def __init__(self, app: ASGIApp, *, is_ours: Callable[[str], bool]) -> None:
        self._app = app
        self._is_ours = is_ours

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
        if not self._is_ours(_split_host(headers.get("host", ""))):
            said = "This address is asked for under a name that is not its own; set web.public_url."
            return say_refusal(scope, 421, said)
        # No browser sends a token of ours by itself: who sends one means what is asked for.
        has_token = headers.get("authorization", "").lower().startswith("bearer ")
        if scope["method"] not in _SAFE and not has_token and not is_same_origin(headers):
            said = "This was sent from a page of another site, and nothing was changed."
            return say_refusal(scope, 403, said)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > MOST_BYTES:
            return say_refusal(scope, 413, "More is sent than is taken: 1 MiB at most.")
        return None


def say_refusal(scope: Scope, status: int, said: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a refusal that is made before there is a page: a problem for programs, else one line."""
    if is_for_programs(scope):
        return build_problem(status, said, headers)
    return PlainTextResponse(f"{said}\n", status, headers)


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
