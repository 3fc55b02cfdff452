"""How often one address may ask, before anything else is done for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from driftwatch.app import App
from driftwatch.store.audit import begin_recording
from driftwatch.web.door import Door, find_address, refuse_for_now
from driftwatch.web.guard import say_refusal

__all__ = ["Throttle"]


class Throttle:
    """Refuses an address that asks too often; on a site for this machine alone nobody is counted."""

    def __init__(self, app: ASGIApp, *, find_app: Callable[[], App], door: Door) -> None:
        self._app = app
        self._find_app = find_app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        # Tasks of one connection may share what one of them announced, and never should.
        begin_recording(None)
        wait = self._count(scope) if scope["type"] == "http" else timedelta(0)
        if wait > timedelta(0):
            refusal = refuse_for_now(wait)
            answer = say_refusal(scope, 429, refusal.detail, refusal.headers)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _count(self, scope: Scope) -> timedelta:
        app = self._find_app()
        access = app.config.access
        if not access.is_asked and not access.is_open:
            return timedelta(0)
        address = find_address(HTTPConnection(scope), access)
        return self._door.addresses.take(address, app.parts.clock.now(), rate=app.config.requests_per_second)
