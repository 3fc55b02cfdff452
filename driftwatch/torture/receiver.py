"""A receiver on loopback that writes down every call and, while told to, misbehaves for a part of them."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import numpy as np

__all__ = ["Call", "Manner", "Receiver"]

_LATE_SECONDS = 1.6
"""Longer than the daemons wait for an answer."""

_MOST_BYTES = 100_000


class Manner(StrEnum):
    """How a call is met."""

    GOOD = "good"  # It is taken in and answered with 204.
    ERROR = "error"  # Answered with 500; not taken in.
    UNREAD = "unread"  # The connection is reset before anything is read.
    LOST = "lost"  # It is taken in, and the connection is closed without an answer.
    LATE = "late"  # It is taken in, and answered after nobody waits any more.
    BUSY = "busy"  # Answered with 429 and Retry-After; not taken in.
    MOVED = "moved"  # Answered with 307 and another address, where nothing may arrive.


_USUAL = (Manner.ERROR, Manner.UNREAD, Manner.LOST, Manner.LATE, Manner.BUSY)
_TAKEN = frozenset({Manner.GOOD, Manner.LOST, Manner.LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as it came, in the order of `at`; `taken` says whether the receiver acted on it."""

    at: float
    path: str
    id: str
    body: Mapping[str, Any]
    manner: Manner

    @property
    def taken(self) -> bool:
        """Whether the receiver acted on it."""
        return self.manner in _TAKEN


class Receiver:
    """Listens on a free port of 127.0.0.1. `share` of the calls are met badly until `behave` is called."""

    def __init__(self, seed: int, *, share: float = 0.25, manners: Sequence[Manner] = ()) -> None:
        self.calls: list[Call] = []
        self.unread = 0
        self._rng = np.random.default_rng([seed, 2])
        self._share = share
        self._manners = list(manners) or list(_USUAL)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _build_handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return the address it listens on."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def behave(self) -> None:
        """Answer every call properly from now on."""
        self._share = 0.0

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def choose(self) -> Manner:
        """Return how the next call is met."""
        with self._lock:
            if self._rng.random() >= self._share:
                return Manner.GOOD
            return self._manners[int(self._rng.integers(0, len(self._manners)))]

    def note(self, path: str, name: str, body: bytes, manner: Manner) -> None:
        """Write a call down."""
        document = json.loads(body) if body else {}
        with self._lock:
            call = Call(at=time.monotonic(), path=path, id=name, body=document, manner=manner)
            self.calls.append(call)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who is killed hangs up on us."""


def _build_handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_POST(self) -> None:
            manner = receiver.choose()
            if manner is Manner.UNREAD:
                receiver.unread += 1
                _reset(self.connection)
                self.close_connection = True
                return
            length = min(int(self.headers.get("Content-Length") or 0), _MOST_BYTES)
            body = self.rfile.read(length)
            if len(body) < length:
                return  # Whoever called was killed in the middle of it.
            name = self.headers.get("webhook-id") or self.headers.get("Idempotency-Key") or ""
            receiver.note(self.path, name, body, manner)
            _answer(self, manner)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so.
            """Keep the terminal free: every call is written down."""

    return Handler


def _answer(handler: BaseHTTPRequestHandler, manner: Manner) -> None:
    handler.close_connection = True
    if manner is Manner.LOST:
        return
    if manner is Manner.LATE:
        time.sleep(_LATE_SECONDS)
    status = {Manner.ERROR: 500, Manner.BUSY: 429, Manner.MOVED: 307}.get(manner, 204)
    with contextlib.suppress(OSError):
        handler.send_response(status)
        if manner is Manner.BUSY:
            handler.send_header("Retry-After", "20")
        if manner is Manner.MOVED:
            handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()


def _reset(connection: object) -> None:
    opened = cast("socket.socket", connection)
    with contextlib.suppress(OSError):
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        opened.close()
