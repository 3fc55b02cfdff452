"""How many connections one address may hold open, and how long a request may take to arrive.

Whoever opens connections and sends nothing, or one letter a minute, takes the places of those who ask.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Limits", "build_protocol"]

_MOST: Final = 50
_PATIENCE: Final = timedelta(seconds=20)


class Limits:
    """Counts the connections of each address, but of those that are `free`: they pass on what many ask.

    An address may hold `most` connections; a browser holds six. `patience` is how long a request may take.
    """

    def __init__(
        self, is_free: Callable[[str], bool], *, most: int = _MOST, patience: timedelta = _PATIENCE
    ) -> None:
        self.patience = patience
        self._is_free = is_free
        self._most = most
        self._held: Counter[str] = Counter()

    def open(self, address: str) -> bool:
        """Count a connection, and return whether the address may have it."""
        self._held[address] += 1
        return self._held[address] <= self._most or self._is_free(address)

    def close(self, address: str) -> None:
        """Count a connection as closed."""
        self._held[address] -= 1
        if self._held[address] <= 0:
            del self._held[address]


class _Connection(H11Protocol):
    """One connection, which is cut where its address holds too many or its request does not come."""

    limits: ClassVar[Limits]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to listen, or hang up."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._timer: asyncio.TimerHandle | None = None
        if self.limits.open(self._address):
            self._wait()
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what was sent, and wait only for so long for the rest of it."""
        super().data_received(data)
        state, (rest, _) = self.conn.their_state, self.conn.trailing_data
        if state is h11.SEND_BODY or (state is h11.IDLE and rest):
            self._wait()
        else:
            self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is over."""
        self._rest()
        self.limits.close(self._address)
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.limits.patience.total_seconds(), self.transport.abort)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def build_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """Return how the server speaks over a connection: as uvicorn does, within `limits`."""
    return type("Connection", (_Connection,), {"limits": limits})
