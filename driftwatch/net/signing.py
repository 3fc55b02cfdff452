"""Standard Webhooks 1.0: sign a request so that its receiver can tell who sent it, and when.

What is signed is `id.timestamp.body`, exactly as sent. The receiver refuses what is older or newer than five
minutes, and can drop what comes twice by its id.

References
----------
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

__all__ = [
    "ID_HEADER",
    "SECRET_PREFIX",
    "SIGNATURE_HEADER",
    "TIMESTAMP_HEADER",
    "TOLERANCE",
    "SignatureError",
    "build_headers",
    "generate_secret",
    "parse_secret",
    "sign",
    "verify",
]

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - it marks a secret and is none.
ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"
TOLERANCE: Final = timedelta(minutes=5)

# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
_LEAST_SECRET_BYTES: Final = 24
_MOST_SECRET_BYTES: Final = 64


class SignatureError(ValueError):
    """The request was not signed with our secret, was changed on its way, or is too old or too new."""


def generate_secret() -> str:
    """Return a fresh secret of 32 random bytes in the form that `parse_secret` reads."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def parse_secret(text: str) -> bytes:
    """Return the bytes of a secret written as `whsec_` and base64 of 24 to 64 bytes.

    Raises ValueError otherwise, with a freshly generated secret as the example; the text that was refused is
    not repeated, for it may be a secret all the same.

    >>> len(parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    24
    """
    if not text.startswith(SECRET_PREFIX):
        raise _refuse_secret(f"it does not start with {SECRET_PREFIX}")
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise _refuse_secret(f"what follows {SECRET_PREFIX} is not base64") from None
    if not _LEAST_SECRET_BYTES <= len(key) <= _MOST_SECRET_BYTES:
        raise _refuse_secret(f"it holds {len(key)} bytes")
    return key


def _refuse_secret(why: str) -> ValueError:
    return ValueError(
        f"the secret cannot be used: {why}; wanted is {SECRET_PREFIX} and base64 of {_LEAST_SECRET_BYTES} to "
        f"{_MOST_SECRET_BYTES} random bytes, for example this fresh one: {generate_secret()}"
    )


def sign(secret: bytes, message_id: str, timestamp: datetime, body: bytes) -> str:
    """Return the signature of `body`: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.

    `timestamp` is the aware time of this attempt; whole seconds of it are signed. Raises ValueError for an
    empty id, one with a dot (it would make two messages sign alike) or one that a header cannot carry, and
    for a naive time.

    >>> from datetime import UTC
    >>> key = parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> moment = datetime.fromtimestamp(1614265330, tz=UTC)
    >>> sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    if not message_id or "." in message_id or not message_id.isascii() or not message_id.isprintable():
        raise ValueError(f"the message id {message_id!r} must be printable ASCII without a dot")
    return _sign_seconds(secret, message_id, _count_seconds(timestamp), body)


def build_headers(secret: bytes, message_id: str, timestamp: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers of a signed request; see `sign` for the arguments and errors."""
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(_count_seconds(timestamp)),
        SIGNATURE_HEADER: sign(secret, message_id, timestamp, body),
    }


def verify(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the id of a request signed with `secret` within five minutes of `now`; what a receiver calls.

    1. Find the three headers, whatever the case of their names.
    2. Refuse a timestamp that is not a whole number or is more than `TOLERANCE` away from `now`.
    3. Compare each `v1` signature in constant time; one that fits is enough, so that secrets can be rotated.

    Raises SignatureError otherwise.
    """
    found = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, stamp = found[ID_HEADER], found[TIMESTAMP_HEADER]
        signatures = found[SIGNATURE_HEADER].split()
    except KeyError as missing:
        raise SignatureError(f"the header {missing.args[0]} is missing") from None
    seconds = _read_seconds(stamp)
    if abs(_count_seconds(now) - seconds) > TOLERANCE.total_seconds():
        raise SignatureError(f"the request was signed more than {TOLERANCE} away from now")
    expected = _sign_seconds(secret, message_id, seconds, body).encode("ascii")
    fits = [hmac.compare_digest(expected, given.encode("utf-8", "replace")) for given in signatures]
    if not any(fits):
        raise SignatureError("no signature of the request fits its body and our secret")
    return message_id


def _sign_seconds(secret: bytes, message_id: str, seconds: int, body: bytes) -> str:
    signed = f"{message_id}.{seconds}.".encode("utf-8", "replace") + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode("ascii")


def _count_seconds(timestamp: datetime) -> int:
    if timestamp.tzinfo is None:
        raise ValueError("a signature needs an aware time, not a naive one")
    return int(timestamp.timestamp() // 1)


def _read_seconds(stamp: str) -> int:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise SignatureError(f"the header {TIMESTAMP_HEADER} is not a whole number of seconds")
    return int(stamp)
