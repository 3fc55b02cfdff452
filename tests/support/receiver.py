"""A real receiver on loopback that records what it is sent and behaves as badly as it is told to.

It speaks HTTP by hand over plain sockets: no server library would drip, lie or hang up in the middle.
"""

from __future__ import annotations

import contextlib
import gzip
import shutil
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = [
    "Behaviour",
    "Connection",
    "Received",
    "Receiver",
    "answer",
    "answer_in_turn",
    "answer_junk",
    "answer_unread",
    "close_after_reading",
    "close_before_reading",
    "drip_body",
    "drip_headers",
    "lie_about_chunks",
    "lie_about_length",
    "make_certificate",
    "never_answer",
    "never_read",
    "reset_after_reading",
    "send_gzip",
    "send_headers",
    "send_large_body",
    "serve",
]

_DRIP_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as it came; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """One accepted connection: reads the request when asked to, and writes whatever it is told."""

    def __init__(self, accepted: socket.socket, receiver: Receiver) -> None:
        self.socket = accepted
        self._receiver = receiver

    def read(self) -> Received:
        """Read one request and record it."""
        stream = self.socket.makefile("rb")
        method, path, _ = stream.readline().decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while line := stream.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", "0")))
        received = Received(method=method, path=path, headers=headers, body=body)
        self._receiver.requests.append(received)
        return received

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def pause(self, seconds: float = _DRIP_SECONDS) -> bool:
        """Wait a moment, and return whether the receiver still runs."""
        return not self._receiver.stopped.wait(seconds)

    def hold(self) -> None:
        """Keep the connection open until the receiver stops."""
        self._receiver.stopped.wait()


Behaviour = Callable[[Connection], None]


class Receiver:
    """A server on a loopback port of its own; `requests` holds what it has read, in order."""

    def __init__(self, behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self.requests: list[Received] = []
        self.connections = 0
        self.stopped = threading.Event()
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen, daemon=True)]

    @property
    def url(self) -> str:
        """Return the address, without a path."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        # An accept that waits is woken by a connection; closing the listener would not wake it.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            accepted, _ = self._listener.accept()
            if self.stopped.is_set():
                accepted.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(accepted,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, accepted: socket.socket) -> None:
        # Whoever hangs up on us, or sends no request at all, is what some tests are about.
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as stack:
            opened = stack.enter_context(accepted)
            opened.settimeout(5)
            if self._tls:
                opened = stack.enter_context(self._tls.wrap_socket(opened, server_side=True))
            self.behaviour(Connection(opened, self))
            opened.shutdown(socket.SHUT_WR)
            # Closing with unread bytes would reset the connection and take the answer with it.
            while opened.recv(65_536):
                pass


@contextlib.contextmanager
def serve(behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver for the length of a block."""
    with Receiver(behaviour, tls=tls) as receiver:
        yield receiver


def _write_head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Some Reason", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answer(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Behaviour:
    """Read the request and answer it properly."""

    def behave(connection: Connection) -> None:
        connection.read()
        connection.write(_write_head(status, {"Content-Length": str(len(body)), **(headers or {})}) + body)

    return behave


def answer_in_turn(behaviours: Sequence[Behaviour]) -> Behaviour:
    """Behave in another way on each connection; the last way stays."""
    left = list(behaviours)

    def behave(connection: Connection) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(connection)

    return behave


def answer_unread(status: int) -> Behaviour:
    """Answer after the first bytes of the request and close, reading the rest never."""

    def behave(connection: Connection) -> None:
        connection.socket.recv(10)
        connection.write(_write_head(status, {"Content-Length": "0"}))
        connection.socket.close()

    return behave


def answer_junk(connection: Connection) -> None:
    """Read the request and answer with something that is not HTTP."""
    connection.read()
    connection.write(b"220 mail.example.com ready\r\n\r\n")


def never_answer(connection: Connection) -> None:
    """Read the request and say nothing."""
    connection.read()
    connection.hold()


def never_read(connection: Connection) -> None:
    """Accept the connection and neither read nor answer."""
    connection.hold()


def close_before_reading(connection: Connection) -> None:
    """Reset the connection without reading a byte."""
    _reset(connection)


def close_after_reading(connection: Connection) -> None:
    """Read the request and close without an answer."""
    connection.read()


def reset_after_reading(connection: Connection) -> None:
    """Read the request and reset the connection."""
    connection.read()
    _reset(connection)


def _reset(connection: Connection) -> None:
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.socket.close()


def drip_headers(connection: Connection) -> None:
    """Answer with one byte of the headers at a time, for ever."""
    connection.read()
    connection.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while connection.pause():
        connection.write(b"x")


def drip_body(headers: Mapping[str, str]) -> Behaviour:
    """Answer 200 with one byte of the body at a time, for ever."""
    chunked = "Transfer-Encoding" in headers

    def behave(connection: Connection) -> None:
        connection.read()
        connection.write(_write_head(200, headers))
        while connection.pause():
            connection.write(b"1\r\nx\r\n" if chunked else b"x")

    return behave


def send_large_body(size: int, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer 200 with `size` bytes."""

    def behave(connection: Connection) -> None:
        connection.read()
        connection.write(_write_head(200, headers or {"Content-Length": str(size)}))
        piece = b"x" * 65_536
        for start in range(0, size, len(piece)):
            connection.write(piece[: size - start])

    return behave


def send_gzip(size: int) -> Behaviour:
    """Answer 200 with `size` zero bytes, compressed although nobody asked for that."""
    body = gzip.compress(bytes(size))
    return answer(200, {"Content-Encoding": "gzip"}, body)


def send_headers(count: int, length: int) -> Behaviour:
    """Answer 200 with `count` headers whose values have `length` characters."""
    return answer(200, {f"X-{number}": "x" * length for number in range(count)})


def lie_about_length(connection: Connection) -> None:
    """Promise a hundred bytes, send five and close."""
    connection.read()
    connection.write(_write_head(200, {"Content-Length": "100"}) + b"short")


def lie_about_chunks(connection: Connection) -> None:
    """Promise a chunk of a hundred bytes, send five and close."""
    connection.read()
    connection.write(_write_head(200, {"Transfer-Encoding": "chunked"}) + b"64\r\nshort")


def make_certificate(folder: Path, *, name: str = "IP:127.0.0.1", days: int = 2) -> tuple[Path, Path]:
    """Write a self-signed certificate and its key, and return their paths; needs the openssl command."""
    command = shutil.which("openssl")
    if command is None:
        raise FileNotFoundError("the openssl command is not there")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [command, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", str(days), "-subj", "/CN=receiver",
         "-addext", f"subjectAltName={name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key
