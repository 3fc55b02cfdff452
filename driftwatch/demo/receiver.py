"""A receiver on loopback that checks every signature and prints what it is told."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from driftwatch.net.signing import SignatureError, parse_secret, verify

__all__ = ["Receiver"]

_MOST_BYTES = 100_000


class Receiver:
    """Listens on a free port of 127.0.0.1 and answers 204 to what is signed with `secret`, 401 to the rest.

    `counted` says how many messages of each type came, `refused` how many had no good signature.
    """

    def __init__(self, secret: str, say: Callable[[str], None]) -> None:
        self._key = parse_secret(secret)
        self._say = say
        self.counted: Counter[str] = Counter()
        self.refused = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _build_handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return the address it listens on."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def accept(self, headers: dict[str, str], body: bytes) -> int:
        """Check and print one message and return the status to answer with."""
        try:
            verify(self._key, headers, body, datetime.now(UTC))
        except SignatureError as error:
            self.refused += 1
            self._say(f"  receiver: refused, {error}")
            return 401
        message = json.loads(body)
        self.counted[message["type"]] += 1
        day = message["timestamp"][:10]
        self._say(f"  {day}  signed {message['type']}: {_describe(message)}")
        return 204

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _describe(message: dict[str, Any]) -> str:
    data = message["data"]
    if message["type"] == "retrain.requested":
        return f"{data['model']['name']} {data['model']['version']}, {data['reason']}"
    return str(data.get("incident", {}).get("title") or data["text"])


def _build_handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), _MOST_BYTES)
            status = receiver.accept(dict(self.headers.items()), self.rfile.read(length))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            pass

    return Handler
