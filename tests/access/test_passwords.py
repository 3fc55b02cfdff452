from __future__ import annotations

import hashlib
import time

import pytest

from driftwatch.access.passwords import LONGEST, check_password, fits_password, hash_password

SALT = b"0123456789abcdef"
PASSWORD = "correct horse battery"


def test_what_is_kept_is_what_scrypt_makes_of_it() -> None:
    import base64

    kept = hash_password(PASSWORD, SALT).split("$")
    oracle = hashlib.scrypt(PASSWORD.encode(), salt=SALT, n=2**15, r=8, p=3, maxmem=2**26, dklen=32)

    assert kept[:4] == ["scrypt", "15", "8", "3"]
    assert base64.b64decode(kept[5]) == oracle


@pytest.mark.parametrize("password", [PASSWORD, "pässwörter sind schön", "half a pair \ud800 of them"])
def test_a_password_fits_what_was_made_of_it_and_no_other_does(password: str) -> None:
    kept = hash_password(password, SALT)

    assert fits_password(password, kept)
    assert not fits_password(f"{password}x", kept)
    assert password not in kept


def test_the_same_password_is_kept_otherwise_each_time() -> None:
    assert hash_password(PASSWORD, SALT) != hash_password(PASSWORD, b"another salt of it")


def test_measures_of_long_ago_still_hold() -> None:
    import base64

    digest = hashlib.scrypt(PASSWORD.encode(), salt=SALT, n=2**10, r=8, p=1, dklen=32)
    kept = f"scrypt$10$8$1${base64.b64encode(SALT).decode()}${base64.b64encode(digest).decode()}"

    assert fits_password(PASSWORD, kept)
    assert not fits_password("something else", kept)


def test_nobody_fits_and_takes_as_long() -> None:
    kept = hash_password(PASSWORD, SALT)

    def measure(given: str | None) -> float:
        began = time.process_time()
        assert not fits_password("wrong password", given)
        return time.process_time() - began

    known, unknown = (min(measure(given) for _ in range(3)) for given in (kept, None))

    assert 0.5 < unknown / known < 2


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "a" * 40, "abababababababab", "x1" * LONGEST])
def test_a_password_that_is_guessed_at_once_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="password"):
        check_password(password)


def test_several_words_are_a_password() -> None:
    check_password(PASSWORD)
