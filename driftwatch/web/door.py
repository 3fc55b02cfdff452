"""Who stands at the door: how often somebody may knock, and where a request comes from."""

from __future__ import annotations

import hmac
import math
import threading
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from driftwatch.access.limits import Buckets, Delays
from driftwatch.access.passwords import fits_password
from driftwatch.config.access import Access, Proxy

__all__ = ["Door", "find_address", "is_from_proxy", "is_near", "is_trusted", "refuse_for_now"]

_AT_ONCE: Final = 2
_LONGEST_TURN: Final = timedelta(seconds=1)
_FORWARDED: Final = "x-forwarded-for"


class Door:
    """What a site remembers of those who ask: how often they did, and who guessed wrong."""

    def __init__(self) -> None:
        self.addresses = Buckets()
        self.callers = Buckets()
        # A stranger can keep somebody out for as long as the longest delay, so that one is short.
        self.accounts = Delays(free=5, longest=timedelta(minutes=1))
        self.guessers = Delays(free=20, longest=timedelta(minutes=15))
        # Each password that is compared takes 32 MiB and a processor.
        self._comparing = threading.BoundedSemaphore(_AT_ONCE)

    def compare(self, password: str, kept: str | None) -> bool | None:
        """Return whether a password fits what is kept; None where too many others are compared just now.

        Nobody waits for long: whoever waits here keeps a page from being built.
        """
        if not self._comparing.acquire(timeout=_LONGEST_TURN.total_seconds()):
            return None
        try:
            return fits_password(password, kept)
        finally:
            self._comparing.release()


def refuse_for_now(wait: timedelta) -> HTTPException:
    """Return the refusal of somebody who asks too often, with how long to wait."""
    seconds = math.ceil(wait.total_seconds())
    return HTTPException(
        429,
        f"That was too often: try again in {seconds} second{'' if seconds == 1 else 's'}.",
        {"Retry-After": str(seconds)},
    )


def find_address(request: HTTPConnection, access: Access) -> str:
    """Return where a request comes from: who connected, or whom a trusted proxy names.

    Each proxy writes down who connected to it at the right end of the header. What stands left of the first
    address that is no trusted proxy may be anything that somebody made up.
    """
    peer = request.client.host if request.client else ""
    found = peer
    for text in reversed(_list_forwarded(request.headers)):
        if not is_trusted(found, access):
            break
        found = text
    address = _read_address(found)
    return peer if address is None else str(address)


def is_from_proxy(request: HTTPConnection, access: Access, proxy: Proxy) -> bool:
    """Return whether a trusted proxy sends this: it connects from its address and knows the secret."""
    if request.client is None or not is_trusted(request.client.host, access):
        return False
    given = request.headers.getlist(proxy.secret_header)
    wanted = proxy.secret.reveal().encode()
    return len(given) == 1 and hmac.compare_digest(given[0].encode("latin-1"), wanted)


def _list_forwarded(headers: Headers) -> list[str]:
    return [text.strip() for line in headers.getlist(_FORWARDED) for text in line.split(",")]


def is_near(request: HTTPConnection) -> bool:
    """Return whether who connects is on this machine; what has no address, as a test has none, is."""
    address = _read_address(request.client.host) if request.client else None
    return address is None or address.is_loopback


def is_trusted(text: str, access: Access) -> bool:
    """Return whether an address is that of a proxy whose word is taken for where a request comes from."""
    address = _read_address(text)
    return address is not None and any(address in network for network in access.trusted)


def _read_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    # An IPv6 socket shows those who came by IPv4 in this form.
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
