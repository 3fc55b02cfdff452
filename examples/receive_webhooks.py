"""Receive driftwatch's webhooks and verify their signatures, with nothing but the standard library.

Run it with `WEBHOOK_SECRET=whsec_… python examples/receive_webhooks.py 8000`, then
`driftwatch delivery test hook` sends it a message. Any Standard Webhooks library verifies the same.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

TOLERANCE_SECONDS = 300


def is_genuine(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Return whether `body` was signed with `secret` within the last five minutes."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(wanted, one) for one in headers.get("webhook-signature", "").split())


class Handler(BaseHTTPRequestHandler):
    """Answers 204 to genuine messages and 401 to others. Messages may come twice: drop ids seen before."""

    secret = ""
    seen: set[str] = set()  # noqa: RUF012 - a real receiver keeps them in its database

    def do_POST(self) -> None:
        """Take one message."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not is_genuine(self.secret, headers, body):
            self.send_response(401)
            self.end_headers()
            return
        if headers["webhook-id"] not in self.seen:
            self.seen.add(headers["webhook-id"])
            message = json.loads(body)
            print(message["type"], message["data"]["text"], flush=True)
        self.send_response(204)
        self.end_headers()


def main() -> None:
    """Listen on loopback until Ctrl-C."""
    Handler.secret = os.environ["WEBHOOK_SECRET"]
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()
