"""Why an exchange over HTTP failed, in words that hold no secret.

The path, the query, the user and the headers of a request may each be a credential: for Slack the whole URL
is one. What is shown is scheme, host and port.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum

from driftwatch.errors import DriftwatchError
from driftwatch.net.deadlines import Deadline

__all__ = ["HttpError", "HttpErrorKind", "TooManyHeadersError", "translate_errors"]


class HttpErrorKind(StrEnum):
    """What an exchange failed of."""

    TIMEOUT = "timeout"  # No answer, or not all of it, came within the deadline.
    CONNECT = "connect"  # The name has no address, nobody listens, or the connection broke.
    TLS = "tls"  # No trusted, encrypted connection could be agreed on.
    TOO_LARGE = "too_large"  # The headers or the body are more than we read.
    PROTOCOL = "protocol"  # The request cannot be built, or what came back is not HTTP.
    REFUSED_ADDRESS = "refused_address"  # The name leads to a metadata address.


class HttpError(DriftwatchError):
    """A server could not be asked, or its answer could not be read; the message says why.

    `origin` is scheme, host and port; `detail` the message without it. `again` says whether the same request
    may succeed later: always but for refused addresses. `sent`: there was a connection, so that the request
    may have arrived although no answer came back.
    """

    def __init__(self, kind: HttpErrorKind, origin: str, detail: str) -> None:
        super().__init__(f"{origin}: {detail}")
        self.kind = kind
        self.origin = origin
        self.detail = detail
        self.sent = False
        self.again = kind is not HttpErrorKind.REFUSED_ADDRESS


class TooManyHeadersError(Exception):
    """The headers of an answer are more bytes than we read."""


@contextlib.contextmanager
def translate_errors(origin: str, deadline: Deadline) -> Iterator[None]:
    """Turn whatever the libraries below raise in the block into an HttpError about `origin`."""
    try:
        yield
    except HttpError:
        raise
    except (OSError, ValueError, http.client.HTTPException, TooManyHeadersError) as error:
        # Once the deadline has cut the connection, every further error is only its echo.
        kind, detail = _explain(TimeoutError() if deadline.passed else error)
        if kind is HttpErrorKind.TIMEOUT:
            detail = f"no complete answer within {deadline.length.total_seconds():g} s"
        raise HttpError(kind, origin, detail) from None


def _explain(error: Exception) -> tuple[HttpErrorKind, str]:
    if isinstance(error, TimeoutError):
        return HttpErrorKind.TIMEOUT, "timeout"
    if isinstance(error, OSError):
        return _explain_connection(error)
    if isinstance(error, TooManyHeadersError | http.client.LineTooLong):
        return HttpErrorKind.TOO_LARGE, "the headers of the answer are too long"
    if isinstance(error, http.client.IncompleteRead):
        return HttpErrorKind.PROTOCOL, "the answer ends early"
    return HttpErrorKind.PROTOCOL, f"what came back is not HTTP ({type(error).__name__})"


def _explain_connection(error: OSError) -> tuple[HttpErrorKind, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return HttpErrorKind.TLS, f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "the connection was closed").lower().replace("_", " ")
        return HttpErrorKind.TLS, f"no encrypted connection: {reason}"
    if isinstance(error, socket.gaierror):
        return HttpErrorKind.CONNECT, "the name of the host cannot be resolved"
    if isinstance(error, http.client.RemoteDisconnected):
        return HttpErrorKind.CONNECT, "the connection was closed without an answer"
    return HttpErrorKind.CONNECT, (error.strerror or type(error).__name__).lower()
