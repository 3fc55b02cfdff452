from __future__ import annotations

from ipaddress import ip_network

import pytest
from starlette.requests import HTTPConnection

from driftwatch.config.access import Access
from driftwatch.web.door import find_address

BEHIND = Access(is_asked=True, trusted=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))


def find(peer: str | None, *lines: str, access: Access = BEHIND) -> str:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]
    client = None if peer is None else (peer, 1)
    return find_address(HTTPConnection({"type": "http", "headers": headers, "client": client}), access)


@pytest.mark.parametrize(
    ("peer", "lines", "found"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["6.6.6.6"], "192.0.2.1"),
        ("10.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["6.6.6.6, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1", ["6.6.6.6", "192.0.2.1", "10.0.0.2"], "192.0.2.1"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["::ffff:192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ("10.0.0.1", ["6.6.6.6, nonsense"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("testclient", ["6.6.6.6"], "testclient"),
        (None, ["6.6.6.6"], ""),
    ],
)
def test_where_somebody_comes_from_is_what_the_first_trusted_proxy_wrote(
    peer: str | None, lines: list[str], found: str
) -> None:
    assert find(peer, *lines) == found


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert find("10.0.0.1", "6.6.6.6", access=Access()) == "10.0.0.1"
