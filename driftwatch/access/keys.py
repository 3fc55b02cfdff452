"""The long secrets that programs and browsers are known by: made of randomness, kept as a digest.

A digest of SHA-256 is enough for them, and no slow hash is needed: 256 random bits cannot be guessed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

__all__ = ["KEY_BYTES", "PREFIX", "build_form_token", "build_token", "digest_key", "show_hint"]

KEY_BYTES: Final = 32
PREFIX: Final = "dw_"
"""What API tokens begin with, so that one that leaked is recognised by whoever searches for it."""

_HINT: Final = 7


def build_token(random: bytes) -> str:
    """Return an API token made of 32 random bytes.

    >>> build_token(bytes(32))
    'dw_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    return PREFIX + base64.urlsafe_b64encode(random).decode("ascii").rstrip("=")


def digest_key(key: str) -> str:
    """Return what is kept of a token or of a session's name: its SHA-256 in 64 characters."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def show_hint(token: str) -> str:
    """Return the first characters of a token, by which its owner knows it; the rest is 232 bits."""
    return f"{token[:_HINT]}…"


def build_form_token(session: str) -> str:
    """Return the secret of the forms that belong to a session: who has one cannot tell the other."""
    return hmac.new(session.encode("utf-8", "surrogatepass"), b"forms", hashlib.sha256).hexdigest()
