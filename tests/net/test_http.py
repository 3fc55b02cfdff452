from __future__ import annotations

import http.client
import socket
import threading
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.net.addresses import Endpoint
from driftwatch.net.http import (
    AT_MOST_HEADER_BYTES,
    HttpError,
    HttpErrorKind,
    HttpRequest,
    check_url,
    open_stream,
    parse_retry_after,
    send,
)
from tests.support.receiver import (
    Behaviour,
    answer,
    answer_junk,
    answer_unread,
    close_after_reading,
    close_before_reading,
    drip_body,
    drip_headers,
    lie_about_chunks,
    lie_about_length,
    never_answer,
    never_read,
    reset_after_reading,
    send_gzip,
    send_headers,
    send_large_body,
    serve,
)

DEADLINE = timedelta(seconds=0.3)
NOW = datetime(2013, 2, 8, tzinfo=UTC)
LARGE = b"x" * 10_000_000


def build_request(url: str, body: bytes = b"{}", at_most_bytes: int = 16_384) -> HttpRequest:
    return HttpRequest(method="POST", url=url, body=body, deadline=DEADLINE, at_most_bytes=at_most_bytes)


def build_patient_request(url: str, method: str = "GET", at_most_bytes: int = 16_384) -> HttpRequest:
    return HttpRequest(method=method, url=url, deadline=timedelta(seconds=20), at_most_bytes=at_most_bytes)


def test_a_request_arrives_as_it_was_built() -> None:
    with serve(answer(202, {"X-Seen": "yes"}, b"thanks")) as receiver:
        request = HttpRequest(
            method="POST",
            url=f"{receiver.url}/hook/7?a=b",
            headers={"Content-Type": "application/json", "Accept-Encoding": "gzip"},
            body=b'{"a": 1}',
            deadline=timedelta(seconds=20),
        )
        response = send(request)

    (received,) = receiver.requests
    assert (received.method, received.path, received.body) == ("POST", "/hook/7?a=b", b'{"a": 1}')
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["content-length"] == "8"
    assert received.headers["accept-encoding"] == "identity"
    assert (response.status, response.body, response.complete) == (202, b"thanks", True)
    assert response.headers["x-seen"] == "yes"


def test_user_and_password_of_the_address_become_basic_authentication() -> None:
    with serve(answer(200)) as receiver:
        send(build_patient_request(receiver.url.replace("://", "://ann:s%20p@")))

    assert receiver.requests[0].headers["authorization"] == "Basic YW5uOnMgcA=="


@pytest.mark.parametrize(
    ("behaviour", "body"),
    [
        pytest.param(never_answer, b"{}", id="never answers"),
        pytest.param(never_read, b"{}", id="never reads a small body"),
        pytest.param(never_read, LARGE, id="never reads a large body"),
        pytest.param(drip_headers, b"{}", id="drips headers"),
    ],
)
def test_a_receiver_that_gives_no_answer_in_time_is_left_at_the_deadline(
    behaviour: Behaviour, body: bytes
) -> None:
    with serve(behaviour) as receiver:
        started = time.monotonic()
        with pytest.raises(HttpError) as raised:
            send(build_request(receiver.url, body))
        took = time.monotonic() - started

    assert raised.value.kind is HttpErrorKind.TIMEOUT
    assert raised.value.again
    assert 0.25 < took < 1.3


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Content-Length": "100000"}, id="of a known length"),
        pytest.param({"Transfer-Encoding": "chunked"}, id="in chunks"),
        pytest.param({}, id="until the connection closes"),
    ],
)
def test_a_dripping_body_ends_at_the_deadline_and_leaves_the_status(headers: dict[str, str]) -> None:
    with serve(drip_body(headers)) as receiver:
        started = time.monotonic()
        response = send(build_request(receiver.url))
        took = time.monotonic() - started

    assert response.status == 200
    assert not response.complete
    assert 0.25 < took < 1.3


@pytest.mark.parametrize("headers", [{"Content-Length": "100000"}, {"Transfer-Encoding": "chunked"}, {}])
def test_a_dripping_stream_raises_at_the_deadline(headers: dict[str, str]) -> None:
    with serve(drip_body(headers)) as receiver:
        started = time.monotonic()
        with pytest.raises(HttpError) as raised, open_stream(build_request(receiver.url)) as stream:
            for _ in stream.chunks:
                pass
        took = time.monotonic() - started

    assert raised.value.kind is HttpErrorKind.TIMEOUT
    assert 0.25 < took < 1.3


