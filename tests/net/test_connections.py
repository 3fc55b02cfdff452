from __future__ import annotations

import os
import socket
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from driftwatch.net.addresses import Endpoint
from driftwatch.net.connections import read_target, trust_authorities
from driftwatch.net.http import HttpError, HttpErrorKind, HttpRequest, HttpResponse, send
from tests.support.receiver import answer, make_certificate, serve


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    try:
        return make_certificate(tmp_path_factory.mktemp("tls"), name="IP:127.0.0.1,DNS:receiver.example")
    except FileNotFoundError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture
def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


def resolve_to_loopback(host: str, port: int) -> list[Endpoint]:
    return [Endpoint(family=socket.AF_INET, address=("127.0.0.1", port))]


def send_to(url: str, tls: ssl.SSLContext | None = None) -> HttpResponse:
    request = HttpRequest(method="POST", url=url, body=b"{}", deadline=timedelta(seconds=20))
    return send(request, resolve=resolve_to_loopback, tls=tls)


def test_a_certificate_of_a_trusted_authority_is_accepted_for_its_name(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    names: list[str | None] = []
    server_tls.sni_callback = lambda _socket, name, _context: names.append(name)

    with serve(answer(200, body=b"hello"), tls=server_tls) as receiver:
        response = send_to(f"https://receiver.example:{receiver.port}/hook", trusting)

    assert (response.status, response.body) == (200, b"hello")
    assert names == ["receiver.example"]
    assert receiver.requests[0].headers["host"] == f"receiver.example:{receiver.port}"


def test_a_self_signed_certificate_is_not_trusted(server_tls: ssl.SSLContext) -> None:
    with serve(answer(200), tls=server_tls) as receiver, pytest.raises(HttpError, match="self") as raised:
        send_to(f"https://receiver.example:{receiver.port}/hook")

    assert raised.value.kind is HttpErrorKind.TLS
    assert receiver.requests == []


def test_a_certificate_of_another_name_is_not_trusted(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with serve(answer(200), tls=server_tls) as receiver, pytest.raises(HttpError) as raised:
        send_to(f"https://other.example:{receiver.port}/hook", trusting)

    assert raised.value.kind is HttpErrorKind.TLS
    assert receiver.requests == []


def test_plain_http_where_tls_is_wanted_is_a_tls_error() -> None:
    with serve(answer(200)) as receiver, pytest.raises(HttpError) as raised:
        send_to(f"https://receiver.example:{receiver.port}/hook")

    assert raised.value.kind in {HttpErrorKind.TLS, HttpErrorKind.CONNECT}


def test_certificates_are_verified_and_old_versions_refused_by_default() -> None:
    context = trust_authorities()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("url", "origin", "path", "host"),
    [
        ("https://a.example/x?y=1#z", "https://a.example:443", "/x?y=1", "a.example"),
        ("http://a.example", "http://a.example:80", "/", "a.example"),
        ("http://a.example:80/", "http://a.example:80", "/", "a.example"),
        ("https://u:p@a.example:8443/ä b", "https://a.example:8443", "/%C3%A4%20b", "a.example:8443"),
        ("http://[::1]:8080/x", "http://[::1]:8080", "/x", "[::1]:8080"),
        ("https://bücher.example/", "https://xn--bcher-kva.example:443", "/", "xn--bcher-kva.example"),
    ],
)
def test_an_address_is_taken_apart(url: str, origin: str, path: str, host: str) -> None:
    target = read_target("GET", url, {}, b"")

    assert (target.origin, target.path, target.headers["Host"]) == (origin, path, host)


def test_a_header_that_would_start_another_line_is_refused_without_being_repeated() -> None:
    with pytest.raises(HttpError) as raised:
        read_target("GET", "http://a.example/", {"X": "canary\r\nEvil: 1"}, b"")

    assert raised.value.kind is HttpErrorKind.PROTOCOL
    assert "canary" not in str(raised.value)
