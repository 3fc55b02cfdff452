"""Where a request goes, and a checked, perhaps encrypted connection to it."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from driftwatch.net.addresses import Endpoint, Resolve, is_metadata, resolve_within
from driftwatch.net.deadlines import Deadline
from driftwatch.net.http_errors import HttpError, HttpErrorKind

__all__ = ["Target", "connect", "read_target", "trust_authorities"]

_PORTS: Final = {"http": 80, "https": 443}
_USER_AGENT: Final = "driftwatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One request, taken apart: where to connect, and what to say there."""

    method: str
    scheme: str
    host: str
    port: int
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def origin(self) -> str:
        """Return the part of the address that may be shown."""
        return f"{self.scheme}://{_bracket(self.host)}:{self.port}"


def read_target(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Target:
    """Return where `url` leads and the headers to send there, `Host` and authentication included.

    Raises HttpError of kind `protocol`, without the address, when no request can be built from it.
    """
    target = _try_target(method, url, headers, body)
    if target is None:
        raise HttpError(
            HttpErrorKind.PROTOCOL,
            "the address",
            "no request can be built from it; wanted are http:// or https:// with a host, and plain headers",
        )
    return target


def _try_target(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Target | None:
    # Here and not above: it takes 0.1 s, which commands that send nothing need not wait for.
    from requests import Request, RequestException

    try:
        prepared = Request(method, url, headers=dict(headers), data=body or None).prepare()
        parts = urlsplit(prepared.url or "")
        host, port = parts.hostname, parts.port
    except (RequestException, ValueError):
        # Their messages quote the address, so nothing of them goes further, not even as a cause.
        return None
    if parts.scheme not in _PORTS or not host:
        return None
    host_header = _bracket(host) if port in (None, _PORTS[parts.scheme]) else f"{_bracket(host)}:{port}"
    sent = {"Host": host_header, "User-Agent": _USER_AGENT, **prepared.headers}
    return Target(
        method=prepared.method or method,
        scheme=parts.scheme,
        host=host,
        port=port or _PORTS[parts.scheme],
        path=prepared.path_url,
        headers=sent,
    )


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@contextlib.contextmanager
def connect(
    target: Target, deadline: Deadline, resolve: Resolve, tls: ssl.SSLContext | None
) -> Iterator[socket.socket]:
    """Connect to the target and close the connection at the end, or at the deadline.

    1. Resolve the name, once.
    2. Refuse if any of its addresses is a metadata address.
    3. Connect to the first address that answers; the name itself goes into `Host` and TLS only.
    4. For https, agree on TLS with the name's certificate; `tls` replaces the usual authorities.
    """
    endpoints = resolve_within(resolve, target.host, target.port, deadline.seconds_left)
    if any(is_metadata(endpoint.ip) for endpoint in endpoints):
        raise HttpError(
            HttpErrorKind.REFUSED_ADDRESS,
            target.origin,
            "the name leads to an address where a cloud hands out credentials; nothing was sent",
        )
    opened = _open_first(endpoints, deadline)
    with contextlib.closing(opened), deadline.cut_off(opened):
        if target.scheme == "http":
            yield opened
            return
        context = tls or trust_authorities()
        with context.wrap_socket(opened, server_hostname=target.host.rstrip(".")) as encrypted:
            yield encrypted


def _open_first(endpoints: list[Endpoint], deadline: Deadline) -> socket.socket:
    error: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for tried, endpoint in enumerate(endpoints):
        opened = socket.socket(endpoint.family, socket.SOCK_STREAM)
        try:
            # An address that swallows packets leaves the others their share of the time.
            opened.settimeout(max(deadline.seconds_left / (len(endpoints) - tried), 0.001))
            opened.connect(endpoint.address)
        except OSError as failed:
            opened.close()
            error = failed
        else:
            opened.settimeout(max(deadline.seconds_left, 0.001))
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
    raise error


@functools.cache
def trust_authorities() -> ssl.SSLContext:
    """Return the TLS settings of every connection: certificates are verified, 1.2 is the oldest version.

    Trusted are the authorities of the system, which `SSL_CERT_FILE` can replace as in every program that uses
    OpenSSL; on a system that has none, those that requests brings.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not context.cert_store_stats()["x509_ca"]:
        from requests.utils import DEFAULT_CA_BUNDLE_PATH

        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