def test_a_tls_receiver_that_never_shakes_hands_is_left_at_the_deadline() -> None:
    with serve(never_read) as receiver:
        started = time.monotonic()
        with pytest.raises(HttpError) as raised:
            send(build_request(receiver.url.replace("http:", "https:")))
        took = time.monotonic() - started

    assert raised.value.kind is HttpErrorKind.TIMEOUT
    assert 0.25 < took < 1.3


def test_a_resolver_that_hangs_is_left_at_the_deadline() -> None:
    released = threading.Event()

    def resolve(host: str, port: int) -> list[Endpoint]:
        released.wait()
        return []

    started = time.monotonic()
    with pytest.raises(HttpError) as raised:
        send(build_request("http://receiver.example/"), resolve=resolve)
    took = time.monotonic() - started
    released.set()

    assert raised.value.kind is HttpErrorKind.TIMEOUT
    assert took < 1.3


def test_a_full_backlog_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        # A backlog of 0 still takes one connection; those that follow get no answer to their first packet.
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        started = time.monotonic()
        with pytest.raises(HttpError) as raised:
            send(build_request(f"http://127.0.0.1:{port}/"))
        took = time.monotonic() - started
        for client in waiting:
            client.close()

    assert raised.value.kind is HttpErrorKind.TIMEOUT
    assert took < 1.3


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        pytest.param(close_before_reading, HttpErrorKind.CONNECT, id="resets before reading"),
        pytest.param(close_after_reading, HttpErrorKind.CONNECT, id="closes after reading"),
        pytest.param(reset_after_reading, HttpErrorKind.CONNECT, id="resets after reading"),
        pytest.param(answer_junk, HttpErrorKind.PROTOCOL, id="answers junk"),
        pytest.param(send_headers(101, 1), HttpErrorKind.PROTOCOL, id="too many headers"),
        pytest.param(send_headers(1, AT_MOST_HEADER_BYTES), HttpErrorKind.TOO_LARGE, id="one long header"),
        pytest.param(send_headers(90, 600), HttpErrorKind.TOO_LARGE, id="long headers together"),
    ],
)
def test_a_broken_answer_has_its_kind_and_may_be_asked_for_again(
    behaviour: Behaviour, kind: HttpErrorKind
) -> None:
    with serve(behaviour) as receiver, pytest.raises(HttpError) as raised:
        send(build_patient_request(receiver.url, "POST"))

    assert raised.value.kind is kind
    assert raised.value.again


def test_a_port_where_nobody_listens_is_a_connect_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(HttpError, match="refused") as raised:
        send(build_patient_request(f"http://127.0.0.1:{port}/"))

    assert raised.value.kind is HttpErrorKind.CONNECT


def test_an_answer_given_before_the_body_was_read_is_the_answer() -> None:
    with serve(answer_unread(413)) as receiver:
        response = send(
            HttpRequest(method="POST", url=receiver.url, body=LARGE, deadline=timedelta(seconds=20))
        )

    assert response.status == 413


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with serve(answer(200)) as other, serve(answer(status, {"Location": other.url})) as receiver:
        response = send(build_patient_request(receiver.url, "POST"))

    assert response.status == status
    assert other.connections == 0


def test_no_more_than_the_cap_is_read_of_a_large_body() -> None:
    with serve(send_large_body(10_000_000)) as receiver:
        response = send(build_patient_request(receiver.url))

    assert response.status == 200
    assert not response.complete
    assert len(response.body) <= 16_384


def test_a_stream_larger_than_its_cap_raises() -> None:
    with (
        serve(send_large_body(1_000_001)) as receiver,
        pytest.raises(HttpError, match="1000000 bytes") as raised,
        open_stream(build_patient_request(receiver.url, at_most_bytes=1_000_000)) as stream,
    ):
        for _ in stream.chunks:
            pass

    assert raised.value.kind is HttpErrorKind.TOO_LARGE


@pytest.mark.parametrize("headers", [None, {}])
def test_a_stream_as_large_as_its_cap_is_read_whole(headers: dict[str, str] | None) -> None:
    with (
        serve(send_large_body(1_000_000, headers)) as receiver,
        open_stream(build_patient_request(receiver.url, at_most_bytes=1_000_000)) as stream,
    ):
        size = sum(len(chunk) for chunk in stream.chunks)

    assert (stream.status, size) == (200, 1_000_000)


