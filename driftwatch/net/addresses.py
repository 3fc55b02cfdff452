"""Which addresses are never connected to: those where a cloud hands out its credentials.

Operators may write loopback and private addresses into their config, for that is where their own receivers
stand. The metadata addresses are refused whatever name or notation leads to them.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

__all__ = [
    "METADATA_ADDRESSES",
    "Endpoint",
    "Resolve",
    "is_loopback",
    "is_metadata",
    "resolve_host",
    "resolve_within",
]

METADATA_ADDRESSES: Final[frozenset[IPv4Address | IPv6Address]] = frozenset(
    ip_address(text)
    for text in (
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
        "169.254.169.254",
        "fd00:ec2::254",
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint.html
        "169.254.170.2",
        # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
        "169.254.170.23",
        "fd00:ec2::23",
        # https://cloud.google.com/compute/docs/metadata/querying-metadata
        "fd20:ce::254",
        # https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
        "100.100.100.200",
        # https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16
        "168.63.129.16",
    )
)

# Networks that carry an IPv4 address in the last 32 bits: mapped and compatible ones (RFC 4291), those that
# a NAT64 translates (RFC 6052, RFC 8215).
_LAST_32_BITS: Final = tuple(
    IPv6Network(text) for text in ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48")
)
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")  # RFC 3056
_TEREDO: Final = IPv6Network("2001::/32")  # RFC 4380
_ISATAP_MARK: Final = 0x5EFE  # RFC 5214, with either value of the bit that tells a unique address
_ISATAP_MASK: Final = 0xFDFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address that a name stands for: what `socket.connect` is given, after it was checked."""

    family: socket.AddressFamily
    address: tuple[str, int] | tuple[str, int, int, int]

    @property
    def ip(self) -> str:
        """Return the address without its port, as text."""
        return self.address[0]


Resolve = Callable[[str, int], list[Endpoint]]


def is_address(host: str) -> bool:
    """Return whether a host is written as an address, and is no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether a name or an address is this machine's own, which no other machine can reach.

    >>> is_loopback("localhost"), is_loopback("127.9.9.9"), is_loopback("127.0.0.1.example.com")
    (True, True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_metadata(text: str) -> bool:
    """Return whether an address, as text, is a metadata address or carries one inside it.

    Raises ValueError when the text is no address.

    >>> is_metadata("169.254.169.254"), is_metadata("64:ff9b::a9fe:a9fe"), is_metadata("127.0.0.1")
    (True, True, False)
    """
    address = ip_address(text.partition("%")[0])
    return any(form in METADATA_ADDRESSES for form in _unwrap(address))


def _unwrap(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    yield address
    if isinstance(address, IPv4Address):
        return
    bits = int(address)
    if any(address in network for network in _LAST_32_BITS):
        yield IPv4Address(bits & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        yield IPv4Address(bits >> 80 & 0xFFFFFFFF)
    if address in _TEREDO:
        yield IPv4Address(bits >> 64 & 0xFFFFFFFF)
        yield IPv4Address(~bits & 0xFFFFFFFF)
    if bits >> 32 & _ISATAP_MASK == _ISATAP_MARK:
        yield IPv4Address(bits & 0xFFFFFFFF)


def resolve_host(host: str, port: int) -> list[Endpoint]:
    """Return every address that `host` stands for, as the system's resolver gives them.

    Raises OSError when there is none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [
        Endpoint(family=family, address=address)  # type: ignore[arg-type]  # TCP over IP has no other shape.
        for family, _, _, _, address in found
    ]


def resolve_within(resolve: Resolve, host: str, port: int, seconds: float) -> list[Endpoint]:
    """Return what `resolve` gives, or raise TimeoutError when it takes longer than `seconds`.

    The system's resolver cannot be interrupted: a thread asks it, and is left behind when it is late.
    """
    answers: queue.SimpleQueue[list[Endpoint] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except Exception as error:  # noqa: BLE001 - it is raised again below, in the caller's thread.
            answers.put(error)

    threading.Thread(target=ask, name="driftwatch-resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0))
    except queue.Empty:
        raise TimeoutError("the name could not be resolved in time") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
