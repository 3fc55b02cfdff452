from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Callable
from datetime import timedelta

import pytest

from driftwatch.net.addresses import Endpoint
from driftwatch.net.http import HttpError, HttpRequest, open_stream, send
from tests.support.receiver import (
    Behaviour,
    answer,
    answer_junk,
    close_after_reading,
    close_before_reading,
    drip_body,
    drip_headers,
    lie_about_chunks,
    lie_about_length,
    never_answer,
    never_read,
    send_headers,
    send_large_body,
    serve,
)

CANARY = "canary4711"
SECRETS = f"/{CANARY}/hook?token={CANARY}#{CANARY}"


def build_request(origin: str) -> HttpRequest:
    """A request with a secret in the path, the query, the user, the password, a header and the body."""
    scheme, _, host = origin.partition("://")
    return HttpRequest(
        method="POST",
        url=f"{scheme}://{CANARY}:{CANARY}@{host}{SECRETS}",
        headers={"Authorization-Too": CANARY},
        body=CANARY.encode(),
        deadline=timedelta(seconds=0.3),
    )


def read_all(request: HttpRequest) -> None:
    with open_stream(request) as stream:
        for _ in stream.chunks:
            pass


def check_words(error: HttpError, request: HttpRequest, log: str) -> None:
    words = [str(error), repr(error), error.detail, error.origin, repr(request), log]
    words += traceback.format_exception(error)
    assert all(CANARY not in text for text in words)
    assert not any(CANARY.upper() in text.upper() for text in words)


@pytest.mark.parametrize(
    "behaviour",
    [
        never_answer, never_read, drip_headers, close_before_reading, close_after_reading, answer_junk,
        send_headers(101, 1), send_headers(5, 60_000), drip_body({}),
        drip_body({"Transfer-Encoding": "chunked"}),
        lie_about_length, lie_about_chunks, send_large_body(100_000),
    ],
    ids=lambda behaviour: behaviour.__qualname__.partition(".")[0],
)  # fmt: skip
def test_no_secret_is_told_by_the_error_of_a_bad_answer(
    behaviour: Behaviour, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), serve(behaviour) as receiver:
        request = build_request(receiver.url)
        with pytest.raises(HttpError) as raised:
            read_all(request)

    check_words(raised.value, request, caplog.text)
    assert raised.value.origin == receiver.url


def test_no_secret_is_told_when_headers_cannot_be_parsed(caplog: pytest.LogCaptureFixture) -> None:
    def send_defects(connection: object) -> None:
        accepted = connection.socket  # type: ignore[attr-defined]  # A Connection; its type adds nothing here.
        accepted.recv(65_536)
        accepted.sendall(b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n")

    with caplog.at_level(logging.DEBUG), serve(send_defects) as receiver:
        request = build_request(receiver.url)
        response = send(request)

    assert CANARY not in caplog.text + repr(response) + repr(request)


def test_no_secret_is_told_by_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        serve(answer(302, {"Location": f"http://127.0.0.1{SECRETS}"}, CANARY.encode())) as receiver,
    ):
        response = send(build_request(receiver.url))

    assert response.body == CANARY.encode()
    assert CANARY not in repr(response) + caplog.text


def refuse_name(host: str, port: int) -> list[Endpoint]:
    raise socket.gaierror(socket.EAI_NONAME, f"no {CANARY}")


def find_metadata(host: str, port: int) -> list[Endpoint]:
    return [Endpoint(family=socket.AF_INET, address=("169.254.169.254", port))]


@pytest.mark.parametrize("resolve", [refuse_name, find_metadata])
def test_no_secret_is_told_by_a_name_that_leads_nowhere(
    resolve: Callable[[str, int], list[Endpoint]], caplog: pytest.LogCaptureFixture
) -> None:
    request = build_request("https://receiver.example")

    with caplog.at_level(logging.DEBUG), pytest.raises(HttpError) as raised:
        send(request, resolve=resolve)

    check_words(raised.value, request, caplog.text)
    assert str(raised.value).startswith("https://receiver.example:443: ")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_secret_is_told_by_a_refused_connection_or_handshake(
    scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    with caplog.at_level(logging.DEBUG), serve(answer(200)) as receiver:
        port = receiver.port if scheme == "https" else closed
        request = build_request(f"{scheme}://127.0.0.1:{port}")
        with pytest.raises(HttpError) as raised:
            send(request)

    check_words(raised.value, request, caplog.text)


@pytest.mark.parametrize(
    "url",
    [
        f"http://host:{CANARY}/", f"http://[{CANARY}/", f"{CANARY}://host/", f"/{CANARY}", f"http:///{CANARY}",
        f"http://ho st/{CANARY}", f"http://{CANARY}:{CANARY}@/{CANARY}", f"http://*{CANARY}*.\u2025/",
    ],
)  # fmt: skip
def test_no_secret_is_told_by_an_address_that_cannot_be_used(url: str) -> None:
    request = HttpRequest(method="GET", url=url, deadline=timedelta(seconds=5))

    with pytest.raises(HttpError) as raised:
        send(request)

    check_words(raised.value, request, "")
    assert raised.value.__context__ is None


def test_a_header_that_cannot_be_sent_is_not_repeated() -> None:
    request = HttpRequest(
        method="GET", url="http://127.0.0.1:9/", headers={"X": f"{CANARY}\n"}, deadline=timedelta(seconds=5)
    )

    with pytest.raises(HttpError) as raised:
        send(request)

    check_words(raised.value, request, "")
