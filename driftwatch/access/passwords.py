"""Passwords, kept as scrypt makes them: whoever reads what is kept must still guess, and each guess is dear.

The measures are among those that OWASP's Password Storage Cheat Sheet gives as equally hard: 2^15 blocks of
8, three times over, which takes 32 MiB and about a fifth of a second. They are written in front of each hash,
so that they can be raised while older ones still hold.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

__all__ = ["LONGEST", "SALT_BYTES", "SHORTEST", "check_password", "fits_password", "hash_password"]

SHORTEST: Final = 12
LONGEST: Final = 1000
SALT_BYTES: Final = 16

_LOG_N, _R, _P = 15, 8, 3
_BYTES: Final = 32
_DECOY: Final = f"scrypt${_LOG_N}${_R}${_P}${'A' * 22}==${'A' * 43}="
"""A hash that no password has: comparing with it takes as long as with one that is kept."""


def check_password(password: str) -> None:
    """Raise ValueError where a password is too easy to guess, or longer than anybody would type."""
    if len(password) < SHORTEST:
        raise ValueError(f"a password wants at least {SHORTEST} characters; several words are easy to keep")
    if len(password) > LONGEST:
        raise ValueError(f"a password may have {LONGEST} characters at most")
    if len(set(password)) < 4:
        raise ValueError("a password of so few different characters is guessed at once")


def hash_password(password: str, salt: bytes) -> str:
    """Return what is kept of a password; `salt` is 16 random bytes, new ones each time.

    >>> hash_password("correct horse battery", b"0123456789abcdef")[:36]
    'scrypt$15$8$3$MDEyMzQ1Njc4OWFiY2RlZg'
    """
    digest = _derive(password, salt, log_n=_LOG_N, r=_R, p=_P)
    return f"scrypt${_LOG_N}${_R}${_P}${_encode(salt)}${_encode(digest)}"


def fits_password(password: str, kept: str | None) -> bool:
    """Return whether `kept` was made of `password`; without one it takes as long, and is False."""
    _, log_n, r, p, salt, digest = (kept or _DECOY).split("$")
    derived = _derive(password[:LONGEST], base64.b64decode(salt), log_n=int(log_n), r=int(r), p=int(p))
    return hmac.compare_digest(derived, base64.b64decode(digest)) and kept is not None


def _derive(password: str, salt: bytes, *, log_n: int, r: int, p: int) -> bytes:
    # Half a surrogate pair has no UTF-8, and a form can hold one.
    text = password.encode("utf-8", "surrogatepass")
    room = 2 * 128 * (1 << log_n) * r
    return hashlib.scrypt(text, salt=salt, n=1 << log_n, r=r, p=p, maxmem=room, dklen=_BYTES)


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
