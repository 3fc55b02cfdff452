from __future__ import annotations

import socket
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.net.addresses import METADATA_ADDRESSES, Endpoint, is_metadata
from driftwatch.net.http import HttpError, HttpErrorKind, HttpRequest, send
from tests.support.receiver import answer, serve


def build_request(url: str) -> HttpRequest:
    return HttpRequest(method="POST", url=url, body=b"{}", deadline=timedelta(seconds=5))


def build_endpoint(ip: str, port: int) -> Endpoint:
    if ":" in ip:
        return Endpoint(family=socket.AF_INET6, address=(ip, port, 0, 0))
    return Endpoint(family=socket.AF_INET, address=(ip, port))


@pytest.mark.parametrize(
    "ip",
    [
        "169.254.169.254", "100.100.100.200", "168.63.129.16", "169.254.170.2", "169.254.170.23",
        "fd00:ec2::254", "fd00:ec2:0:0:0:0:0:254", "fd00:ec2::23", "fd20:ce::254", "fd00:ec2::254%eth0",
        "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::169.254.169.254", "::ffff:100.100.100.200",
        "64:ff9b::169.254.169.254", "64:ff9b::a83f:8110", "64:ff9b:1::169.254.169.254",
        "2002:a9fe:a9fe::", "2002:a9fe:a9fe::1", "2002:6464:64c8:1:2:3:4:5", "2002:a83f:8110::",
        "2001:0:a9fe:a9fe::", "2001:0:1:2:3:4:5601:5601", "fe80::5efe:169.254.169.254",
        "2001:db8::200:5efe:169.254.169.254",
    ],
)  # fmt: skip
def test_every_form_of_a_metadata_address_is_known(ip: str) -> None:
    assert is_metadata(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "169.254.169.253",
        "169.254.1.1", "8.8.8.8", "168.63.129.17", "fd00:ec2::253", "fd00::1", "fe80::1", "2001:4860::8888",
        "::ffff:127.0.0.1", "64:ff9b::808:808", "2002:808:808::1",
    ],
)  # fmt: skip
def test_loopback_private_and_public_addresses_are_allowed(ip: str) -> None:
    assert not is_metadata(ip)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "::", "64:ff9b::", "64:ff9b:1::", "2002::"]))
def test_a_carried_address_is_judged_like_the_address_itself(carried: IPv4Address, network: str) -> None:
    shift = 80 if network == "2002::" else 0
    carrier = IPv6Address(int(IPv6Address(network)) | int(carried) << shift)

    assert is_metadata(str(carrier)) == (carried in METADATA_ADDRESSES)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518",
        "0xa9.0xfe.0xa9.0xfe", "[::ffff:169.254.169.254]", "[fd00:ec2::254]",
        "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]",
    ],
)  # fmt: skip
def test_no_notation_of_a_metadata_address_is_connected_to(host: str) -> None:
    with pytest.raises(HttpError) as raised:
        send(build_request(f"http://{host}/latest/meta-data/"))

    assert raised.value.kind is HttpErrorKind.REFUSED_ADDRESS
    assert not raised.value.again


@pytest.mark.parametrize("host", ["①⑥⑨.254.169.254", "169.254.169.254."])
def test_a_notation_that_not_every_system_reads_leads_nowhere_else(host: str) -> None:
    with pytest.raises(HttpError) as raised:
        send(build_request(f"http://{host}/latest/meta-data/"))

    assert raised.value.kind in {
        HttpErrorKind.REFUSED_ADDRESS,
        HttpErrorKind.PROTOCOL,
        HttpErrorKind.CONNECT,
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1"])
def test_an_operator_may_name_loopback_in_any_notation(host: str) -> None:
    with serve(answer(200)) as receiver:
        response = send(build_request(f"http://{host}:{receiver.port}/"))

    assert response.status == 200


def test_one_metadata_address_among_many_refuses_them_all() -> None:
    with serve(answer(200)) as receiver, pytest.raises(HttpError) as raised:
        send(
            build_request(f"http://receiver.example:{receiver.port}/"),
            resolve=lambda _, port: [build_endpoint(ip, port) for ip in ("127.0.0.1", "169.254.169.254")],
        )

    assert raised.value.kind is HttpErrorKind.REFUSED_ADDRESS
    assert receiver.connections == 0


def test_a_name_is_resolved_once_so_that_it_cannot_change_after_the_check() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[Endpoint]:
        asked.append(host)
        return [build_endpoint("127.0.0.1" if len(asked) == 1 else "169.254.169.254", port)]

    with serve(answer(200)) as receiver:
        response = send(build_request(f"http://receiver.example:{receiver.port}/"), resolve=resolve)

    assert response.status == 200
    assert asked == ["receiver.example"]
    assert receiver.requests[0].headers["host"] == f"receiver.example:{receiver.port}"


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with serve(answer(200)) as receiver:
        response = send(
            build_request(f"http://receiver.example:{receiver.port}/"),
            resolve=lambda _, port: [build_endpoint("::1", port), build_endpoint("127.0.0.1", port)],
        )

    assert response.status == 200


def test_a_name_without_an_address_is_a_connect_error() -> None:
    with pytest.raises(HttpError, match="cannot be resolved") as raised:
        send(build_request("http://receiver.example/"), resolve=lambda _, __: [])

    assert raised.value.kind is HttpErrorKind.CONNECT
