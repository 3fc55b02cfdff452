"""An identity provider on this machine: a real server with real keys that signs what it is told to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "Provider", "run_provider"]

CLIENT_ID = "driftwatch"
CLIENT_SECRET = "canary-client-secret"

_RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
_EC = ECKey.generate_key("P-256", {"kid": "ec"})
_STRANGER = RSAKey.generate_key(2048, {"kid": "rsa"})


class Provider:
    """What the provider was asked, and how it answers; tests change what it says.

    `claims` are put over those of a token that is right; one that is None is left out. `key` signs it.
    """

    def __init__(self, issuer: str, now: datetime) -> None:
        self.issuer = issuer
        self.now = now
        self.claims: dict[str, Any] = {}
        self.alg = "RS256"
        self.key: Any = _RSA
        self.metadata: dict[str, Any] = {}
        self.token_answer: tuple[int, bytes] | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []

    def use_other_key(self) -> None:
        """Sign with a key that was never published, under the name of one that was."""
        self.key = _STRANGER

    def use_secret_of_client(self) -> None:
        """Sign with what both sides know, as HS256 does."""
        self.alg, self.key = "HS256", CLIENT_SECRET.encode()

    def use_public_key_as_secret(self) -> None:
        """Sign with the published key as if it were a secret."""
        self.alg, self.key = "HS256", _RSA.as_pem(private=False)

    def use_elliptic_key(self) -> None:
        """Sign with the other published key."""
        self.alg, self.key = "ES256", _EC

    def authorize(self, address: str) -> str:
        """Let the person in at the address where they were sent; return the address that leads back."""
        query = dict(parse_qsl(urlsplit(address).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return f"{query['redirect_uri']}?code={code}&state={query['state']}"

    def answer(self, path: str) -> Any:
        """Return the document at a path."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.metadata,
            }
        return {"keys": [key.as_dict(private=False) for key in (_RSA, _EC)]} if path == "/keys" else None

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        """Return the token for a code, where client, redirect address and verifier are right."""
        self.asked.append(form)
        if self.token_answer is not None:
            return self.token_answer
        begun = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = _encode(digest)
        is_right = (
            begun is not None
            and authorization == f"Basic {basic}"
            and begun["code_challenge"] == challenge
            and begun["code_challenge_method"] == "S256"
            and begun["redirect_uri"] == form.get("redirect_uri")
        )
        if begun is None or not is_right:
            return 400, b'{"error": "invalid_grant", "error_description": "canary-client-secret"}'
        token = {"access_token": "canary-access", "token_type": "Bearer", "id_token": self._sign(begun)}
        return 200, json.dumps(token).encode()

    def _sign(self, begun: dict[str, str]) -> str:
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "248289761001",
            "email": "ana@example.com",
            "email_verified": True,
            "nonce": begun["nonce"],
            "iat": int(self.now.timestamp()),
            "exp": int((self.now + timedelta(minutes=5)).timestamp()),
            **self.claims,
        }
        header = {"alg": self.alg, "kid": getattr(self.key, "kid", None) or "rsa"}
        kept = {name: value for name, value in claims.items() if value is not None}
        if self.alg in {"HS256", "none"}:
            # No library would sign so.
            signed = ".".join(_encode(json.dumps(part).encode()) for part in (header, kept))
            secret = self.key if isinstance(self.key, bytes) else b""
            made = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
            return f"{signed}.{_encode(made) if secret else ''}"
        return jwt.encode(header, kept, self.key, algorithms=[self.alg])


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@contextmanager
def run_provider(now: datetime) -> Iterator[Provider]:
    """Yield a provider that answers until the end, and whose time is `now`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = provider.answer(urlsplit(self.path).path)
            self._send(404 if found is None else 200, json.dumps(found).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(*provider.exchange(form, self.headers.get("authorization", "")))

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_address[1]}", now)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
