"""One HTTP client for everything that is fetched or told: one deadline, small answers, no surprises.

No redirect is followed, no cookie kept, no proxy or password taken from the environment, nothing decompressed
(what is asked for is `identity`; what comes is handed on as it is), and every connection goes to an address
that was checked after the only resolution of its name.

Why requests only prepares and the standard library sends: the socket must be ours, so that the deadline holds
over the whole exchange and the checked address is the one that is used; and other layers log paths.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from driftwatch.net.addresses import Resolve, resolve_host
from driftwatch.net.connections import Target, connect, read_target
from driftwatch.net.deadlines import Deadline
from driftwatch.net.http_errors import HttpError, HttpErrorKind, TooManyHeadersError, translate_errors

__all__ = [
    "AT_MOST_HEADER_BYTES",
    "AT_MOST_RECEIVER_BYTES",
    "AT_MOST_RETRY_AFTER",
    "HttpError",
    "HttpErrorKind",
    "HttpRequest",
    "HttpResponse",
    "HttpStream",
    "check_url",
    "measure_skew",
    "open_stream",
    "parse_retry_after",
    "send",
]

AT_MOST_RECEIVER_BYTES: Final = 16_384
AT_MOST_HEADER_BYTES: Final = 32_768
AT_MOST_RETRY_AFTER: Final = timedelta(hours=1)

_CHUNK_BYTES: Final = 65_536
_OUR_HEADERS: Final = {"Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What is asked of a server, and how much of its time and words we take.

    `deadline` covers everything from resolving the name to the last byte of the answer. `at_most_bytes` is
    how much of the answer's body is read. A user and password in `url` become basic authentication.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    deadline: timedelta
    at_most_bytes: int = AT_MOST_RECEIVER_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """What the server answered; names of headers are in lower case.

    `complete` is False when the body ends early: at the cap, at the deadline or where the connection broke.
    The status is known all the same, and for a receiver it is the answer.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    complete: bool


class HttpStream(NamedTuple):
    """An answer whose body is read piece by piece while its context is open."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


def send(
    request: HttpRequest, *, resolve: Resolve = resolve_host, tls: ssl.SSLContext | None = None
) -> HttpResponse:
    """Send a request and return the answer, whatever its status.

    `resolve` looks names up; `tls` replaces the usual authorities. Raises HttpError when no status came
    within the deadline; a body that ends early is no error, see `HttpResponse`.
    """
    with open_stream(request, resolve=resolve, tls=tls) as stream:
        body, complete = bytearray(), True
        try:
            for chunk in stream.chunks:
                body += chunk
        except HttpError:
            complete = False
        return HttpResponse(status=stream.status, headers=stream.headers, body=bytes(body), complete=complete)


@contextlib.contextmanager
def open_stream(
    request: HttpRequest, *, resolve: Resolve = resolve_host, tls: ssl.SSLContext | None = None
) -> Iterator[HttpStream]:
    """Send a request and read the answer's body in chunks; the deadline runs on while they are used.

    Raises HttpError on entering as `send` does, and from `chunks` when the body is larger than
    `at_most_bytes`, is not what the headers promised or does not end within the deadline.
    """
    deadline = Deadline(request.deadline)
    target = read_target(request.method, request.url, {**request.headers, **_OUR_HEADERS}, request.body)
    with contextlib.ExitStack() as stack:
        with translate_errors(target.origin, deadline):
            opened = stack.enter_context(connect(target, deadline, resolve, tls))
        try:
            with translate_errors(target.origin, deadline):
                response = _exchange(opened, target, request.body, deadline)
        except HttpError as error:
            error.sent = True
            raise
        stack.callback(response.close)
        chunks = _read_chunks(response, target.origin, deadline, request.at_most_bytes)
        yield HttpStream(response.status, _join_headers(response.headers), chunks)


def check_url(url: str) -> None:
    """Raise ValueError, which does not repeat it, when `url` is no http or https address with a host."""
    try:
        read_target("GET", url, {}, b"")
    except HttpError as error:
        raise ValueError(str(error)) from None


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return how long a `Retry-After` header asks us to wait, at most one hour; None when it is unreadable.

    `value` is a whole number of seconds or an HTTP date; a date that has passed asks for no wait at all.

    >>> parse_retry_after("120", datetime(2013, 2, 8, tzinfo=UTC))
    datetime.timedelta(seconds=120)
    >>> parse_retry_after("Fri, 08 Feb 2013 00:00:30 GMT", datetime(2013, 2, 8, tzinfo=UTC))
    datetime.timedelta(seconds=30)
    >>> parse_retry_after("soon", datetime(2013, 2, 8, tzinfo=UTC))

    References
    ----------
    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        # More digits than these are over the cap anyway, and could be more than an integer is read from.
        wait = timedelta(seconds=int(text)) if len(text) <= 9 else AT_MOST_RETRY_AFTER
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), AT_MOST_RETRY_AFTER)


def measure_skew(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return by how much a server's clock is ahead of `now` by its `Date` header, None where it gives none.

    >>> measure_skew({"date": "Fri, 08 Feb 2013 00:02:00 GMT"}, datetime(2013, 2, 8, tzinfo=UTC))
    datetime.timedelta(seconds=120)
    """
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now


def _exchange(
    opened: socket.socket, target: Target, body: bytes, deadline: Deadline
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = opened
    connection.response_class = _CappedResponse
    try:
        connection.request(target.method, target.path, body or None, target.headers)
    except (BrokenPipeError, ConnectionResetError):
        # A server may answer and close before it has read all of the body: its answer is still to be had.
        if deadline.passed:
            raise
    return connection.getresponse()


def _join_headers(received: http.client.HTTPMessage) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in received.items():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


def _read_chunks(
    response: http.client.HTTPResponse, origin: str, deadline: Deadline, at_most_bytes: int
) -> Iterator[bytes]:
    left = at_most_bytes
    while True:
        with translate_errors(origin, deadline):
            chunk = response.read1(min(_CHUNK_BYTES, left + 1))
            if not chunk:
                _check_end(response, deadline)
        if not chunk:
            return
        left -= len(chunk)
        if left < 0:
            detail = f"the body of the answer is larger than {at_most_bytes} bytes"
            raise HttpError(HttpErrorKind.TOO_LARGE, origin, detail)
        yield chunk


def _check_end(response: http.client.HTTPResponse, deadline: Deadline) -> None:
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    if deadline.passed and response.length is None and not response.chunked:
        # Such a body ends where the connection ends, and ours may have been cut by the deadline.
        raise TimeoutError


class _CappedResponse(http.client.HTTPResponse):
    """An answer whose status line and headers together are at most `AT_MOST_HEADER_BYTES`.

    The standard library stops at 100 headers, but lets each of them be 64 kB long.
    """

    def begin(self) -> None:
        reader = _HeaderReader(self.fp.detach())
        self.fp = reader
        super().begin()
        reader.in_headers = False


class _HeaderReader(io.BufferedReader):
    """A stream whose lines are limited, and must be whole, while headers are read from it."""

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__(raw)
        self.in_headers = True
        self._left = AT_MOST_HEADER_BYTES

    def readline(self, size: int | None = -1, /) -> bytes:
        if not self.in_headers:
            return super().readline(size)
        first = self._left == AT_MOST_HEADER_BYTES
        line = super().readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise TooManyHeadersError
        if not line.endswith(b"\n") and (line or not first):
            # The standard library takes the end of the connection for the end of the headers.
            raise http.client.IncompleteRead(line)
        return line
