from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest

from driftwatch.config.web import Listen
from driftwatch.store.database import Database
from driftwatch.web.connections import Limits
from driftwatch.web.server import WebServer
from tests.support.site import open_site

REQUEST = b"GET /static/style.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
LONG = timedelta(minutes=5)


@contextmanager
def serve(store: Database, limits: Limits) -> Iterator[Listen]:
    server = WebServer(open_site(store).client.app, Listen(host="127.0.0.1", port=0), limits)  # type: ignore[arg-type]
    server.start()
    try:
        yield server.listen
    finally:
        server.close()


def connect(listen: Listen) -> socket.socket:
    return socket.create_connection((listen.host, listen.port), timeout=10)


def ask(connection: socket.socket, request: bytes = REQUEST) -> bytes:
    """Return how the answer begins, nothing where the server hung up."""
    try:
        connection.sendall(request)
        return connection.recv(12)
    except ConnectionError:
        return b""


def drain(connection: socket.socket) -> None:
    """Read until nothing more comes."""
    while connection.recv(65_536):
        pass


def test_an_address_holds_so_many_connections_and_one_that_it_closes_makes_room(store: Database) -> None:
    with serve(store, Limits(lambda _: False, most=3, patience=LONG)) as listen, ExitStack() as stack:
        held = [stack.enter_context(connect(listen)) for _ in range(3)]
        assert {ask(one) for one in held} == {b"HTTP/1.1 200"}

        with connect(listen) as refused:
            assert ask(refused) == b""
        held[0].close()
        answers = set()
        while b"HTTP/1.1 200" not in answers:
            with connect(listen) as next_one:
                answers.add(ask(next_one))


def test_a_proxy_holds_as_many_as_it_needs(store: Database) -> None:
    with serve(store, Limits(lambda _: True, most=3, patience=LONG)) as listen, ExitStack() as stack:
        held = [stack.enter_context(connect(listen)) for _ in range(20)]

        assert {ask(one) for one in held} == {b"HTTP/1.1 200"}


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST /silences HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nfew",
    ],
)
def test_a_request_that_does_not_arrive_is_not_waited_for(store: Database, sent: bytes) -> None:
    limits = Limits(lambda _: True, patience=timedelta(milliseconds=200))
    with serve(store, limits) as listen, connect(listen) as slow:
        assert ask(slow, sent) == b""


def test_one_that_was_answered_is_not_cut_off_while_it_is_kept(store: Database) -> None:
    limits = Limits(lambda _: True, patience=timedelta(seconds=1))
    with serve(store, limits) as listen, connect(listen) as kept:
        assert ask(kept) == b"HTTP/1.1 200"
        kept.settimeout(1.5)
        with pytest.raises(TimeoutError):
            drain(kept)
        assert ask(kept) == b"HTTP/1.1 200"


def test_addresses_that_hold_nothing_are_forgotten() -> None:
    limits = Limits(lambda _: False)

    for number in range(100):
        limits.open(f"address {number}")
        limits.close(f"address {number}")

    assert len(limits._held) == 0