def test_a_stream_holds_little_of_a_large_body_at_a_time() -> None:
    size = 50_000_000
    with serve(send_large_body(size)) as receiver:
        tracemalloc.start()
        with open_stream(build_patient_request(receiver.url, at_most_bytes=size)) as stream:
            read = sum(len(chunk) for chunk in stream.chunks)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert read == size
    assert peak < 5_000_000


@pytest.mark.parametrize("behaviour", [lie_about_length, lie_about_chunks])
def test_a_body_that_ends_early_is_no_complete_body(behaviour: Behaviour) -> None:
    with serve(behaviour) as receiver:
        response = send(build_patient_request(receiver.url))
        with (
            pytest.raises(HttpError, match="ends early") as raised,
            open_stream(build_patient_request(receiver.url)) as stream,
        ):
            for _ in stream.chunks:
                pass

    assert (response.status, response.body, response.complete) == (200, b"short", False)
    assert raised.value.kind is HttpErrorKind.PROTOCOL


def test_a_compressed_body_is_handed_on_as_it_came() -> None:
    with serve(send_gzip(200_000_000 // 100)) as receiver:
        response = send(build_patient_request(receiver.url))

    assert response.complete
    assert response.body.startswith(b"\x1f\x8b")
    assert len(response.body) < 16_384


def test_an_error_of_the_reader_of_a_stream_is_left_alone() -> None:
    with (
        serve(answer(200, body=b"abc")) as receiver,
        pytest.raises(ValueError, match="mine"),
        open_stream(build_patient_request(receiver.url)),
    ):
        raise ValueError("mine")


def test_proxies_passwords_and_cookies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login ann password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with serve(answer(502)) as proxy, serve(answer(200, {"Set-Cookie": "a=b"})) as receiver:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        statuses = [send(build_patient_request(receiver.url)).status for _ in range(2)]

    assert statuses == [200, 200]
    assert proxy.connections == 0
    for received in receiver.requests:
        assert "authorization" not in received.headers
        assert "cookie" not in received.headers


def test_no_thread_or_socket_is_left_behind() -> None:
    with serve(answer(200)) as receiver:
        send(build_patient_request(receiver.url))

    left = [thread.name for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    assert left == []


@pytest.mark.parametrize("url", ["https://hooks.example.com/a", "http://[::1]:8080/", "http://user:p@host/"])
def test_http_addresses_are_accepted(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    ["", "hooks.example.com", "ftp://host/canary", "file:///etc/canary", "http://", "http://:80/canary",
     "http://host:notaport/canary", "http://[::1/canary", "httpx://host/canary", "http://ho st/canary"],
)  # fmt: skip
def test_other_addresses_are_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="http:// or https://") as raised:
        check_url(url)

    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", timedelta(0)),
        ("30", timedelta(seconds=30)),
        (" 30 ", timedelta(seconds=30)),
        ("3600", timedelta(hours=1)),
        ("3601", timedelta(hours=1)),
        ("9" * 5000, timedelta(hours=1)),
        ("Fri, 08 Feb 2013 00:01:00 GMT", timedelta(minutes=1)),
        ("Friday, 08-Feb-13 00:01:00 GMT", timedelta(minutes=1)),
        ("Fri Feb  8 00:01:00 2013", timedelta(minutes=1)),
        ("Sat, 09 Feb 2013 00:00:00 GMT", timedelta(hours=1)),
        ("Thu, 07 Feb 2013 00:00:00 GMT", timedelta(0)),
        ("-5", None),
        ("1e9", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Fri, 99 Feb 2013 00:01:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_more_than_an_hour(
    value: str | None, wait: timedelta | None
) -> None:
    assert parse_retry_after(value, NOW) == wait


@given(st.text())
def test_no_retry_after_breaks_us(value: str) -> None:
    wait = parse_retry_after(value, NOW)

    assert wait is None or timedelta(0) <= wait <= timedelta(hours=1)


def test_the_standard_library_still_limits_the_number_of_headers() -> None:
    assert http.client._MAXHEADERS == 100  # type: ignore[attr-defined]  # Undocumented, and we lean on it.
